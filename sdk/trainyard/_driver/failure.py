"""Why a script failed, read from the end of what it printed."""

import errno
import os
import re
from typing import Dict, List, Optional, Tuple

from trainyard._driver.logs import last_lines

READ_BYTES = 64 * 1024
KEPT_CHARACTERS = 4096
MOST_MESSAGE = 1000
MOST_LAST_LINE = 300
# An exception's text may go on after its first line, with where in C++ it came from.
MOST_AFTER = 60
HEAD = "Traceback (most recent call last):"
# A SyntaxError of the script itself is printed without the heading.
PLACE = re.compile(r'^  File ".*", line \d+')
# torch.distributed puts the rank before every line of it.
OF_RANK = re.compile(r"^\[rank\d+\]: ?")
# sys.exit("words") ends with the first, argparse with the second: both explain themselves before.
EXPLAINED = (1, 2)
# What is said by those who only lost somebody else: gloo, NCCL, sockets.
OF_A_PEER = re.compile(r"by (remote )?peer|remote (worker|process)|broken pipe", re.IGNORECASE)
LAST = re.compile(r"^[A-Za-z_][\w.]*(:.*)?$")


def of_log(place: str) -> Optional[Dict[str, str]]:
    """Return type, message (the traceback's last line) and traceback of a Python error.

    None when the end of the log shows no traceback.
    """
    lines, number = _traceback(place)
    if not lines:
        return None
    line = lines[number]
    if line.endswith(":") and lines[number + 1 :]:
        # The v1 SDK's exceptions say what they mean on the line after their name.
        line = line + " " + lines[number + 1].strip()
    return {
        "type": re.split(r"[:\s]", line)[0],
        "message": line[:MOST_MESSAGE],
        "traceback": "\n".join(lines).strip("\n")[-KEPT_CHARACTERS:],
    }


def are_last_words(place: str) -> bool:
    """Whether a log ends with a traceback, as that of a process does which is about to go."""
    lines, number = _traceback(place)
    return bool(lines) and len(lines) - number <= MOST_AFTER


def is_of_a_peer(place: str) -> bool:
    """Whether a log's traceback says that it was another process that went away."""
    error = of_log(place)
    return error is not None and OF_A_PEER.search(error["message"]) is not None


def _traceback(place: str) -> Tuple[List[str], int]:
    """Return the lines from the last traceback on, and which is its last: ([], 0) without one."""
    text, _ = last_lines(place, READ_BYTES)
    lines = [OF_RANK.sub("", line) for line in text.replace("\r\n", "\n").split("\n")]
    start = _start(lines)
    if start is None:
        return [], 0
    lines = lines[start:]
    for number, line in enumerate(lines[1:], 1):
        if LAST.match(line):
            return lines, number
    return [], 0


def _start(lines: List[str]) -> Optional[int]:
    heads = [number for number, line in enumerate(lines) if line.strip(" +|") == HEAD]
    if heads:
        return heads[-1]
    places = [number for number, line in enumerate(lines) if PLACE.match(line)]
    return places[-1] if places else None


def of_last_line(place: str, exit_code: int, printed_from: int = 0) -> Optional[Dict[str, str]]:
    """Return an error that quotes the last line of a log; None where that would explain nothing.

    What sys.exit("words") prints and what the script printed itself stand in one file, and look
    the same: so it is only called the last line. printed_from: the size of the log before that.
    """
    text, size = last_lines(place, READ_BYTES)
    lines = text.strip().splitlines()
    if exit_code not in EXPLAINED or not lines or size <= printed_from:
        return None
    words = "exit code {}; the last line of its log: {}".format(
        exit_code, lines[-1].strip()[:MOST_LAST_LINE]
    )
    return {"type": "ScriptFailed", "message": words}


# A disk with less than this has no room for a line and what belongs to it.
NO_ROOM_BYTES = 64 * 1024
NO_SPACE = "[Errno {}]".format(errno.ENOSPC)


def of_full_disk(folder: str, error: Optional[Dict[str, str]]) -> Optional[Dict[str, str]]:
    """Return the error of a script that failed because there was no room; None where there was.

    A disk that is full keeps the script from saying so: its own last words had no room either.
    """
    said = (error or {}).get("message", "")
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    if disk.f_bavail * disk.f_frsize < NO_ROOM_BYTES:
        size = disk.f_blocks * disk.f_frsize / 2.0**20
        why = "the disk is full on which the run works ({:,.0f} MiB)".format(size)
    elif NO_SPACE in said:
        why = "a disk is full on which the script wrote"
    else:
        return None
    has_traceback = "traceback" in (error or {})
    message = "{}: {}".format(why, said) if has_traceback else why
    return dict(error or {}, type="DiskFull", message=message)
