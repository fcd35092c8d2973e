"""Why a script failed, read from the end of what it printed."""

import re
from typing import Dict, List, Optional

from trainyard._driver.logs import last_lines

READ_BYTES = 64 * 1024
KEPT_CHARACTERS = 4096
MOST_MESSAGE = 1000
HEAD = "Traceback (most recent call last):"
# A SyntaxError of the script itself is printed without the heading.
PLACE = re.compile(r'^  File ".*", line \d+')
LAST = re.compile(r"^([A-Za-z_][\w.]*)(?::\s?(.*))?$")


def of_log(place: str) -> Optional[Dict[str, str]]:
    """Return type, message (the traceback's last line) and traceback of a Python error.

    None when the end of the log shows no traceback.
    """
    text, _ = last_lines(place, READ_BYTES)
    lines = text.replace("\r\n", "\n").split("\n")
    start = _start(lines)
    if start is None:
        return None
    for number in range(start + 1, len(lines)):
        line = lines[number]
        found = LAST.match(line)
        if found and not line.startswith(" "):
            traceback = "\n".join(lines[start:]).strip("\n")
            if line.endswith(":") and lines[number + 1 :]:
                # The v1 SDK's exceptions say what they mean on the line after their name.
                line = line + " " + lines[number + 1].strip()
            return {
                "type": found.group(1),
                "message": line[:MOST_MESSAGE],
                "traceback": traceback[-KEPT_CHARACTERS:],
            }
    return None


def _start(lines: List[str]) -> Optional[int]:
    heads = [number for number, line in enumerate(lines) if line.strip(" +|") == HEAD]
    if heads:
        return heads[-1]
    places = [number for number, line in enumerate(lines) if PLACE.match(line)]
    return places[-1] if places else None
