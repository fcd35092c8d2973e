"""An accuracy table: ROC, precision and recall, gain, lift and calibration out of its counts.

The four columns of its tables are true positives, false positives, true negatives and false
negatives, of one class against all others, at each threshold.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from runs.drawn.checking import Broken, Part

MOST_POINTS = 1000
AVERAGES = ("macro", "micro")
# Where curves of several classes are averaged.
GRID = np.linspace(0, 1, 201)
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Tables:
    """labels: of C classes.   scores: counts by probability, float64 (C, M, 4), thresholds (M,)
    rising.   shares: counts by percentile, (C, K, 4)."""

    labels: list[str]
    scores: np.ndarray
    thresholds: np.ndarray
    shares: np.ndarray


def tables(part: Part) -> Tables:
    """Check the five keys of an accuracy table. Raises Broken."""
    labels = part.labels("class_labels")
    thresholds = part.numbers("probability_thresholds", (None,), least=0)
    percentiles = part.numbers("percentile_thresholds", (None,), least=0)
    for key, found, most in (
        ("probability_thresholds", thresholds, 1), ("percentile_thresholds", percentiles, 100),
    ):  # fmt: skip
        if found.max() > most:
            raise Broken(f'"data.{key}" holds {found.max():g}, above {most}')
    scores = part.numbers("probability_tables", (len(labels), len(thresholds), 4), least=0)
    shares = part.numbers("percentile_tables", (len(labels), len(percentiles), 4), least=0)
    order = np.argsort(thresholds, kind="stable")
    return Tables(labels, scores[:, order], thresholds[order], shares)


def curves(found: Tables, which: str) -> dict[str, Any]:
    """What is drawn of one class (its number as text), or of their average. Raises Broken.

    macro: the mean of the classes' curves, of those that have both positives and negatives.
    micro: the curve of all classes' counts together.   "": the second of two classes, else macro.
    """
    count = len(found.labels)
    which = which or ("1" if count == 2 else AVERAGES[0] if count > 2 else "0")
    if which == "micro":
        scores, shares = found.scores.sum(axis=0), found.shares.sum(axis=0)
        drawn = _of(scores, shares)
    elif which == "macro":
        scores, drawn = found.scores.sum(axis=0), _macro(found)
    elif which.isascii() and which.isdecimal() and int(which) < count:
        scores = found.scores[int(which)]
        drawn = _of(scores, found.shares[int(which)])
    else:
        raise Broken(f'no class "{which[:80]}": macro, micro or a number up to {count - 1}')
    calibration = _calibration(scores, found.thresholds)
    return {"labels": found.labels, "which": which, "calibration": calibration, **drawn}


def _of(scores: np.ndarray, shares: np.ndarray) -> dict[str, Any]:
    """The curves of one table of counts, (M, 4) and (K, 4); with their areas."""
    false, true, auc = _roc(scores)
    recall, precision, average = _precision_recall(scores)
    share, gain = _gain(shares)
    lift = np.divide(gain, share, out=np.full(len(share), np.nan), where=share > 0)
    return {
        "roc": {"x": _thin(false), "y": _thin(true), "area": auc},
        "precision_recall": {"x": _thin(recall), "y": _thin(precision), "area": average},
        "gain": {"x": _thin(share), "y": _thin(gain)},
        "lift": {"x": _thin(share[1:]), "y": _thin(lift[1:])},
        "positives": _prevalence(scores),
    }


def _macro(found: Tables) -> dict[str, Any]:
    known = [
        (scores, shares)
        for scores, shares in zip(found.scores, found.shares, strict=True)
        if scores[0, 0] + scores[0, 3] > 0 and scores[0, 1] + scores[0, 2] > 0
    ]
    if not known:
        raise Broken('"data.probability_tables" has no class with both positives and negatives')
    rocs = [_roc(scores) for scores, _ in known]
    pairs = [_precision_recall(scores) for scores, _ in known]
    gains = [np.interp(GRID, *_gain(shares)) for _, shares in known]
    gain = np.mean(gains, axis=0)
    return {
        "roc": {
            # Each begins with a step up at 0, of which interpolation keeps the upper end alone.
            "x": np.append(0.0, GRID),
            "y": np.append(0.0, np.mean([np.interp(GRID, x, y) for x, y, _ in rocs], axis=0)),
            "area": float(np.mean([auc for *_, auc in rocs])),
        },
        "precision_recall": {
            "x": GRID,
            "y": np.mean([np.interp(GRID, recall, part) for recall, part, _ in pairs], axis=0),
            "area": float(np.mean([average for *_, average in pairs])),
        },
        "gain": {"x": GRID, "y": gain},
        "lift": {"x": GRID[1:], "y": gain[1:] / GRID[1:]},
        "positives": float(np.mean([_prevalence(scores) for scores, _ in known])),
        "averaged": len(known),
    }


def _prevalence(scores: np.ndarray) -> float:
    return float(_share(scores[:, 0] + scores[:, 3], scores.sum(axis=1))[0])


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    share: np.ndarray = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return share


def _roc(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """False and true positive rates, rising, from (0, 0) to (1, 1); the area below."""
    tp, fp, tn, fn = counts.T
    false, true = np.nan_to_num(_share(fp, fp + tn)), np.nan_to_num(_share(tp, tp + fn))
    false, true = _through(false, true, ends=((0, 0), (1, 1)))
    return false, true, float(np.trapezoid(true, false))


def _precision_recall(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Recall, rising, and precision where anything is predicted; the average precision."""
    tp, fp, _, fn = counts.T
    said = tp + fp > 0
    recall, precision = np.nan_to_num(_share(tp, tp + fn))[said], _share(tp, tp + fp)[said]
    if not len(recall):
        return np.zeros(1), np.ones(1), 0.0
    order = np.lexsort((-precision, recall))
    recall, precision = recall[order], precision[order]
    average = float((np.diff(recall, prepend=0.0) * precision).sum())
    return recall, precision, average


def _gain(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which share of all positives is among which share of the samples, the likeliest first."""
    tp, fp, _, fn = counts.T
    share, gain = _share(tp + fp, counts.sum(axis=1)), np.nan_to_num(_share(tp, tp + fn))
    return _through(np.nan_to_num(share), gain, ends=((0, 0), (1, 1)))


def _through(
    x: np.ndarray, y: np.ndarray, *, ends: tuple[tuple[float, float], tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.append(x, [end[0] for end in ends]), np.append(y, [end[1] for end in ends])
    order = np.lexsort((y, x))
    return x[order], y[order]


def _calibration(counts: np.ndarray, thresholds: np.ndarray) -> dict[str, Any]:
    """How often it was true, of samples with a score in each tenth (the middle of it is taken).

    Samples above each threshold are known, so those between two of them are the difference.
    """
    wanted = np.linspace(0, 1, CALIBRATION_BINS + 1)[:-1]
    at = np.unique(np.clip(np.searchsorted(thresholds, wanted), 0, len(thresholds) - 1))
    edges = np.append(thresholds[at], 1.0)
    true = -np.diff(np.append(counts[at, 0], 0.0))
    said = -np.diff(np.append(counts[at, 0] + counts[at, 1], 0.0))
    there = (said > 0) & (true >= 0)
    middles = (edges[:-1] + edges[1:]) / 2
    return {"x": middles[there], "y": (true[there] / said[there]), "counts": said[there]}


def _thin(values: np.ndarray) -> np.ndarray:
    if len(values) <= MOST_POINTS:
        return values
    kept = np.linspace(0, len(values) - 1, MOST_POINTS).round().astype(np.int64)
    thinned: np.ndarray = values[kept]
    return thinned
