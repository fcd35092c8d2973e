"""Conda YAML read and written, as far as an environment's packages go.

The standard library has no YAML. What is read here is the form that conda's own files have
(scalars, lists of channels and dependencies with a `pip:` list inside, names of variables); the
studio itself reads the text with a full parser.
"""

import re
from typing import Dict, List

from trainyard import _errors

HEADER = """\
# Conda environment specification: what the environment of a run is made of.

# About the format:
# https://conda.io/docs/user-guide/tasks/manage-environments.html#create-env-file-manually

"""
PYTHON_NOTE = "  # The Python that the packages below are installed for.\n"
NAME = re.compile(r"^[^\s=<>!~;\[@]+")
PLAIN = re.compile(r"^[A-Za-z0-9_./][A-Za-z0-9_./+=<>~!,\[\]-]*$")
# What a YAML reader would take for a number, a truth value or nothing.
NO_TEXT = re.compile(r"^([\d.]+(e\d+)?|true|false|yes|no|on|off|null|~)$", re.IGNORECASE)
# An item of [a, "b, c", d[e,f]]: a comma in quotes or brackets does not end it.
FLOW_ITEM = re.compile(r"""(?:'[^']*'|"[^"]*"|\[[^\]]*\]|[^,\s]|\s(?=\S))+""")
LISTS = ("dependencies", "channels")


class Content:
    """What a conda file says: name, channels, conda and pip requirements, variables."""

    def __init__(self) -> None:
        self.name = ""
        self.channels: List[str] = []
        self.conda: List[str] = []
        self.pip: List[str] = []
        self.variables: Dict[str, str] = {}


def bare(package: str) -> str:
    """Return the name of a conda or pip requirement, in small letters."""
    found = NAME.match(package.split("::")[-1].strip())
    return found.group(0).lower() if found else package


def write(content: Content) -> str:
    """Return the YAML in the order of the v1 SDK: Python, pip's packages, conda's, channels."""
    python = [name for name in content.conda if bare(name) == "python"]
    others = [name for name in content.conda if bare(name) != "python"]
    text = HEADER + "name: {}\ndependencies:\n".format(scalar(content.name))
    if python:
        text += PYTHON_NOTE + "".join("- {}\n".format(scalar(name)) for name in python) + "\n"
    if content.pip:
        text += "- pip:\n" + "".join("  - {}\n".format(scalar(name)) for name in content.pip)
    text += "".join("- {}\n".format(scalar(name)) for name in others)
    if content.variables:
        lines = ("  {}: {}\n".format(key, scalar(content.variables[key])) for key in
                 sorted(content.variables))  # fmt: skip
        text += "variables:\n" + "".join(lines)
    if content.channels:
        text += "channels:\n" + "".join("- {}\n".format(scalar(name)) for name in content.channels)
    return text + "\n"


def read(text: str, source: str) -> Content:
    """Return what conda YAML says. Raises UserErrorException naming the line and the way out."""
    return _Reader(source).read(text)


class _Reader:
    """Reads one text, line by line."""

    def __init__(self, source: str):
        self._source = source
        self._content = Content()
        self._key = ""
        self._pip_indent = -1

    def read(self, text: str) -> Content:
        for number, raw in enumerate(text.splitlines(), 1):
            line = _without_comment(raw)
            stripped = line.strip()
            if not stripped or stripped in ("---", "..."):
                continue
            indent = len(line) - len(line.lstrip(" "))
            if stripped == "-" or stripped.startswith("- "):
                understood = self._item(plain(stripped[1:].strip()), indent)
            elif indent == 0 and ":" in stripped:
                understood = self._begin(stripped)
            elif self._key == "variables" and ":" in stripped:
                name, _, value = stripped.partition(":")
                self._content.variables[plain(name.strip())] = plain(value.strip())
                understood = True
            else:
                understood = self._key not in LISTS
            if not understood:
                raise _errors.UserErrorException(
                    "{}, line {}: {!r} is not understood here; write one package or channel per"
                    ' line, after "- "'.format(self._source, number, raw.strip())
                )
        return self._content

    def _item(self, item: str, indent: int) -> bool:
        if self._key == "channels":
            self._content.channels.append(item)
        elif self._key == "dependencies":
            start = re.match(r"pip\s*:\s*(.*)$", item)
            if start:
                self._pip_indent = indent
                return self._flow(start.group(1), self._content.pip)
            if indent > self._pip_indent >= 0:
                self._content.pip.append(item)
            else:
                self._pip_indent = -1
                self._content.conda.append(item)
        return True

    def _begin(self, stripped: str) -> bool:
        key, _, value = stripped.partition(":")
        self._key, value = plain(key.strip()), value.strip()
        if self._key == "name":
            self._content.name = plain(value)
        elif self._key == "channels":
            return self._flow(value, self._content.channels)
        elif self._key == "dependencies":
            return self._flow(value, self._content.conda)
        return True

    @staticmethod
    def _flow(value: str, into: List[str]) -> bool:
        """Take a list written as [a, b]; False for anything else but nothing at all."""
        if value.startswith("[") and value.endswith("]"):
            into.extend(plain(item.strip()) for item in FLOW_ITEM.findall(value[1:-1]))
            return True
        return not value


def scalar(text: str) -> str:
    """Return text as a YAML scalar, quoted where a reader would take it for something else."""
    if PLAIN.match(text) and not NO_TEXT.match(text):
        return text
    return "'{}'".format(text.replace("'", "''"))


def plain(text: str) -> str:
    """Return a YAML scalar's text, without its quotes."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]
    return text


def _without_comment(line: str) -> str:
    found = re.search(r"(^|\s)#", line)
    return line[: found.start()].rstrip() if found else line.rstrip()
