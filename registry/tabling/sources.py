"""The rows of one file, a batch at a time, whatever its format: never the whole of it in memory."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from registry.tabling.encodings import ENCODINGS

MIB = 2**20
# A line longer than this is none of a table.
BLOCK_BYTES = 4 * MIB
MOST_LINE_BYTES = 16 * MIB
MOST_COLUMNS = 2000
BATCH_ROWS = 1000
MOST_METADATA_BYTES = 64 * MIB
COLUMN_AT_FAULT = re.compile(r"In CSV column #(\d+)")
MOST_RETYPED = 8


class Unreadable(Exception):
    """The file is not what it is read as; the words say what is wrong and what to do."""


class Retyped(Exception):
    """A column did not keep the type that its first rows have: read again with it as text."""


@dataclass
class Notes:
    """What is told beside the rows."""

    skipped: int = 0
    skipped_text: str = ""
    as_text: set[int] = field(default_factory=set)

    def skip(self, row: Any) -> str:
        """pyarrow asks what to do with a line of another number of columns."""
        self.skipped += 1
        if not self.skipped_text:
            self.skipped_text = (
                f"{row.actual_columns} columns instead of {row.expected_columns}:"
                f" {str(row.text)[:200]}"
            )
        return "skip"


def opened(path: str, name: str) -> BinaryIO:
    """The bytes of a file, unpacked where its name says that they are packed."""
    file = open(path, "rb")  # noqa: SIM115 — whoever reads it closes it with the program
    return gzip.GzipFile(fileobj=file) if name.lower().endswith(".gz") else file  # type: ignore[return-value]


def batches(file: dict[str, str], reading: dict[str, Any], notes: Notes) -> Iterator[Any]:
    """Yield the file's rows as record batches. Raises Unreadable, Retyped."""
    kinds = {"delimited": _delimited, "json_lines": _json_lines, "parquet": _parquet}
    return kinds[reading["format"]](file, reading, notes)


def _delimited(file: dict[str, str], reading: dict[str, Any], notes: Notes) -> Iterator[Any]:
    encoding = ENCODINGS[reading.get("encoding") or "utf8"]
    has_header = bool(reading.get("header", True))
    names = _first_names(file, reading, has_header) if notes.as_text else []
    as_text = {names[number]: pa.string() for number in notes.as_text if number < len(names)}
    as_text |= {name: pa.string() for name in _said_texts(reading, has_header)}
    try:
        reader = pc_csv.open_csv(
            pa.PythonFile(opened(file["path"], file["name"]), mode="r"),
            read_options=pc_csv.ReadOptions(
                use_threads=False,
                block_size=BLOCK_BYTES,
                encoding=encoding,
                autogenerate_column_names=not has_header,
            ),
            parse_options=pc_csv.ParseOptions(
                delimiter=reading.get("separator") or ",",
                newlines_in_values=bool(reading.get("multiline")),
                invalid_row_handler=notes.skip,
            ),
            convert_options=pc_csv.ConvertOptions(
                column_types=as_text, strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        check_columns(len(reader.schema))
        yield from reader
    except (pa.ArrowInvalid, UnicodeError, OSError, EOFError) as error:
        raise _said_of_text(error, file["name"]) from None


def _said_texts(reading: dict[str, Any], has_header: bool) -> Iterator[str]:
    """The columns that shall be texts, by the names that the reader gives them."""
    kinds = reading.get("types")
    for name, kind in kinds.items() if isinstance(kinds, dict) else ():
        if isinstance(kind, dict) and kind.get("to") == "string":
            number = name.removeprefix("Column")
            yield name if has_header or not number.isdigit() else f"f{int(number) - 1}"


def _first_names(file: dict[str, str], reading: dict[str, Any], has_header: bool) -> list[str]:
    """The columns' names, by the same reader, which has looked at nothing but the first rows."""
    rows = _delimited(file, reading, Notes())
    return list(next(rows).schema.names)


def _said_of_text(error: Exception, name: str) -> Exception:
    said = str(error)
    if found := COLUMN_AT_FAULT.search(said):
        return Retyped(int(found[1]))
    if "straddling" in said or "cannot be larger" in said:
        return Unreadable(
            f"{name} has a line of more than {BLOCK_BYTES // MIB} MiB; is it a table, with lines"
            " that end?"
        )
    if isinstance(error, UnicodeError):
        return Unreadable(f"{name} is not in the encoding that was said ({said[:120]})")
    if said.startswith("Empty CSV file"):
        return Unreadable(f"{name} is empty")
    return Unreadable(f"{name} cannot be read as a table: {said[:300]}")


def check_columns(count: int) -> None:
    """Raise Unreadable for more columns than are read."""
    if count > MOST_COLUMNS:
        raise Unreadable(f"it has {count:,} columns; {MOST_COLUMNS:,} at most are read")


def _json_lines(file: dict[str, str], reading: dict[str, Any], notes: Notes) -> Iterator[Any]:
    encoding = ENCODINGS[reading.get("encoding") or "utf8"]
    if encoding in ("utf16", "utf32"):
        raise Unreadable("JSON lines are read in UTF-8, ASCII or Latin-1; convert the file first")
    rows: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    number = 0
    try:
        with opened(file["path"], file["name"]) as lines:
            while line := lines.readline(MOST_LINE_BYTES + 1):
                number += 1
                if len(line) > MOST_LINE_BYTES:
                    raise Unreadable(f"line {number:,} is longer than {MOST_LINE_BYTES // MIB} MiB")
                if line.strip():
                    row = _object(line.decode(encoding), number, notes)
                    if row is not None:
                        rows.append(row)
                        names.update(dict.fromkeys(row))
                        check_columns(len(names))
                if len(rows) == BATCH_ROWS:
                    yield _batch(rows, list(names))
                    rows = []
    except (UnicodeError, OSError, EOFError) as error:
        raise Unreadable(f"{file['name']}, line {number:,}: {error}") from None
    if rows:
        yield _batch(rows, list(names))
    if not names:
        raise Unreadable(f"{file['name']} holds no JSON object")


def _object(line: str, number: int, notes: Notes) -> dict[str, Any] | None:
    """One line's object; lines that hold none are counted, unless the first is such."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if isinstance(row, dict):
        return row
    if number == 1:
        raise Unreadable("its first line is no JSON object; each line has to be one: {…}")
    notes.skipped += 1
    notes.skipped_text = notes.skipped_text or f"line {number:,}: {line[:200]}"
    return None


def _batch(rows: list[dict[str, Any]], names: list[str]) -> Any:
    """Rows as a record batch; a column of several kinds of values is one of texts."""
    columns = []
    for name in names:
        found = [row.get(name) for row in rows]
        kinds = {type(value) for value in found if value is not None}
        if (len(kinds) > 1 and not kinds <= {int, float}) or kinds & {list, dict}:
            found = [
                value if value is None or isinstance(value, str) else json.dumps(value)
                for value in found
            ]
        columns.append(_array(found))
    # A key may be half of a character, which JSON can hold and no name of a column.
    sayable = [name.encode(errors="replace").decode() for name in names]
    return pa.RecordBatch.from_arrays(columns, names=sayable)


def _array(found: list[Any]) -> Any:
    try:
        return pa.array(found)
    except (pa.ArrowException, OverflowError, UnicodeError, ValueError):
        texts = [None if v is None else str(v).encode(errors="replace").decode() for v in found]
        return pa.array(texts, type=pa.string())


def parquet_file(file: dict[str, str]) -> Any:
    """Open a Parquet file after a look at how much it says of itself. Raises Unreadable."""
    with open(file["path"], "rb") as raw:
        size = raw.seek(0, 2)
        raw.seek(max(0, size - 8))
        tail = raw.read(8)
        if size < 12 or tail[4:] != b"PAR1":
            raise Unreadable(f"{file['name']} is no Parquet file, or it was cut off")
        length = int.from_bytes(tail[:4], "little")
        if length > min(size, MOST_METADATA_BYTES):
            raise Unreadable(f"{file['name']} has a description of {length:,} bytes; it is damaged")
    try:
        found = pq.ParquetFile(
            file["path"],
            thrift_string_size_limit=MOST_METADATA_BYTES,
            thrift_container_size_limit=1_000_000,
        )
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"{file['name']} cannot be read as Parquet: {str(error)[:300]}") from None
    check_columns(found.metadata.num_columns)
    return found


def _parquet(file: dict[str, str], reading: dict[str, Any], notes: Notes) -> Iterator[Any]:
    found = parquet_file(file)
    yield from parquet_rows(found, file["name"], range(found.num_row_groups))


def parquet_rows(found: Any, name: str, groups: range) -> Iterator[Any]:
    """Yield the rows of some row groups. Raises Unreadable."""
    try:
        yield from found.iter_batches(
            batch_size=BATCH_ROWS, row_groups=list(groups), use_threads=False
        )
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"{name} cannot be read as Parquet: {str(error)[:300]}") from None
