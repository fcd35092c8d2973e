"""Residuals as a histogram; predictions as means of bins of true values."""

from typing import Any

import numpy as np

from runs.drawn.checking import Broken, Part, rising

# More bars than that are thinner than a pixel.
MOST_BARS = 1000
MOST_BINS = 10_000


def residuals(part: Part) -> dict[str, Any]:
    """Check "bin_edges" [n+1], rising, and "bin_counts" [n]. Raises Broken.

    Returns edges and counts, neighbours joined where there are more than MOST_BARS, the total, and
    mean and standard deviation as the middles of the bins give them.
    """
    counts = part.numbers("bin_counts", (None,), least=0)
    edges = rising("bin_edges", part.numbers("bin_edges", (len(counts) + 1,)))
    total = counts.sum()
    middles = (edges[:-1] + edges[1:]) / 2
    mean = float((middles * counts).sum() / total) if total else None
    variance = (counts * (middles - mean) ** 2).sum() / total if mean is not None else None
    together = -(-len(counts) // MOST_BARS)
    return {
        "edges": np.append(edges[:-1:together], edges[-1]),
        "counts": np.add.reduceat(counts, np.arange(0, len(counts), together)),
        "total": float(total),
        "mean": mean,
        "deviation": None if variance is None else float(np.sqrt(variance)),
    }


def predictions(part: Part) -> dict[str, Any]:
    """Check "bin_averages", "bin_errors", "bin_counts" [n] and "bin_edges" [n+1]. Raises Broken.

    Averages and errors may be null or NaN where the bin's count is 0. Returns for each bin the
    middle of its true values, the mean prediction, its error and its count; and the edges.
    """
    counts = part.numbers("bin_counts", (None,), least=0)
    if len(counts) > MOST_BINS:
        raise Broken(f'"data.bin_counts" has {len(counts):,} bins; up to {MOST_BINS:,} are drawn')
    edges = rising("bin_edges", part.numbers("bin_edges", (len(counts) + 1,)))
    found = {}
    for key in ("bin_averages", "bin_errors"):
        found[key] = part.numbers_or_none(key, len(counts))
        if np.isnan(found[key][counts > 0]).any():
            raise Broken(f'"data.{key}" has no number for a bin whose count is not 0')
    if (found["bin_errors"] < 0).any():
        raise Broken('"data.bin_errors" holds a number below 0')
    empty = counts == 0
    return {
        "edges": edges,
        "true": (edges[:-1] + edges[1:]) / 2,
        "predicted": np.where(empty, np.nan, found["bin_averages"]),
        "errors": np.where(empty, np.nan, found["bin_errors"]),
        "counts": counts,
        "total": float(counts.sum()),
    }
