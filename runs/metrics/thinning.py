"""What a chart keeps of many points: of each bin the least, the greatest, and what is no number.

Bins count points from the first of the series and are powers of two long. So what was kept does not
move when points arrive or the reader pans; twice the bin keeps a part of what the bin kept; and
thinning twice is thinning once: `thin(thin(p, 256), 4096) == thin(p, 4096)`, which lets a page of
points be thinned when it is full, and charts of any size be made of that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Points:
    """Points with their numbers: numbers, steps int64 (n,), times, values float64 (n,)."""

    numbers: np.ndarray
    steps: np.ndarray
    times: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, where: Any) -> "Points":
        """Those at indices, of a mask, or in a slice."""
        return Points(self.numbers[where], self.steps[where], self.times[where], self.values[where])

    def tobytes(self) -> bytes:
        """All columns, one after the other."""
        columns = (self.numbers, self.steps, self.times, self.values)
        return b"".join(column.tobytes() for column in columns)


def from_bytes(packed: bytes) -> Points:
    """Read what `tobytes` wrote."""
    count = len(packed) // 32
    numbers, steps = np.frombuffer(packed, dtype=np.int64, count=2 * count).reshape(2, count)
    times, values = np.frombuffer(packed, dtype=np.float64, offset=16 * count).reshape(2, count)
    return Points(numbers, steps, times, values)


def joined(parts: list[Points]) -> Points:
    """All points of `parts`, one part after the other."""
    if not parts:
        none = np.zeros(0)
        return Points(none.astype(np.int64), none.astype(np.int64), none, none)
    if len(parts) == 1:
        return parts[0]
    return Points(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


def bin_for(count: int, most: int) -> int:
    """How long bins are, so that of `count` points about `most` are drawn; 1: every one.

    most: 0 for all. A bin has two points, so fewer than two cannot be had.
    """
    length = 1
    if most and count > most:
        length = 2
        while 2 * -(-count // length) > max(most, 2):
            length *= 2
    return length


def thin(points: Points, length: int) -> Points:
    """Keep of each bin of `length` points the first least and greatest finite value, and the first
    NaN, +Inf and −Inf.

    points: in the order of their numbers.
    """
    if length <= 2 or not len(points):
        return points
    values = points.values
    bins = points.numbers // length
    starts = np.flatnonzero(np.concatenate([[True], bins[1:] != bins[:-1]]))
    which = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(bins))))
    finite = np.isfinite(values)
    chosen = np.zeros(len(values), dtype=bool)
    low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    for mask in (
        finite & (low == np.minimum.reduceat(low, starts)[which]),
        finite & (high == np.maximum.reduceat(high, starts)[which]),
    ):
        chosen[_firsts(mask, which)] = True
    if not finite.all():
        for mask in (np.isnan(values), values == np.inf, values == -np.inf):
            chosen[_firsts(mask, which)] = True
    return points.at(chosen)


def thin_with_ends(points: Points, length: int) -> Points:
    """As `thin`, and the first and last of `points` in any case: there a line begins and ends."""
    thinned = thin(points, length)
    if len(thinned) == len(points):
        return thinned
    ends = points.at([0, -1])
    lacking = ends.at(~np.isin(ends.numbers, thinned.numbers))
    first = lacking.numbers < thinned.numbers[0]
    return joined([lacking.at(first), thinned, lacking.at(~first)])


def _firsts(mask: np.ndarray, which: np.ndarray) -> np.ndarray:
    """The first index of each bin where `mask` is true."""
    where = np.flatnonzero(mask)
    bins = which[where]
    return where[np.concatenate([[True], bins[1:] != bins[:-1]])] if len(where) else where
