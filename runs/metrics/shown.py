"""Values as JSON carries them: numbers, and NaN and ±Inf as words."""

import math
from typing import Any

import numpy as np

from runs.metrics.batches import TEXTS
from runs.models import MetricKind


def shown(values: Any) -> list[Any]:
    """Values as JSON carries them: NaN and ±Inf as strings."""
    if isinstance(values, list):
        return values
    listed: list[Any] = values.tolist()
    if np.isfinite(values).all():
        return listed
    return [value if math.isfinite(value) else word(value) for value in listed]


def word(value: float) -> str:
    """ "NaN", "Infinity" or "-Infinity"."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def values_of(kind: str, values: Any) -> Any:
    """Values in their own kind: whole numbers as int, truth values as bool; an array or a list."""
    if kind in TEXTS or not np.isfinite(values).all():
        return shown(values)
    if kind == MetricKind.BOOL:
        return values.astype(bool)
    if kind == MetricKind.INT and np.abs(values).max(initial=0) < 2**63:
        return values.astype(np.int64)
    return values
