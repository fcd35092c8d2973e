"""Lines of a spool file as a batch of series, and a batch as the bytes that the studio takes.

A packed batch is a line of JSON, {"writer", "sequence", "series": [{"name", "kind", "form",
"count"[, "values" of texts]}]}, and then for each series its steps (int64), times and, of numbers,
values (float64), little-endian. An older studio takes JSON alone: all columns in it.
"""

import json
import sys
from array import array
from typing import Any, Dict, List, Tuple

KINDS = {b"f": "float", b"i": "int", b"b": "bool", b"t": "text", b"j": "json"}
SCALAR = "scalar"
OF_FILES = ("image", "confusion_matrix", "accuracy_table", "residuals", "predictions")
FORMS = (SCALAR, "list", "table") + OF_FILES
TEXTS = ("text", "json")
HEADS_KEPT = 20000


class Series:
    """Points of one name, kind and form. values: an array of numbers, or a list of texts."""

    def __init__(self, name: str, kind: str, form: str):
        self.name = name
        self.kind = kind
        self.form = form
        self.steps = array("q")
        self.times = array("d")
        self.values: Any = [] if self.is_text else array("d")

    @property
    def is_text(self) -> bool:
        """Whether its values are texts, names of pictures and files among them."""
        return self.kind in TEXTS

    @property
    def what(self) -> str:
        """Say of what sort the values are; one name may have those of one sort only."""
        sort = self.kind if self.is_text else "number"
        return sort if self.form == SCALAR else "{} ({})".format(self.form, sort)


class Lines:
    """Reads lines. malformed: those of the last call that are no points."""

    def __init__(self) -> None:
        # A name that is met again is not decoded again.
        self._heads: Dict[bytes, Tuple[str, str, str]] = {}
        self.malformed: List[bytes] = []

    def read(self, lines: List[bytes], most: int) -> Tuple[List[Series], int]:
        """Return (series, how many lines they are of): as many lines as hold at most `most` series.

        One series for each name and sort, in the order they began. Numbers of two kinds are
        floats.
        """
        self.malformed = []
        by_head: Dict[bytes, Any] = {}
        by_sort: Dict[Any, Series] = {}
        get, whole, number, loads = by_head.get, int, float, json.loads
        for at, line in enumerate(lines):
            try:
                kind, step, time, value, name = line.split(b"\t")
                columns = get(kind + name)
                if columns is None:
                    series = self._series(by_sort, kind, name)
                    if len(by_sort) > most:
                        return [one for one in by_sort.values() if one is not series], at
                    columns = series.steps, series.times, series.values, series.is_text
                    by_head[kind + name] = columns
                # All are read before one is kept; but a step has 64 bits, which its column checks.
                a_step, a_time = whole(step), number(time)
                a_value = loads(value.decode("ascii")) if columns[3] else number(value)
                columns[0].append(a_step)
                columns[1].append(a_time)
                columns[2].append(a_value)
            except (ValueError, KeyError, OverflowError):
                if line:
                    self.malformed.append(line)
        return [one for one in by_sort.values() if len(one.steps)], len(lines)

    def _series(self, by_sort: Dict[Any, Series], kind: bytes, name: bytes) -> Series:
        """Return the series that points with this head belong to; a new one, or the one begun."""
        head = self._heads.get(kind + name)
        if head is None:
            letter, _, form = kind.partition(b":")
            said = form.decode("ascii") or SCALAR
            if said not in FORMS:
                raise ValueError("no form of a metric: " + said)
            head = str(json.loads(name.decode("ascii"))), KINDS[letter], said
            if len(self._heads) >= HEADS_KEPT:
                self._heads.clear()  # a script that makes a name for each step
            self._heads[kind + name] = head
        sort = (head[0], head[2], head[1] if head[1] in TEXTS else "")
        series = by_sort.get(sort)
        if series is None:
            series = by_sort[sort] = Series(*head)
        elif series.kind != head[1]:
            series.kind = "float"
        return series


def packed(writer: str, sequence: int, many: List[Series]) -> bytes:
    """Return a batch as bytes."""
    heads, columns = [], []
    for one in many:
        head = {"name": one.name, "kind": one.kind, "form": one.form, "count": len(one.steps)}
        columns += [one.steps, one.times]
        if one.is_text:
            head["values"] = one.values
        else:
            columns.append(one.values)
        heads.append(head)
    said = {"writer": writer, "sequence": sequence, "series": heads}
    return b"".join([json.dumps(said).encode("ascii"), b"\n"] + [_little(one) for one in columns])


def _little(column: Any) -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return bytes(column.tobytes())


def as_json(writer: str, sequence: int, many: List[Series]) -> Dict[str, Any]:
    """Return a batch as JSON holds it."""
    listed = [
        {
            "name": one.name,
            "kind": one.kind,
            "form": one.form,
            "steps": one.steps.tolist(),
            "times": one.times.tolist(),
            "values": one.values if one.is_text else [_shown(v) for v in one.values],
        }
        for one in many
    ]
    return {"writer": writer, "sequence": sequence, "series": listed}


def _shown(value: float) -> Any:
    if value - value == 0:
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
