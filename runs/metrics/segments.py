"""Rows of packed points as arrays."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from runs.metrics.thinning import Points
from runs.models import MetricSegment


def points_of(rows: Sequence[MetricSegment]) -> Points:
    """Points of segments of numbers, in the order of `rows`, with their numbers."""
    counts = np.array([row.count for row in rows], dtype=np.int64)
    firsts = np.array([row.first for row in rows], dtype=np.int64)
    # The number of each point: that of its segment's first, and how far it is from there.
    ahead = np.cumsum(counts) - counts
    numbers = np.arange(int(counts.sum())) + np.repeat(firsts - ahead, counts)
    steps, times = steps_and_times(rows)
    return Points(numbers, steps, times, _column(rows, "values", np.float64))


def steps_and_times(rows: Sequence[MetricSegment]) -> tuple[np.ndarray, np.ndarray]:
    """Steps int64 (n,) and wall times float64 (n,) of segments of any kind."""
    return _column(rows, "steps", np.int64), _column(rows, "times", np.float64)


def texts_of(rows: Sequence[MetricSegment]) -> list[str]:
    """Values of segments of text."""
    return [value for row in rows for value in json.loads(bytes(row.values))]


def _column(rows: Sequence[MetricSegment], name: str, kind: Any) -> np.ndarray:
    return np.frombuffer(b"".join(getattr(row, name) for row in rows), dtype=kind)
