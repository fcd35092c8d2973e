"""One figure, beside what the machine can do at best in the same minute."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`value` of the studio and `bare`, the limit without it, in the same unit.

    target: the design's, as text.   more: what else is worth saying.
    """

    what: str
    value: float
    bare: float
    unit: str
    bare_is: str
    target: str = ""
    more: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.bare if self.bare else float("nan")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(figures: Sequence[Figure]) -> str:
    """All figures as aligned text, then a note for each."""
    rows = [("what", "studio", "bare", "ratio", "target")]
    for figure in figures:
        value, bare = (f"{_number(n)} {figure.unit}" for n in (figure.value, figure.bare))
        rows.append((figure.what, value, bare, f"{figure.ratio:.2f}", figure.target))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    notes = [
        f"{figure.what}: bare is {figure.bare_is}" + (f"; {figure.more}" if figure.more else "")
        for figure in figures
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:], "", *notes])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
