"""Tables as pandas data frames. pandas is used where the person has it; we bring none.

files ── read_csv, read_json, read_parquet ──► one frame ── steps (columns, rows) ──► the frame
"""

import importlib
import os
from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._datasets import content
from trainyard._lazy import random, shutil, tempfile

ROWS_AT_ONCE = 1000
NAN = float("nan")
NO_PANDAS = (
    "to_pandas_dataframe needs pandas, which this Python does not have: pip install pandas; or"
    " dataset.download(folder), and read the files as you like"
)


def pandas() -> Any:
    """Return the module. Raises UserErrorException where it is not installed."""
    try:
        return importlib.import_module("pandas")
    except ImportError:
        raise _errors.UserErrorException(NO_PANDAS) from None


def frame(files: content.Content, reading: Dict[str, Any]) -> Any:
    """Return all rows of a table's files, in the order of their paths, after its steps.

    Raises UserErrorException naming the file that cannot be read.
    """
    library = pandas()
    folder = tempfile.mkdtemp()
    try:
        parts = [_part(library, files, one, folder, reading) for one in files.files()]
        whole = parts[0] if len(parts) == 1 else library.concat(parts, ignore_index=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for step in reading.get("steps") or ():
        whole = _after(whole, str(step[0]), list(step[1:]))
    return whole.reset_index(drop=True)


def _part(
    library: Any, files: content.Content, one: content.File, folder: str, reading: Dict[str, Any]
) -> Any:
    # The ending stays: pandas knows by it what is compressed, and how.
    place = os.path.join(folder, one.sha256[:16] + "-" + os.path.basename(one.path))
    if not os.path.exists(place):
        files.place().client.download(files.address(one.path), place, one.size)
    try:
        found = _read(library, place, reading)
    except _NoEngine:
        found = _rows(library, files, one)
    except (ValueError, OSError, UnicodeError) as error:
        raise _errors.UserErrorException(
            "{} cannot be read as {}: {}".format(one.path, reading.get("format"), error)
        ) from None
    if reading.get("include_path"):
        found.insert(0, "Path", "/" + one.path)
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
        return library.read_json(place, lines=True, encoding=encoding)
    types = {} if reading.get("infer_column_types", True) else {"dtype": str}
    has_header = reading.get("header", True)
    try:
        found = library.read_csv(
            place,
            sep=reading.get("separator") or ",",
            header=0 if has_header else None,
            encoding=encoding,
            keep_default_na=not reading.get("empty_as_string"),
            **types,
        )
    except library.errors.EmptyDataError:
        return library.DataFrame()
    if not has_header:
        found.columns = ["Column{}".format(number + 1) for number in range(found.shape[1])]
    return found


def _rows(library: Any, files: content.Content, one: content.File) -> Any:
    """Return a Parquet file's rows, which the studio reads for us, a page at a time.

    Raises UserErrorException for values that its answers do not hold whole.
    """
    way_out = "pip install pyarrow (or fastparquet) to read {} here".format(one.path)
    base = getattr(files, "preview", "")
    if not base:
        raise _errors.UserErrorException(
            way_out + "; or register the dataset, whose rows the studio reads"
        )
    columns: Dict[str, List[Any]] = {}
    types: Dict[str, str] = {}
    start: Optional[int] = 0
    while start is not None:
        asked = {"path": one.path, "from": start, "count": ROWS_AT_ONCE}
        page = files.place().client.get(base, **asked)
        names = [str(column["name"]) for column in page["columns"]]
        types.update((str(column["name"]), str(column["type"])) for column in page["columns"])
        for number, name in enumerate(names):
            columns.setdefault(name, []).extend(row[number] for row in page["rows"])
        start = page["next"]
    found = library.DataFrame()
    for name, values in columns.items():
        found[name] = _column(library, values, types[name], way_out)
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


def _after(found: Any, step: str, values: List[Any]) -> Any:
    """Return a frame after one step, as TabularDataset wrote it down."""
    if step == "keep_columns":
        return found[_there(found, values[0])]
    if step == "drop_columns":
        return found.drop(columns=_there(found, values[0]))
    if step == "take":
        return found.head(int(values[0]))
    if step == "skip":
        return found.iloc[int(values[0]) :]
    if step == "split":
        share, seed, is_first = values
        draw = random.Random(seed)
        drawn = [(draw.random() < share) == bool(is_first) for _ in range(len(found))]
        return found[drawn]
    if step == "timestamps":
        for name in [name for name in values if name]:
            _times(found, name)
        return found
    if step == "time":
        name, start, end, is_inclusive = values
        return found[_between(_times(found, name), start, end, is_inclusive)]
    raise _errors.UserErrorException("this SDK does not know the step {!r} of a table".format(step))


def _times(found: Any, name: str) -> Any:
    """Return a column as times in UTC. Raises UserErrorException where it is none."""
    (name,) = _there(found, [name])
    column, library = found[name], pandas()
    # pandas would take numbers for nanoseconds since 1970, whatever they are.
    if library.api.types.is_numeric_dtype(column) and column.notna().any():
        raise _errors.UserErrorException(
            "the column {} holds numbers, and nobody knows the times they stand for: write them as"
            " ISO 8601".format(name)
        )
    try:
        try:
            return library.to_datetime(column, utc=True)
        except ValueError:
            # Some with fractions of a second, some without.
            return library.to_datetime(column, utc=True, format="ISO8601")
    except (ValueError, TypeError, OverflowError) as error:
        raise _errors.UserErrorException(
            "the column {} holds what is no time: {}".format(name, str(error).split("\n")[0])
        ) from None


def _between(times: Any, start: Optional[str], end: Optional[str], is_inclusive: bool) -> Any:
    """Return which times lie between two (ISO 8601; None: no bound). No time is never between."""
    among = times.notna()
    for bound, after in ((start, True), (end, False)):
        if bound is None:
            continue
        at = pandas().Timestamp(bound)
        at = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
        if after:
            among &= times >= at if is_inclusive else times > at
        else:
            among &= times <= at if is_inclusive else times < at
    return among


def _there(found: Any, names: List[str]) -> List[str]:
    missing = [name for name in names if name not in found.columns]
    if missing:
        raise _errors.UserErrorException(
            "the table has no column {}; its columns: {}".format(
                ", ".join(missing), ", ".join(str(name) for name in found.columns)
            )
        )
    return list(names)
