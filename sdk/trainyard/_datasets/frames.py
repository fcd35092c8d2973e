"""Tables as pandas data frames. pandas is used where the person has it; we bring none.

files ── read_csv, read_json, read_parquet ──► one frame ── steps (columns, rows) ──► the frame
"""

import bz2
import gzip
import json
import lzma
import os
from typing import Any, Dict, List, Optional, Sequence

from trainyard import _errors
from trainyard._datasets import content, idx, partitions, steps, types
from trainyard._datasets.columns import pandas, there
from trainyard._lazy import shutil, tempfile

ROWS_AT_ONCE = 1000
NAN = float("nan")


def frame(files: content.Content, reading: Dict[str, Any], strict: Sequence[str] = ()) -> Any:
    """Return all rows of a table's files, in the order of their paths, after its steps.

    strict: the types ("long", "datetime", …) of whose columns no value may be anything else.
    Raises UserErrorException naming the file that cannot be read, or the column.
    """
    library = pandas()
    folder = tempfile.mkdtemp()
    try:
        if reading.get("format") == idx.FORMAT:
            parts = _of_idx(library, files, folder)
        else:
            parts = [_part(library, files, one, folder, reading) for one in files.files()]
        whole = parts[0] if len(parts) == 1 else library.concat(parts, ignore_index=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, words in (reading.get("types") or {}).items():
        (name,) = there(whole, [name])
        whole[name] = types.made(library, whole[name], words, words.get("to") in strict)
    for step in reading.get("steps") or ():
        whole = steps.after(whole, str(step[0]), list(step[1:]))
    return whole.reset_index(drop=True)


def _brought(files: content.Content, one: content.File, folder: str) -> str:
    # The ending stays: pandas knows by it what is compressed, and how.
    place = os.path.join(folder, one.sha256[:16] + "-" + os.path.basename(one.path))
    if not os.path.exists(place):
        files.place().client.download(files.address(one.path), place, one.size)
    return place


def _of_idx(library: Any, files: content.Content, folder: str) -> List[Any]:
    pairs = idx.pairs(files.files())
    places = [[_brought(files, one, folder) for one in pair] for pair in pairs]
    return [idx.frame(library, images, labels) for images, labels in places]


def _part(
    library: Any, files: content.Content, one: content.File, folder: str, reading: Dict[str, Any]
) -> Any:
    place = _brought(files, one, folder)
    try:
        found = _read(library, place, reading)
    except _NoEngine:
        found = _rows(library, files, one, partitions.keys(reading.get("partition_format")))
    except (ValueError, OSError, UnicodeError) as error:
        raise _errors.UserErrorException(
            "{} cannot be read as {}: {}".format(one.path, reading.get("format"), error)
        ) from None
    added = partitions.values(reading.get("partition_format"), one.path)
    if reading.get("include_path"):
        found.insert(0, "Path", "/" + one.path)
    for number, (name, value) in enumerate(added.items()):
        if name in found.columns:
            raise _errors.UserErrorException(
                "{} has a column {} itself; call that of partition_format otherwise".format(
                    one.path, name
                )
            )
        found.insert(number + bool(reading.get("include_path")), name, value)
    return found


class _NoEngine(Exception):
    """pandas alone reads no parquet; pyarrow or fastparquet is missing."""


def _read(library: Any, place: str, reading: Dict[str, Any]) -> Any:
    form = reading.get("format")
    if form == "parquet":
        try:
            return library.read_parquet(place)
        except ImportError:
            raise _NoEngine() from None
    encoding = reading.get("encoding") or "utf8"
    if form == "json_lines":
        if reading.get("invalid_lines") == "drop":
            place = _valid_lines(place, encoding)
        found = library.read_json(place, lines=True, encoding=encoding)
        said = [name for name in reading.get("types") or () if name in found.columns]
        if said:
            # pandas has made a number of the text "02", and a time of what is called date.
            with _opened(place) as lines:
                rows = [json.loads(line.decode(encoding)) for line in lines if line.strip()]
            for name in said:
                found[name] = library.Series([row.get(name) for row in rows], dtype=object)
        return found
    has_header = reading.get("header", True)
    as_text: Any = str
    if reading.get("infer_column_types", True):
        # What is said to be a type is made one out of the text: 02 is not 2 yet.
        said = list(reading.get("types") or {})
        as_text = {name if has_header else _number(name): str for name in said}
    try:
        found = library.read_csv(
            place,
            sep=reading.get("separator") or ",",
            header=0 if has_header else None,
            encoding=encoding,
            keep_default_na=not reading.get("empty_as_string"),
            **({"dtype": as_text} if as_text else {}),
        )
    except library.errors.EmptyDataError:
        return library.DataFrame()
    if not has_header:
        found.columns = ["Column{}".format(number + 1) for number in range(found.shape[1])]
    return found


def _number(name: str) -> Any:
    """Return the number from 0 of a column without a header, as pandas calls it."""
    number = name[len("Column") :]
    return int(number) - 1 if name.startswith("Column") and number.isdigit() else name


def _opened(place: str) -> Any:
    """Open a file as bytes, unpacked where its name says that it is packed."""
    packed: Dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    return packed.get(os.path.splitext(place)[1], open)(place, "rb")


def _valid_lines(place: str, encoding: str) -> str:
    """Return a copy of a file of JSON lines without those that hold no JSON object."""
    kept = os.path.splitext(place)[0] + ".kept"
    with _opened(place) as lines, open(kept, "wb") as out:
        for line in lines:
            try:
                is_valid = isinstance(json.loads(line.decode(encoding)), dict)
            except (ValueError, RecursionError):
                is_valid = False
            if is_valid:
                out.write(line.rstrip(b"\r\n") + b"\n")
    return kept


def _rows(library: Any, files: content.Content, one: content.File, besides: List[str]) -> Any:
    """Return a Parquet file's rows, which the studio reads for us, a page at a time.

    besides: columns that the studio adds to those of the file.
    Raises UserErrorException for values that its answers do not hold whole.
    """
    way_out = "pip install pyarrow (or fastparquet) to read {} here".format(one.path)
    base = getattr(files, "preview", "")
    if not base:
        raise _errors.UserErrorException(
            way_out + "; or register the dataset, whose rows the studio reads"
        )
    columns: Dict[str, List[Any]] = {}
    kinds: Dict[str, str] = {}
    start: Optional[int] = 0
    while start is not None:
        asked = {"path": one.path, "from": start, "count": ROWS_AT_ONCE}
        page = files.place().client.get(base, **asked)
        names = [str(column["name"]) for column in page["columns"]]
        kinds.update((str(column["name"]), str(column["type"])) for column in page["columns"])
        for number, name in enumerate(names):
            columns.setdefault(name, []).extend(row[number] for row in page["rows"])
        start = page["next"]
    found = library.DataFrame()
    for name, values in columns.items():
        if name in besides:
            continue
        found[name] = _column(library, values, kinds[name], way_out)
    return found


def _column(library: Any, values: List[Any], kind: str, way_out: str) -> Any:
    """Return a column as the file has it, of what the studio's answers in JSON say."""
    if kind.startswith(("int", "uint")):
        whole = [value if value is None else int(value) for value in values]
        return library.Series(whole, dtype=None if None in whole else kind)
    if kind in ("float", "double", "halffloat"):
        return library.Series([NAN if value is None else float(value) for value in values])
    if kind == "bool":
        return library.Series(values, dtype=object if None in values else bool)
    if kind.startswith(("timestamp", "date")):
        return library.to_datetime(library.Series(values))
    if not kind.endswith("string") or any(str(value).endswith("…") for value in values):
        raise _errors.UserErrorException(
            "the studio's answers hold no whole values of type {}; {}".format(kind, way_out)
        )
    return library.Series(values, dtype=object)
