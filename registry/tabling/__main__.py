"""`python -m registry.tabling`: one JSON request on standard input, one JSON answer out.

Request: {"do": "page" | "profile", "files": [{"path", "name"}], "reading", …}, and its limits.
Answer: {"answer": …} or {"error": words for people}.
"""

import json
import os
import sys
from typing import Any

from registry.limits import limit
from registry.tabling import answers


def main() -> None:
    """Answer, and end at once: the readers' threads are not waited for."""
    request: dict[str, Any] = json.load(sys.stdin)
    limit(request["memory_bytes"], request["cpu_seconds"])
    sys.stdout.write(json.dumps(answers.answer(request), allow_nan=False))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
