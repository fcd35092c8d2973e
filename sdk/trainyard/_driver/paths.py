"""Paths between a run's folder and the studio: which are safe, and what lies below a folder."""

import os
import stat
from typing import Callable, Iterator, Optional, Tuple

MOST_CHARACTERS = 1000
CLOSED = "it may not be read: permission denied"


def trouble_with(path: str) -> Optional[str]:
    """Say why `path` (relative, with /) cannot be kept or laid out; None when it can."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts):
        return 'it must be relative, without empty parts, "." or ".."'
    if "\\" in path or (len(path) > 1 and path[1] == ":"):
        return "it must have / between its parts, and no drive"
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        return "it holds a control character"
    if any(0xD800 <= ord(character) <= 0xDFFF for character in path):
        return "its name is not valid UTF-8"
    if len(path) > MOST_CHARACTERS:
        return "it is longer than {} characters".format(MOST_CHARACTERS)
    return None


def walk(
    folder: str,
    refuse: Callable[[str, str], None],
    prefix: str = "",
    inside: str = "",
    *,
    unread: Callable[[str, str], None] = lambda path, why: None,
) -> Iterator[Tuple[str, str, os.stat_result]]:
    """Yield (relative path, place, status) of the regular files below `folder`.

    A link to a file counts as the file where that lies beside or below `folder`, in the run's own
    code; refuse(path, why) is called for one that leaves it, so that nobody's other files become a
    run's. A link to a folder is not followed, against loops. unread(path, why) is called for what
    may not be looked at: a folder (its path ends with /), or what lies in one.
    """
    inside = inside or os.path.realpath(os.path.dirname(os.path.abspath(folder)))
    # Once for a folder, and of links: for each of a hundred thousand files it would take seconds.
    is_own = _is_below(folder, inside)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if isinstance(error, PermissionError):
            unread(prefix or "./", CLOSED)
        return
    for entry in entries:
        path = prefix + entry.name
        try:
            if entry.is_dir(follow_symlinks=False):
                for found in walk(entry.path, refuse, path + "/", inside, unread=unread):
                    yield found
                continue
            status = os.stat(entry.path)
            is_inside = _is_below(entry.path, inside) if entry.is_symlink() else is_own
        except OSError as error:
            if isinstance(error, PermissionError) and not entry.is_symlink():
                unread(path, CLOSED)
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        if is_inside:
            yield path, entry.path, status
        else:
            refuse(path, "it is a link that leaves the run's folder")


def _is_below(place: str, folder: str) -> bool:
    return os.path.realpath(place).startswith(folder + os.sep)
