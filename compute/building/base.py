"""What `compute.images` asks of a builder, whichever kind of image it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from compute.building.faults import BuildFault

__all__ = ["BuildFault", "Builder", "BuilderKilled", "Made", "Steps"]


class BuilderKilled(Exception):
    """The builder was killed before it could say how it ended: another attempt may do."""


@dataclass(frozen=True)
class Made:
    """A finished image: where it is and what making it took.

    place: the folder, or for Docker the tag.   python: its interpreter as a task calls it.
    size_bytes: what its files or layers hold.   seconds: how long making it took, the first time.
    built_at: ISO 8601, UTC.   reused: it was there already, made by an earlier build.
    dockerfile: the text Docker built it from, "" for a folder.
    """

    place: str
    python: str
    size_bytes: int
    seconds: float
    packages: int
    built_at: str
    reused: bool
    dockerfile: str = ""


@dataclass(frozen=True)
class Steps:
    """How one build speaks to whoever asked for it, and how long it may take altogether.

    on_output gets the log's bytes as they come, at most ten times a second. on_progress gets what
    the builder does now in words, at most twice a second, "" when a step is over. on_tick is called
    as often as output is looked for, whether there is some or not. What any of them raises ends
    the build's processes. may_build: whether packages may run code of their own on this machine.
    """

    on_output: Callable[[bytes], None]
    on_tick: Callable[[], None]
    on_progress: Callable[[str], None]
    seconds: float
    may_build: bool = True


class Builder(Protocol):
    """Makes images of one kind. A new object for each build, made as `Kind(steps)`.

    version is part of every image's digest: it changes when the same lock is built differently.
    """

    version: str

    def solve(self, recipe: dict[str, Any], prefer: str) -> str:
        """Return the lock of `recipe`. Raises BuildFault when the recipe is at fault.

        prefer: the lock of the same recipe made for the other kind, "" when there is none; its
        packages win wherever they fit, so that the two agree.
        """
        ...

    def install(self, recipe: dict[str, Any], lock: str, digest: str) -> Made:
        """Make the image `digest` from `lock`, or find it whole. Raises BuildFault."""
        ...
