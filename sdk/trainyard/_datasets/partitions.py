"""Columns out of the paths of files: partition_format="/{state}/{date:yyyy/MM/dd}/data.csv"."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Optional, Pattern

from trainyard import _errors, _place
from trainyard._datasets.content import Content

KEY = re.compile(r"\{([^{}:]+)(?::([^{}]+))?\}")
#: Parts of a time in a format → the words of datetime(), and how many digits they have.
OF_TIME = {
    "yyyy": ("year", 4),
    "MM": ("month", 2),
    "dd": ("day", 2),
    "HH": ("hour", 2),
    "mm": ("minute", 2),
    "ss": ("second", 2),
}
PARTS = re.compile("({})".format("|".join(OF_TIME)))

Partitions = NamedTuple(
    "Partitions", [("keys", List[str]), ("times", Dict[str, List[str]]), ("looks", Pattern[str])]
)


@lru_cache(maxsize=32)
def read(form: Any) -> Partitions:
    """Return the columns of a partition_format: their names, which are times, and how to look.

    The format is held against the end of a path; what stands in it before the first key does not
    count. Raises UserErrorException for one that names no column, one twice, or no year.
    """
    found = KEY.findall(form) if isinstance(form, str) else []
    if not found:
        raise _wrong(form, "it names no column")
    keys = [name.strip() for name, _ in found]
    if len(set(keys)) < len(keys) or not all(keys):
        raise _wrong(form, "it names a column twice, or one without a name")
    before = form[: form.index("{")].rpartition("/")[2]
    rest = before + form[form.index("{") :]
    times: Dict[str, List[str]] = {}
    looks, at = "", 0
    for number, key in enumerate(KEY.finditer(rest)):
        looks += _plain(rest[at : key.start()])
        if key.group(2):
            times[keys[number]] = _time_parts(form, key.group(2))
            looks += _of_time(key.group(2))
        else:
            looks += "([^/]+)"
        at = key.end()
    looks += _plain(rest[at:])
    if re.search(r"[{}]", KEY.sub("", rest)):
        raise _wrong(form, "a brace stands alone")
    return Partitions(keys, times, re.compile(r"(?:.*/)?" + looks + r"\Z", re.DOTALL))


def _wrong(form: Any, why: str) -> _errors.UserErrorException:
    return _errors.UserErrorException(
        "partition_format {!r} cannot be read: {}. {{name}} is a column of texts,"
        " {{name:yyyy/MM/dd/HH/mm/ss}} one of times, or the first parts of it:"
        " partition_format='/{{state}}/{{date:yyyy/MM/dd}}/data.csv'".format(form, why)
    )


def _time_parts(form: str, text: str) -> List[str]:
    parts = [str(OF_TIME[part][0]) for part in PARTS.findall(text)]
    if "year" not in parts or len(set(parts)) < len(parts):
        raise _wrong(form, "a time needs yyyy, and each of its parts once")
    return parts


def _of_time(text: str) -> str:
    pieces = PARTS.split(text)
    return "".join(
        r"(\d{{{}}})".format(OF_TIME[piece][1]) if piece in OF_TIME else re.escape(piece)
        for piece in pieces
    )


def _plain(text: str) -> str:
    return re.escape(text).replace(r"\*", "*").replace("*", "[^/]*")


def keys(form: Optional[str]) -> List[str]:
    """Return the names of the columns that a partition_format, if there is one, brings."""
    return read(form).keys if form else []


def values(form: Optional[str], path: str) -> Dict[str, Any]:
    """Return column → text or datetime (UTC, without a zone) of one file's path.

    Raises UserErrorException for a path that is not like the format.
    """
    if not form:
        return {}
    known = read(form)
    fits = known.looks.match(path.lstrip("/"))
    if fits is None:
        raise _unlike(form, path)
    taken = iter(fits.groups())
    found: Dict[str, Any] = {}
    for key in known.keys:
        if key not in known.times:
            found[key] = next(taken)
            continue
        parts = {"month": 1, "day": 1}
        parts.update((part, int(next(taken))) for part in known.times[key])
        try:
            found[key] = datetime(**parts)  # type: ignore[arg-type]
        except ValueError:
            raise _unlike(form, path) from None
    return found


def check(files: Content, form: Optional[str], validate: bool) -> None:
    """Hold a partition_format against the paths, where these shall be looked at now."""
    is_known = files.workspace is not None or _place.current() is not None
    for path in files.paths() if form and validate and is_known else ():
        values(form, path)


def _unlike(form: str, path: str) -> _errors.UserErrorException:
    return _errors.UserErrorException(
        "the path /{} is not like partition_format {!r}; the format stands for the end of every"
        " path, as to_path() gives them, from the first column on (a dataset of one file has no"
        " folders in its path: name the folder)".format(path.lstrip("/"), form)
    )


def distinct(form: Optional[str], paths: List[str], wanted: Optional[List[str]]) -> List[Any]:
    """Return the different combinations of the columns `wanted` (all) as {column: value}.

    Raises UserErrorException for a name that the format has not.
    """
    there = keys(form)
    unknown = [name for name in wanted or () if name not in there]
    if unknown:
        raise _errors.UserErrorException(
            "no column {} comes out of the paths; those that do: {}".format(
                ", ".join(unknown), ", ".join(there) or "none, there is no partition_format"
            )
        )
    names = wanted or there
    found: Dict[Any, Dict[str, Any]] = {}
    for path in paths if names else ():
        all_of_it = values(form, path)
        one = {name: all_of_it[name] for name in names}
        found.setdefault(tuple(one.values()), one)
    return list(found.values())
