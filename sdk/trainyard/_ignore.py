"""Which files of a source folder stay at home: gitignore patterns, as git reads them.

Only the folder's own top-level file counts: `.amlignore` if it exists, else `.gitignore`.
Source of the rules: git's gitignore(5).
"""

import os
import re
from typing import List, NamedTuple, Optional, Pattern, Tuple

FILES = (".amlignore", ".gitignore")

Rule = NamedTuple("Rule", [("regex", Pattern[str]), ("ignores", bool), ("only_folders", bool)])


class Ignore:
    """Rules read from the text of an ignore file.

    matches("a/b.txt") is True when the file, or a folder above it, is ignored. As with git, what
    lies in an ignored folder cannot be called back by a later `!` rule.
    """

    def __init__(self, text: str):
        lines = text.lstrip("\ufeff").split("\n")
        self._rules = [rule for rule in map(_rule, lines) if rule is not None]

    def matches(self, path: str) -> bool:
        """Return whether the file at `path` (relative, with /) is ignored."""
        parts = path.split("/")
        folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any(self.is_ignored(folder, True) for folder in folders) or self.is_ignored(
            path, False
        )

    def is_ignored(self, path: str, is_folder: bool) -> bool:
        """Return what the last matching rule says of this one entry, not of folders above it."""
        for rule in reversed(self._rules):
            if (is_folder or not rule.only_folders) and rule.regex.match(path):
                return rule.ignores
        return False


def of_folder(folder: str) -> Tuple[Optional[str], Ignore]:
    """Return (name of the ignore file that counts or None, its rules)."""
    for name in FILES:
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as f:
                return name, Ignore(f.read())
        except (FileNotFoundError, IsADirectoryError):
            continue
    return None, Ignore("")


def _rule(line: str) -> Optional[Rule]:
    line = _without_trailing_spaces(line[:-1] if line.endswith("\r") else line)
    if not line or line.startswith("#"):
        return None
    ignores = not line.startswith("!")
    if not ignores:
        line = line[1:]
    only_folders = line.endswith("/")
    if only_folders:
        line = line[:-1]
    anchored = "/" in line
    if line.startswith("/"):
        line = line[1:]
    if not line:
        return None
    body = _translate(line)
    if body is None:
        return None
    try:
        return Rule(
            re.compile(("" if anchored else "(?:.*/)?") + body + r"\Z", re.DOTALL),
            ignores,
            only_folders,
        )
    except re.error:
        return None


def _without_trailing_spaces(line: str) -> str:
    """Drop trailing spaces, except one that a backslash keeps."""
    end = len(line)
    while end and line[end - 1] == " ":
        slashes = 0
        while end - 2 - slashes >= 0 and line[end - 2 - slashes] == "\\":
            slashes += 1
        if slashes % 2:
            break
        end -= 1
    return line[:end]


def _translate(pattern: str) -> Optional[str]:
    """Return the regular expression of a pattern without its outer slashes; None: never matches."""
    parts = pattern.split("/")
    out: List[str] = []
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        if part == "**":
            if is_last:
                out.append(".+" if number else ".*")
            else:
                out.append("(?:.*/)?")
            continue
        body = _translate_part(part)
        if body is None:
            return None
        out.append(body)
        if not is_last:
            out.append("/")
    return "".join(out)


def _translate_part(part: str) -> Optional[str]:
    """Translate what stands between two slashes."""
    out: List[str] = []
    at = 0
    while at < len(part):
        character = part[at]
        at += 1
        if character == "*":
            while at < len(part) and part[at] == "*":
                at += 1
            out.append("[^/]*")
        elif character == "?":
            out.append("[^/]")
        elif character == "\\":
            if at == len(part):
                return None
            out.append(re.escape(part[at]))
            at += 1
        elif character == "[":
            end = _end_of_class(part, at)
            if end is None:
                return None
            out.append(_class(part[at:end]))
            at = end + 1
        else:
            out.append(re.escape(character))
    return "".join(out)


def _end_of_class(part: str, at: int) -> Optional[int]:
    """Return where the ] lies that ends the class begun before `at`; None when there is none."""
    if at < len(part) and part[at] in "!^":
        at += 1
    if at < len(part) and part[at] == "]":
        at += 1
    while at < len(part) and part[at] != "]":
        if part.startswith("[:", at) and ":]" in part[at + 2 :]:
            at = part.index(":]", at + 2) + 2
        else:
            at += 2 if part[at] == "\\" else 1
    return at if at < len(part) else None


NAMED = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9A-Fa-f",
    "blank": r" \t",
}


def _class(inside: str) -> str:
    """Translate the inside of [...]; a slash never matches a class."""
    start = ""
    if inside[:1] in ("!", "^"):
        start, inside = "^", inside[1:]
    out: List[str] = []
    at = 0
    while at < len(inside):
        if inside.startswith("[:", at) and ":]" in inside[at:]:
            end = inside.index(":]", at)
            out.append(NAMED.get(inside[at + 2 : end], ""))
            at = end + 2
            continue
        character = inside[at]
        if character == "\\" and at + 1 < len(inside):
            at += 1
            out.append("\\" + inside[at] if not inside[at].isalnum() else inside[at])
        elif character == "-" and 0 < at < len(inside) - 1:
            out.append("-")
        else:
            out.append("\\" + character if character in r"\^[]-&~|" else character)
        at += 1
    return "(?!/)[{}{}]".format(start, "".join(out))
