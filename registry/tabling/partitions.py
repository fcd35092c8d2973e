"""Columns out of the path of a file: `partition_format` of a reading, as the SDK says it."""

import re
from datetime import datetime
from typing import Any

import pyarrow as pa
import re2

from registry.tabling.sources import Unreadable

KEY = re.compile(r"\{([^{}:]+)(?::([^{}]+))?\}")
OF_TIME = {
    "yyyy": ("year", 4),
    "MM": ("month", 2),
    "dd": ("day", 2),
    "HH": ("hour", 2),
    "mm": ("minute", 2),
    "ss": ("second", 2),
}
PARTS = re.compile("({})".format("|".join(OF_TIME)))
# So many keys stand in no path; and what matches paths must not take long.
MOST_KEYS, MOST_CHARACTERS = 20, 500


class Columns:
    """What stands in one file's path, put before the columns that the file has.

    Raises Unreadable for a path that is not like the format.
    """

    def __init__(self, reading: dict[str, Any], name: str):
        form = reading.get("partition_format")
        self._values = _values(form, name) if form else {}

    def before(self, schema: Any) -> Any:
        """The columns of a file with these before them."""
        added = [pa.field(name, _type(value)) for name, value in self._values.items()]
        return pa.schema([*added, *schema]) if added else schema

    def in_front_of(self, batch: Any) -> Any:
        """Some rows of a file with these before them."""
        if not self._values:
            return batch
        count = batch.num_rows
        added = [pa.array([value] * count, _type(value)) for value in self._values.values()]
        schema = self.before(batch.schema)
        return pa.RecordBatch.from_arrays([*added, *batch.columns], schema=schema)


def _type(value: Any) -> Any:
    return pa.timestamp("s") if isinstance(value, datetime) else pa.string()


def _values(form: Any, name: str) -> dict[str, Any]:
    keys = KEY.findall(form) if isinstance(form, str) else []
    if not 1 <= len(keys) <= MOST_KEYS or len(form) > MOST_CHARACTERS:
        raise Unreadable(f"its partition_format names no columns: {str(form)[:200]}")
    start = form.index("{")
    rest = form[:start].rpartition("/")[2] + form[start:]
    looks, at = "", 0
    for key in KEY.finditer(rest):
        looks += _plain(rest[at : key.start()]) + (_time(key[2]) if key[2] else "([^/]+)")
        at = key.end()
    looks += _plain(rest[at:])
    parts = name.count("/") - rest.count("/")
    # As many folders as the format has, from the end.
    tail = name.split("/", parts)[-1] if parts > 0 else name
    # In linear time, whatever a format of many columns and stars is laid against.
    fits = re2.fullmatch("(?s)" + looks, tail)
    try:
        if fits is not None:
            return _read(keys, iter(fits.groups()))
    except ValueError:
        pass
    raise Unreadable(f"the path {name[:300]} is not like its partition_format {form}")


def _read(keys: list[tuple[str, str]], found: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, form in keys:
        if not form:
            values[key.strip()] = next(found)
            continue
        parts = {"year": 1, "month": 1, "day": 1}
        parts |= {OF_TIME[part][0]: int(next(found)) for part in PARTS.findall(form)}
        values[key.strip()] = datetime(**parts)  # type: ignore[arg-type]  # noqa: DTZ001 — as written
    return values


def _time(form: str) -> str:
    return "".join(
        rf"(\d{{{OF_TIME[piece][1]}}})" if piece in OF_TIME else re2.escape(piece)
        for piece in PARTS.split(form)
    )


def _plain(text: str) -> str:
    return "[^/]*".join(re2.escape(piece) for piece in text.split("*"))
