"""Patterns of paths: * and ? stay within one name, ** goes over folders, **/ over none or some."""

import re
from typing import List

NAME, ONE, ANY, FOLDERS = "*", "?", "**", "**/"
PIECES = re.compile(r"(\*\*/|\*\*|\*|\?)")


class Glob:
    """A pattern of paths that are relative, with / between their names.

    Nothing is tried twice: piece by piece of the pattern it is noted where in the path it may end.
    A regular expression of several stars would take minutes for a name that almost fits.
    """

    def __init__(self, pattern: str):
        self._pieces = [piece for piece in PIECES.split(pattern.lstrip("/")) if piece]

    def match(self, path: str) -> bool:
        """Return whether the pattern names this path, the whole of it."""
        ends = [0]
        for piece in self._pieces:
            ends = _ends(piece, path, ends)
            if not ends:
                return False
        return ends[-1] == len(path)


def _ends(piece: str, path: str, starts: List[int]) -> List[int]:
    """Return where a piece of a pattern may end that begins at one of `starts`: both ascending."""
    size = len(path)
    if piece == NAME:
        return _ends_of_names(path, starts)
    if piece == ANY:
        return list(range(starts[0], size + 1))
    if piece == ONE:
        return [at + 1 for at in starts if at < size and path[at] != "/"]
    if piece == FOLDERS:
        below = [at + 1 for at in range(starts[0], size) if path[at] == "/"]
        return sorted(set(starts + below))
    return [at + len(piece) for at in starts if path.startswith(piece, at)]


def _ends_of_names(path: str, starts: List[int]) -> List[int]:
    found: List[int] = []
    for at in starts:
        if not found or at > found[-1]:
            end = path.find("/", at)
            found += range(at, (len(path) if end < 0 else end) + 1)
    return found
