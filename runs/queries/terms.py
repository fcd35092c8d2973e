"""A query as data: what was asked, before anybody knows which names there are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One name or value as it was typed, and where. is_quoted: it stood in quotes."""

    text: str
    start: int
    end: int
    is_quoted: bool = False
    is_ago: bool = False


@dataclass(frozen=True)
class Compare:
    """left operator right, as typed; which of the two is the field is seen later."""

    left: Word
    operator: str
    right: Word


@dataclass(frozen=True)
class Between:
    """low < field <= high, with either operator pointing the same way."""

    low: Word
    first: str
    field: Word
    second: str
    high: Word


@dataclass(frozen=True)
class OneOf:
    field: Word
    values: tuple[Word, ...]


@dataclass(frozen=True)
class Has:
    """The run has this metric, parameter, tag or fact."""

    field: Word


@dataclass(frozen=True)
class IsNan:
    """The metric was NaN or infinite at some time."""

    field: Word


@dataclass(frozen=True)
class Named:
    """Every one of these words is in the run's name."""

    words: tuple[Word, ...]


@dataclass(frozen=True)
class Not:
    part: "Node"


@dataclass(frozen=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Some:
    parts: tuple["Node", ...]


Node = Compare | Between | OneOf | Has | IsNan | Named | Not | All | Some


def depth_of(node: Node) -> int:
    """How many not, and, or stand within each other."""
    if isinstance(node, Not):
        return 1 + depth_of(node.part)
    if isinstance(node, All | Some):
        return 1 + max(map(depth_of, node.parts))
    return 1
