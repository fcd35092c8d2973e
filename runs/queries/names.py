"""How a column is called in queries and addresses: `metrics.loss.min`, `params."my rate"`."""

import re
from dataclasses import dataclass
from typing import Literal

Part = Literal["", "last", "min", "max"]
PREFIXES = {
    "metric": "metric", "metrics": "metric",
    "param": "param", "params": "param", "parameter": "param", "parameters": "param",
    "tag": "tag", "tags": "tag",
}  # fmt: skip
WRITTEN = {"metric": "metrics", "param": "params", "tag": "tags"}
PARTS: tuple[Part, ...] = ("last", "min", "max")
# Such names stand bare: no space, no quote, nothing that the language or an address's list uses.
BARE = re.compile(r"[\w/.+\-]+")
_QUOTED = re.compile(r'([a-z]+)\."((?:[^"\\]|\\.)*)"(?:\.([a-z]+))?', re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Fact:
    """A run's own fact: how it is called, where it is kept, and what it is.

    kind: "text", "int", "seconds", "time" or "state".
    """

    title: str
    lookup: str
    kind: str
    is_nullable: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in ("int", "seconds")


FACTS = {
    "name": Fact("Name", "name", "text"),
    "state": Fact("State", "state", "state"),
    "number": Fact("Number", "number", "int"),
    "duration": Fact("Duration", "duration_s", "seconds", is_nullable=True),
    "submitted": Fact("Submitted", "created_at", "time"),
    "started": Fact("Started", "started_at", "time", is_nullable=True),
    "by": Fact("By", "created_by__username", "text"),
    "cluster": Fact("Cluster", "cluster__name", "text"),
    "environment": Fact("Environment", "environment_name", "text"),
    "script": Fact("Script", "script", "text"),
}


@dataclass(frozen=True)
class Key:
    """A column: an own fact ("own"), a metric's last, min or max, a parameter or a tag."""

    kind: str
    name: str
    part: Part = ""

    def __str__(self) -> str:
        return key_of(self.kind, self.name, self.part)


def key_of(kind: str, name: str, part: str = "") -> str:
    """Return the column's key, quoted where its name needs it. The last value is the usual part."""
    if kind == "own":
        return name
    looks_like_part = name.rpartition(".")[2].lower() in PARTS and "." in name
    if not BARE.fullmatch(name) or looks_like_part:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{WRITTEN[kind]}.{name}" + (f".{part}" if part in ("min", "max") else "")


def split_key(text: str) -> Key | None:
    """Return what `text` names: an own fact, metrics.…, params.… or tags.…; None for neither."""
    if text.lower() in FACTS:
        return Key("own", text.lower())
    if match := _QUOTED.fullmatch(text):
        prefix, name, part = match[1], unescaped(match[2]), (match[3] or "").lower()
    else:
        prefix, _, name = text.partition(".")
        bare, _, last = name.rpartition(".")
        part = last.lower() if bare and last.lower() in PARTS else ""
        if part and PREFIXES.get(prefix.lower()) == "metric":
            name = bare
        else:
            part = ""
    kind = PREFIXES.get(prefix.lower())
    if kind is None or not name or (part and (kind != "metric" or part not in PARTS)):
        return None
    if kind != "metric":
        return Key(kind, name)
    return Key(kind, name, "min" if part == "min" else "max" if part == "max" else "last")


def unescaped(text: str) -> str:
    """The inside of a quoted text as it was meant."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
