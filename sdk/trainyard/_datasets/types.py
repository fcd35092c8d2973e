"""DataType: what a column of a table shall be, for set_column_types; and making it so."""

from typing import Any, Dict, List, Optional, Union

from trainyard import _errors

FLAWS = ("null", "fail")
ALL = ("bool", "datetime", "float", "long", "string")
YES, NO = ("true", "1", "1.0"), ("false", "0", "0.0")


class DataType:
    """A type for set_column_types={"zip": DataType.to_string()}; the functions make one.

    A value that is not of it becomes a missing one, or an error: to_pandas_dataframe(on_error=…).
    """

    def __init__(self, words: Dict[str, Any]):
        self._words = words

    @staticmethod
    def to_bool() -> "DataType":
        """Return the type of true and false (also 1 and 0), whatever their capitals."""
        return DataType({"to": "bool"})

    @staticmethod
    def to_datetime(formats: Union[str, List[str], None] = None) -> "DataType":
        """Return the type of times, in UTC, in pandas without a zone.

        formats: how they are written, as in "%d.%m.%Y %H:%M", tried in this order; None: ISO 8601
        and what pandas knows besides.
        """
        given = [formats] if isinstance(formats, str) else list(formats or ())
        if not all(isinstance(one, str) and "%" in one for one in given):
            raise _errors.UserErrorException(
                "formats of DataType.to_datetime are texts such as '%Y-%m-%d', not {!r}".format(
                    formats
                )
            )
        return DataType({"to": "datetime", "formats": given} if given else {"to": "datetime"})

    @staticmethod
    def to_float(decimal_mark: str = ".") -> "DataType":
        """Return the type of numbers; decimal_mark: "." or ","."""
        if decimal_mark not in (".", ","):
            raise _errors.UserErrorException(
                "decimal_mark is '.' or ',', not {!r}".format(decimal_mark)
            )
        words = {"to": "float"}
        return DataType(words if decimal_mark == "." else dict(words, decimal_mark=","))

    @staticmethod
    def to_long() -> "DataType":
        """Return the type of whole numbers of 64 bits."""
        return DataType({"to": "long"})

    @staticmethod
    def to_string() -> "DataType":
        """Return the type of texts, as the file has them: 02 stays 02."""
        return DataType({"to": "string"})

    @staticmethod
    def to_stream(workspace: Any = None) -> Any:
        """Not built: raises NotImplementedError."""
        raise _errors.not_built("DataType.to_stream", "a dataset of the files themselves")

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, DataType) and self._words == other._words

    def __hash__(self) -> int:
        return hash(repr(self._words))

    def __repr__(self) -> str:
        return "DataType.to_{}()".format(self._words["to"])


def words_of(given: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """Return set_column_types as a definition keeps them. Raises UserErrorException."""
    found = {}
    for name, kind in (given or {}).items():
        if not isinstance(kind, DataType):
            raise _errors.UserErrorException(
                "set_column_types gives each column a DataType: {{{!r}: DataType.to_float()}}, not"
                " {!r}".format(name, kind)
            )
        found[str(name)] = kind._words
    return found


def check_flaws(**given: str) -> None:
    """Check on_error and its like. Raises UserErrorException."""
    for name, value in given.items():
        if value not in FLAWS:
            raise _errors.UserErrorException(
                "{} is one of {}, not {!r}".format(name, ", ".join(FLAWS), value)
            )


def made(library: Any, column: Any, words: Dict[str, Any], is_strict: bool) -> Any:
    """Return a column of pandas as one of a type; what is not of it is missing there.

    is_strict: raise UserErrorException, with the first such value, instead.
    """
    ways = {"bool": _bool, "datetime": _datetime, "float": _float, "long": _long, "string": _string}
    if words.get("to") not in ways:
        raise _errors.UserErrorException(
            "this SDK does not know the type {!r} of the column {}; a newer one does".format(
                words.get("to"), column.name
            )
        )
    found = ways[words["to"]](library, column, words)
    lost = column.notna() & found.isna()
    if is_strict and lost.any():
        raise _errors.UserErrorException(
            "the column {} holds {!r}, which is no {}; on_error='null' makes it a missing"
            " value".format(column.name, column[lost].iloc[0], words["to"])
        )
    return found


def _string(library: Any, column: Any, words: Dict[str, Any]) -> Any:
    texts = [None if missing else str(one) for one, missing in zip(column, column.isna())]
    return library.Series(texts, index=column.index, dtype=object)


def _float(library: Any, column: Any, words: Dict[str, Any]) -> Any:
    if words.get("decimal_mark") == "," and not library.api.types.is_numeric_dtype(column):
        column = _string(library, column, words).str.replace(",", ".", regex=False)
    return library.to_numeric(column, errors="coerce").astype("float64")


def _long(library: Any, column: Any, words: Dict[str, Any]) -> Any:
    numbers = library.to_numeric(column, errors="coerce")
    if library.api.types.is_float_dtype(numbers):
        numbers = numbers.where(numbers % 1 == 0)
    return numbers if numbers.isna().any() else numbers.astype("int64")


def _bool(library: Any, column: Any, words: Dict[str, Any]) -> Any:
    texts = _string(library, column, words)
    known = dict([(one, True) for one in YES] + [(one, False) for one in NO])
    found = [None if one is None else known.get(one.strip().lower()) for one in texts]
    return library.Series(found, index=column.index, dtype=object if None in found else bool)


def _datetime(library: Any, column: Any, words: Dict[str, Any]) -> Any:
    if library.api.types.is_numeric_dtype(column) and column.notna().any():
        # pandas would take numbers for nanoseconds since 1970, whatever they are.
        column = _string(library, column, words)
    found = None
    # Before 2.0 pandas looks at each value by itself anyway, and knows no "mixed".
    is_new = int(library.__version__.split(".")[0]) >= 2
    for form in words.get("formats") or ["mixed" if is_new else None]:
        asked = {} if form is None else {"format": form}
        times = library.to_datetime(column, errors="coerce", utc=True, **asked)
        found = times if found is None else found.fillna(times)
    return found.dt.tz_localize(None)  # type: ignore[union-attr]
