"""What is asked of a table: a page of its rows, or what is in its columns."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from registry.tabling import cells, idx, partitions, profiles, sources
from registry.tabling.sources import MOST_RETYPED, Notes, Retyped, Unreadable

MOST_ANSWER_BYTES = 4 * 2**20


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked, or say in words why not."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    ways: dict[str, Callable[..., dict[str, Any]]] = {"page": _page, "profile": _profile}
    notes = Notes()
    try:
        for attempt in range(MOST_RETYPED + 1):
            try:
                return {"answer": ways[request["do"]](_in_pairs(request), notes)}
            except Retyped as error:
                found = set(error.args)
                # One after the other takes long: after a few, whatever is left is read as text.
                notes.as_text |= found if attempt < MOST_RETYPED - 1 else set(range(5000))
                notes.skipped, notes.skipped_text = 0, ""
    except Unreadable as error:
        return {"error": str(error)}
    except (MemoryError, pa.ArrowMemoryError):
        return {"error": "it takes too much memory to read: its rows or pages are too large"}
    except (pa.ArrowException, RecursionError) as error:
        return {"error": f"it cannot be read as a table: {str(error)[:300]}"}
    return {"error": "its columns change their types again and again"}


def _in_pairs(request: dict[str, Any]) -> dict[str, Any]:
    """The same; files of pictures and those of their labels are one then."""
    if request["reading"]["format"] != "idx":
        return request
    return {**request, "files": idx.pairs(request["files"])}


def _batches(file: dict[str, str], reading: dict[str, Any], notes: Notes) -> Iterator[Any]:
    """The rows of one file, behind the columns that stand in its path."""
    in_path = partitions.Columns(reading, file["name"])
    found = idx.batches(file) if "labels" in file else sources.batches(file, reading, notes)
    for batch in found:
        yield in_path.in_front_of(batch)


def _page(request: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """Rows `from` … `from + count` of all files after each other."""
    start, count = request["from"], request["count"]
    page = _Page(start, count)
    total: int | None = 0
    for file in request["files"]:
        if request["reading"]["format"] == "parquet":
            rows = page.parquet(file, partitions.Columns(request["reading"], file["name"]))
            total = None if total is None else total + rows
        else:
            total = None
            for batch in _batches(file, request["reading"], notes):
                page.take(batch)
                if page.is_full:
                    break
        if page.is_full and total is None:
            break
    is_end = not page.is_full
    return {
        "columns": page.columns,
        "rows": page.rows,
        "from": start,
        "next": start + len(page.rows) if page.is_full and page.rows else None,
        "row_count": total if total is not None else page.seen if is_end else None,
        "skipped": notes.skipped,
        "skipped_text": notes.skipped_text,
        "other_columns": page.other_columns,
    }


class _Page:
    """The rows that were asked for, out of batches that come one after the other."""

    def __init__(self, start: int, count: int):
        self.start, self.count, self.seen = start, count, 0
        self.columns: list[dict[str, str]] = []
        self.rows: list[list[Any]] = []
        self.other_columns: list[str] = []
        self.is_full = False
        self._bytes = 0

    def parquet(self, file: dict[str, str], in_path: partitions.Columns) -> int:
        """Take what is wanted out of a Parquet file, by its row groups; return how many it has."""
        found = sources.parquet_file(file)
        self._see(in_path.before(found.schema_arrow))
        groups = range(found.num_row_groups)
        sizes = [found.metadata.row_group(number).num_rows for number in groups]
        first = 0
        while first < len(sizes) and self.seen + sizes[first] <= self.start:
            self.seen += sizes[first]
            first += 1
        if not self.is_full:
            rows = sources.parquet_rows(found, file["name"], range(first, len(sizes)))
            self._take_all(in_path.in_front_of(batch) for batch in rows)
        return sum(sizes)

    def _take_all(self, rows: Iterator[Any]) -> None:
        for batch in rows:
            self.take(batch)
            if self.is_full:
                return

    def take(self, batch: Any) -> None:
        """Take from a batch the rows that belong to the page."""
        self._see(batch.schema)
        skipped = min(max(0, self.start - self.seen), batch.num_rows)
        wanted = batch.slice(skipped, self.count + 1 - len(self.rows))
        self.seen += batch.num_rows
        if wanted.num_rows:
            self._add(wanted)

    def _see(self, schema: Any) -> None:
        """The columns are those of the first rows; what later files have besides is only named."""
        if not self.columns:
            self.columns = [
                {"name": one.name, "type": str(one.type)[:200], "kind": cells.kind(one.type)}
                for one in schema
            ]
        known = {column["name"] for column in self.columns}
        more = [one for one in schema.names if one not in known and one not in self.other_columns]
        self.other_columns += more[: 100 - len(self.other_columns)]

    def _add(self, batch: Any) -> None:
        names = [column["name"] for column in self.columns]
        if list(batch.schema.names[: len(names)]) == names:
            columns = [cells.values(batch.column(at)) for at in range(len(names))]
        else:
            empty = [None] * batch.num_rows
            columns = [
                cells.values(batch.column(name)) if name in batch.schema.names else empty
                for name in names
            ]
        for row in zip(*columns, strict=True):
            self._bytes += len(json.dumps(row))
            if len(self.rows) == self.count or (self.rows and self._bytes > MOST_ANSWER_BYTES):
                self.is_full = True
                return
            self.rows.append(list(row))


def _profile(request: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """What is in the columns; of a table that takes too long, as far as it was read."""
    until = time.monotonic() + request["seconds"]
    table = profiles.Table()
    is_whole = True
    for file in request["files"]:
        for batch in _batches(file, request["reading"], notes):
            # Asked before the next rows: what had all its rows read is whole, however long it took.
            if table.row_count and time.monotonic() > until:
                is_whole = False
                break
            table.add(batch)
        if not is_whole:
            break
    return {
        "row_count": table.row_count,
        "is_whole": is_whole,
        "columns": table.shown(),
        "skipped": notes.skipped,
        "skipped_text": notes.skipped_text,
    }
