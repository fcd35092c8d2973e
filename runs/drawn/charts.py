"""What is drawn of one point of a chart: its file read, checked and made small."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from runs.drawn import accuracy, bins, confusion
from runs.drawn.checking import Broken, Part, content_of
from runs.drawn.files import items
from runs.models import MetricForm, MetricSeries, Run
from studio.errors import NotFound

DRAWN: dict[str, Callable[[Part], dict[str, Any]]] = {
    MetricForm.CONFUSION_MATRIX: confusion.confusion_matrix,
    MetricForm.RESIDUALS: bins.residuals,
    MetricForm.PREDICTIONS: bins.predictions,
}


def chart(run: Run, series: MetricSeries, number: int, which: str = "") -> dict[str, Any]:
    """Point `number` with its file's facts, `drawing` (None: the file is not there, or broken).

    which: of an accuracy table the class, or "macro", "micro".   Raises NotFound for no such point.
    """
    found = items(run, series, number, 1)
    if not found:
        raise NotFound(f'"{series.name}" has {series.count:,} values, none with number {number}')
    item = {**found[0], "drawing": None}
    if item["problem"] or item["size_bytes"] is None:
        return item
    sha256 = run.files.get(path=item["path"]).blob_id
    try:
        item["drawing"] = _drawing(series.form, sha256, item["size_bytes"], which)
    except Broken as error:
        item["problem"] = str(error)
    return item


def _drawing(form: str, sha256: str, size_bytes: int, which: str) -> dict[str, Any]:
    if form == MetricForm.ACCURACY_TABLE:
        return accuracy.curves(_tables(sha256, size_bytes), which)
    return DRAWN[form](content_of(sha256, size_bytes, form))


@lru_cache(maxsize=2)
def _tables(sha256: str, size_bytes: int) -> accuracy.Tables:
    """Read once for the classes that a person looks at one after the other."""
    return accuracy.tables(content_of(sha256, size_bytes, MetricForm.ACCURACY_TABLE))
