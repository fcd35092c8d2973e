"""`python -m registry.tabling`: one JSON request on standard input, one JSON answer out.

Request: {"do": "page" | "profile", "files": [{"path", "name"}], "reading", …}, and its limits.
Answer: {"answer": …} or {"error": words for people}.
"""

import json
import os
import resource
import sys
from typing import Any

from registry.tabling import answers


def limit(memory_bytes: int, seconds: int) -> None:
    """Take no more memory or processor time than this, write no file, leave no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer, and end at once: the readers' threads are not waited for."""
    request: dict[str, Any] = json.load(sys.stdin)
    limit(request["memory_bytes"], request["cpu_seconds"])
    sys.stdout.write(json.dumps(answers.answer(request), allow_nan=False))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
