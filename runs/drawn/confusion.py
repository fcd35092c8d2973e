"""A confusion matrix: counts, and how well each class is found."""

from typing import Any

import numpy as np

from runs.drawn.checking import Broken, Part

# More are neither told apart on a screen nor drawn in time; the figures per class are there.
MOST_CLASSES = 1000


def confusion_matrix(part: Part) -> dict[str, Any]:
    """Check "class_labels" [n] and "matrix" [n][n] (rows: true, columns: predicted). Raises Broken.

    Returns labels, matrix (None above MOST_CLASSES), and per class precision, recall, f1 (NaN where
    it has no meaning: nothing predicted, nothing there) and support; accuracy; the macro averages.
    """
    labels = part.labels("class_labels")
    matrix = part.numbers("matrix", (None, None), least=0)
    if matrix.shape != (len(labels), len(labels)):
        rows, columns = matrix.shape
        raise Broken(
            f'"data.matrix" is {rows:,} × {columns:,}, but "data.class_labels" names'
            f" {len(labels):,} classes"
        )
    right, true, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    whole = matrix.astype(np.int64) if (matrix == np.floor(matrix)).all() else matrix
    classes = {
        "precision": _ratio(right, predicted),
        "recall": _ratio(right, true),
        "f1": _ratio(2 * right, true + predicted),
        "support": true,
    }
    return {
        "labels": labels,
        "matrix": whole if len(labels) <= MOST_CLASSES else None,
        "classes": classes,
        "total": float(matrix.sum()),
        "accuracy": float(_ratio(right.sum(), matrix.sum())),
        "macro": {name: _mean(classes[name]) for name in ("precision", "recall", "f1")},
    }


def _ratio(above: Any, below: Any) -> np.ndarray:
    below = np.asarray(below, dtype=np.float64)
    ratio: np.ndarray = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return ratio


def _mean(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
