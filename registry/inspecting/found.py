"""What is found inside a file."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from registry.inspecting.reading import Unreadable

MOST_TENSORS = 100_000
MOST_DIMENSIONS = 64
MOST_NAME_CHARACTERS = 500
LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array: its dtype as its format writes it, and what is odd about it, in words.

    shape: a text stands for a dimension that is named and not yet known ("batch").
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    size_bytes: int | None = None
    remark: str = ""

    @property
    def count(self) -> int:
        """How many numbers it holds; 0 where a dimension is not known."""
        sizes = [size for size in self.shape if isinstance(size, int)]
        return math.prod(sizes) if len(sizes) == len(self.shape) else 0

    @property
    def dimensions(self) -> str:
        """Its shape as people write it: "64 × 3 × 7 × 7", "scalar"."""
        return " × ".join(str(size) for size in self.shape) or "scalar"


@dataclass(frozen=True, slots=True)
class Table:
    """Something else that is listed: the inputs of a graph, layers, the modules of a pickle."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    more: int = 0


@dataclass(slots=True)
class Inside:
    """What a file holds.

    format: its kind, in words.   facts: what it says of itself.   warning: what loading it could
    do.   problem: why nothing, or not all, could be read.
    """

    format: str
    tensors: list[Tensor] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    warning: str = ""
    problem: str = ""

    @property
    def parameter_count(self) -> int:
        """How many numbers all arrays hold together."""
        return sum(tensor.count for tensor in self.tensors)

    @property
    def size_bytes(self) -> int:
        return sum(tensor.size_bytes or 0 for tensor in self.tensors)

    @property
    def dtypes(self) -> list[tuple[str, int]]:
        """Each dtype and how many numbers are of it, the most first."""
        counted: Counter[str] = Counter()
        for tensor in self.tensors:
            counted[tensor.dtype] += tensor.count
        return counted.most_common()


def shape_of(sizes: object, name: str) -> tuple[int, ...]:
    """Return a shape read from a file. Raises Unreadable for what is none, or absurd."""
    if not isinstance(sizes, list | tuple) or len(sizes) > MOST_DIMENSIONS:
        raise Unreadable(f"{shown(name)} has a shape that is none")
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < LARGEST:
            raise Unreadable(f"{shown(name)} has a shape that is none")
    if math.prod(sizes) >= LARGEST:
        raise Unreadable(f"{shown(name)} says it is larger than any file: {str(sizes)[:80]}")
    return tuple(sizes)


def shown(name: str) -> str:
    """A name out of a file, such as every page and database keeps."""
    clean = "".join(c if c.isprintable() else "\ufffd" for c in name[:MOST_NAME_CHARACTERS])
    return clean + ("…" if len(name) > MOST_NAME_CHARACTERS else "")
