"""Rows of a CSV or TSV file from any row's first byte on: memory and time as for one page."""

import csv
from collections.abc import Iterator
from typing import Any, BinaryIO

from studio.errors import BadInput
from studio.previewing.sources import Source

ROWS = 100
MOST_COLUMNS = 200
MOST_CELL_CHARACTERS = 300
PAGE_BYTES = 256 * 1024
LINE_BYTES = 128 * 1024
SAMPLE_BYTES = 16 * 1024
DELIMITERS = ",;\t|"


class _Lines:
    """The lines of a file as csv.reader wants them; `at` is the byte after the last one taken."""

    def __init__(self, file: BinaryIO, at: int):
        file.seek(at)
        self.file, self.at = file, at

    def __iter__(self) -> Iterator[str]:
        while line := self.file.readline(LINE_BYTES):
            if len(line) == LINE_BYTES and not line.endswith(b"\n"):
                # In pieces it would look like rows that nobody wrote.
                raise csv.Error(f"a line of it is longer than {LINE_BYTES // 1024} KiB")
            self.at += len(line)
            yield line.decode("utf-8-sig" if self.at == len(line) else "utf-8", errors="replace")


def page(source: Source, offset: int = 0, row: int = 0) -> dict[str, Any]:
    """Return {"columns", "column_count", "rows", "row", "next"} of the table.

    offset, row: where the page begins, as an earlier page's `next` said; 0, 0 is the beginning.
    next: {"offset", "row"}, None at the end.   Raises BadInput for what is no table.
    """
    with source.open() as file:
        delimiter = delimiter_of(source, file.read(SAMPLE_BYTES))
        try:
            return _page(source, file, delimiter, offset=offset, row=row)
        except csv.Error as error:
            raise BadInput(
                f"{source.path} cannot be read as a table ({error}); look at it as text"
            ) from None


def _page(
    source: Source, file: BinaryIO, delimiter: str, *, offset: int, row: int
) -> dict[str, Any]:
    head = _Lines(file, 0)
    columns = next(csv.reader(head, delimiter=delimiter), [])
    lines = _Lines(file, max(offset, head.at))
    begin, rows = lines.at, []
    for cells in csv.reader(lines, delimiter=delimiter):
        if cells:
            rows.append([_cut(cell) for cell in cells[:MOST_COLUMNS]])
        if len(rows) >= ROWS or lines.at - begin > PAGE_BYTES:
            break
    is_last = lines.at >= source.size_bytes
    return {
        "columns": [{"name": _cut(name), "type": ""} for name in columns[:MOST_COLUMNS]],
        "column_count": len(columns),
        "rows": rows,
        "row": row,
        "row_count": row + len(rows) if is_last else None,
        "next": None if is_last else {"offset": lines.at, "row": row + len(rows)},
    }


def delimiter_of(source: Source, sample: bytes) -> str:
    """What separates the cells: a tab in a .tsv, else what the first line has most of."""
    if source.ending == "tsv":
        return "\t"
    first = sample.split(b"\n", 1)[0].decode(errors="replace")
    return max(DELIMITERS, key=first.count)


def _cut(cell: str) -> str:
    return cell if len(cell) <= MOST_CELL_CHARACTERS else cell[:MOST_CELL_CHARACTERS] + "…"
