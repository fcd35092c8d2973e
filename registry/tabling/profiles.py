"""What is in the columns of a table, counted batch by batch in bounded memory."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from registry.tabling import cells

# Different values that are told apart, of one column and of all together.
MOST_DISTINCT, MOST_KEPT = 10_000, 500_000
SHOWN_VALUES = 5
MOST_VALUE_CHARACTERS = 200


class Table:
    """The columns of all batches so far, by name."""

    def __init__(self) -> None:
        self.row_count = 0
        self.columns: dict[str, Column] = {}

    def add(self, batch: Any) -> None:
        """Count a batch in; a column that it lacks is missing in all its rows."""
        most = max(100, min(MOST_DISTINCT, MOST_KEPT // max(1, batch.num_columns)))
        seen = set()
        for at, name in enumerate(batch.schema.names):
            name = name if name not in seen else f"{name} ({at + 1})"
            seen.add(name)
            if name not in self.columns:
                self.columns[name] = Column(name, missing=self.row_count, most=most)
            self.columns[name].add(batch.column(at))
        for name, column in self.columns.items():
            if name not in seen:
                column.missing += batch.num_rows
        self.row_count += batch.num_rows

    def shown(self) -> list[dict[str, Any]]:
        return [column.shown() for column in self.columns.values()]


class Column:
    """One column: how many values, the least and the greatest, their mean, the commonest."""

    def __init__(self, name: str, *, missing: int, most: int):
        self.name, self.missing, self.most = name, missing, most
        self.count = self.nan_count = 0
        self.types: list[pa.DataType] = []
        self.least: Any = None
        self.greatest: Any = None
        self.sum = 0.0
        self.is_summed = False
        self.values: dict[Any, int] | None = {}

    def add(self, values: Any) -> None:
        """Count the values of a batch in."""
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if values.type not in self.types:
            self.types.append(values.type)
        there = values.drop_null()
        if pa.types.is_floating(values.type):
            if pa.types.is_float16(values.type):
                there = there.cast(pa.float32())
            numbers = there.filter(pc.invert(pc.is_nan(there)))
            self.nan_count += len(there) - len(numbers)
            there = numbers
        self.missing += len(values) - len(there)
        self.count += len(there)
        if len(there):
            self._measure(there)
            self._distinguish(there)

    def _measure(self, there: Any) -> None:
        of = there.type
        types = pa.types
        if types.is_integer(of) or types.is_floating(of) or types.is_decimal(of):
            self.sum += pc.sum(there.cast(pa.float64(), safe=False)).as_py() or 0.0
            self.is_summed = True
        elif not (types.is_temporal(of) or types.is_boolean(of) or cells.kind(of) == "text"):
            return
        if types.is_duration(of):
            there = there.cast(pa.int64())
        bounds = pc.min_max(there)
        ends = (pa.array([bounds[key]]) for key in ("min", "max"))
        least, greatest = (cells.plain(end)[0].as_py() for end in ends)
        self.least = least if self.least is None else _lesser(self.least, least)
        self.greatest = greatest if self.greatest is None else _greater(self.greatest, greatest)

    def _distinguish(self, there: Any) -> None:
        """Count how often each value is there, as long as there are not too many."""
        if self.values is None or cells.kind(there.type) == "other":
            self.values = None
            return
        counted = pc.value_counts(there)
        if len(counted) > self.most:
            self.values = None
            return
        # A value that is cut stands for all that begin like it.
        shown = cells.values(counted.field(0))
        for value, number in zip(shown, counted.field(1).to_pylist(), strict=True):
            key = value[:MOST_VALUE_CHARACTERS] if isinstance(value, str) else value
            self.values[key] = self.values.get(key, 0) + number
        if len(self.values) > self.most:
            self.values = None

    def shown(self) -> dict[str, Any]:
        """As the page and the API show it. distinct is null where there are too many."""
        commonest = sorted((self.values or {}).items(), key=lambda item: (-item[1], str(item[0])))
        kinds = {cells.kind(one) for one in self.types} - {"nothing"} or {"nothing"}
        of = min(kinds) if len(kinds) == 1 else "number" if kinds <= _NUMBERS else "text"
        return {
            "name": self.name,
            "type": ", ".join(str(one)[:100] for one in self.types[:4]),
            "kind": of,
            "count": self.count,
            "missing": self.missing,
            "nan_count": self.nan_count,
            "least": _shown(self.least),
            "greatest": _shown(self.greatest),
            "mean": cells.cell(self.sum / self.count) if self.is_summed and self.count else None,
            "distinct": len(self.values) if self.values is not None else None,
            "distinct_most": self.most,
            "values": [[value, number] for value, number in commonest[:SHOWN_VALUES]],
        }


_NUMBERS = {"integer", "number"}


def _lesser(one: Any, other: Any) -> Any:
    return min(one, other) if _alike(one, other) else min(str(one), str(other))


def _greater(one: Any, other: Any) -> Any:
    return max(one, other) if _alike(one, other) else max(str(one), str(other))


def _alike(one: Any, other: Any) -> bool:
    return isinstance(one, str) == isinstance(other, str)


def _shown(value: Any) -> Any:
    shown = cells.cell(value)
    return shown[:MOST_VALUE_CHARACTERS] if isinstance(shown, str) else shown
