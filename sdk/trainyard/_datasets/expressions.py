"""What filter() takes: conditions on a row or a file, built by Python's own operators.

table.filter((table["x"] > 5) & table["name"].starts_with("a"))
files.filter(files.file_metadata("Size") > 10000)

Written down they are lists: ["and", [">", ["column", "x"], 5], ["is_null", ["column", "y"]]].
A value that is missing is less than, equal to, like nothing: every comparison with it is false.
"""

import math
import operator
from datetime import date, datetime, timezone
from typing import Any, Callable, Dict, List

from trainyard import _errors

COLUMN, METADATA, TIME = "column", "metadata", "time"
AND, OR, NOT, IS_NULL = "and", "or", "not", "is_null"
#: What is done to two values, whether they are single ones or columns of pandas.
COMPARED: Dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
RECKONED: Dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
#: What is done to a text, and to another one beside it.
OF_TEXTS: Dict[str, Callable[..., Any]] = {
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
    "length": len,
    "to_lower": str.lower,
    "to_upper": str.upper,
}
IN_WORDS = {"starts_with": "starts with", "ends_with": "ends with", "contains": "contains"}
NO_CONDITION = (
    "filter takes a condition on a column: dataset.filter(dataset['x'] > 5); several are joined by"
    " & and |, each in parentheses, and ~ is not: (dataset['x'] > 5) & ~(dataset['y'] == 'a')"
)


class Expression:
    """A column, or what is said of it; nothing is read before a dataset is filtered by it."""

    def __init__(self, words: List[Any]):
        self._words = words

    def _and_other(self, sign: str, other: Any) -> "Expression":
        return Expression([sign, self._words, _word(other)])

    def __eq__(self, other: Any) -> "Expression":  # type: ignore[override]
        return self._and_other("==", other)

    def __ne__(self, other: Any) -> "Expression":  # type: ignore[override]
        return self._and_other("!=", other)

    def __gt__(self, other: Any) -> "Expression":
        return self._and_other(">", other)

    def __ge__(self, other: Any) -> "Expression":
        return self._and_other(">=", other)

    def __lt__(self, other: Any) -> "Expression":
        return self._and_other("<", other)

    def __le__(self, other: Any) -> "Expression":
        return self._and_other("<=", other)

    def __add__(self, other: Any) -> "Expression":
        return self._and_other("+", other)

    def __sub__(self, other: Any) -> "Expression":
        return self._and_other("-", other)

    def __mul__(self, other: Any) -> "Expression":
        return self._and_other("*", other)

    def __truediv__(self, other: Any) -> "Expression":
        return self._and_other("/", other)

    def __floordiv__(self, other: Any) -> "Expression":
        return self._and_other("//", other)

    def __mod__(self, other: Any) -> "Expression":
        return self._and_other("%", other)

    def __and__(self, other: Any) -> "Expression":
        return Expression([AND, self._words, words_of(other)])

    def __or__(self, other: Any) -> "Expression":
        return Expression([OR, self._words, words_of(other)])

    # `x > 1 & y > 2` is x > (1 & y) > 2 to Python: it comes here, and is told about parentheses.
    def __rand__(self, other: Any) -> "Expression":
        return Expression([AND, words_of(other), self._words])

    def __ror__(self, other: Any) -> "Expression":
        return Expression([OR, words_of(other), self._words])

    def __invert__(self) -> "Expression":
        return Expression([NOT, self._words])

    def is_null(self) -> "Expression":
        """Return the condition that there is no value."""
        return Expression([IS_NULL, self._words])

    def starts_with(self, value: str) -> "Expression":
        """Return the condition that a text begins with `value`."""
        return self._and_other("starts_with", _text(value))

    def ends_with(self, value: str) -> "Expression":
        """Return the condition that a text ends with `value`."""
        return self._and_other("ends_with", _text(value))

    def contains(self, value: str) -> "Expression":
        """Return the condition that `value` stands somewhere in a text."""
        return self._and_other("contains", _text(value))

    def length(self) -> "Expression":
        """Return how many characters a text has, to be compared."""
        return Expression(["length", self._words])

    def to_lower(self) -> "Expression":
        """Return a text in small letters, to be compared."""
        return Expression(["to_lower", self._words])

    def to_upper(self) -> "Expression":
        """Return a text in capitals, to be compared."""
        return Expression(["to_upper", self._words])

    def __bool__(self) -> bool:
        raise _errors.UserErrorException(
            "a condition on a column is neither true nor false by itself, so `and`, `or`, `not`,"
            " `in` and 1 < x < 5 cannot be used with it; " + NO_CONDITION
        )

    def __repr__(self) -> str:
        return said(self._words)


def column(name: Any) -> Expression:
    """Return the values of a column. Raises UserErrorException for what is no name of one."""
    if not isinstance(name, str):
        raise _errors.UserErrorException(
            "a column is named by a text, dataset['x'], not by {!r}; rows are reached by"
            " to_pandas_dataframe()".format(name)
        )
    return Expression([COLUMN, name])


def words_of(expression: Any) -> List[Any]:
    """Return a condition as lists. Raises UserErrorException for what is none."""
    if not isinstance(expression, Expression):
        raise _errors.UserErrorException(NO_CONDITION)
    return expression._words


def _word(value: Any) -> Any:
    """Return a value that a column is compared with, as it is written down."""
    if isinstance(value, Expression):
        return value._words
    if type(value).__name__ == "datetime64":
        value = value.astype("datetime64[us]").item()
    if isinstance(value, date) and value == value:  # pandas' NaT is a time, and not itself
        return [TIME, in_utc(value).isoformat()]
    if hasattr(value, "item"):  # a number of numpy
        value = value.item()
    is_finite = not isinstance(value, float) or math.isfinite(value)
    if value is None or (isinstance(value, (bool, int, float, str)) and is_finite):
        return value
    raise _errors.UserErrorException(
        "a column is compared with a number, a text, a time, True, False, None or another column,"
        " not with {!r}".format(value)
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _errors.UserErrorException("{!r} is no text to look for in a column".format(value))
    return value


def in_utc(time: date) -> datetime:
    """Return a date or a time as one in UTC; without a zone it is one already."""
    if not isinstance(time, datetime):
        time = datetime(time.year, time.month, time.day)
    # One of pandas may have nanoseconds, which are nowhere else.
    time = datetime.combine(time.date(), time.timetz())
    return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)


def parsed(text: str) -> datetime:
    """Return the time that `in_utc(…).isoformat()`, or the studio, wrote."""
    whole = text.replace("+00:00", "").rstrip("Z")
    form = "%Y-%m-%dT%H:%M:%S.%f" if "." in whole else "%Y-%m-%dT%H:%M:%S"
    return datetime.strptime(whole, form).replace(tzinfo=timezone.utc)


def columns_in(words: Any, kind: str = COLUMN) -> List[str]:
    """Return the names of the columns (or the metadata) that a condition looks at."""
    if not isinstance(words, list):
        return []
    if words[0] == kind:
        return [str(words[1])]
    return [name for part in words[1:] for name in columns_in(part, kind)]


def holds(words: Any, look: Callable[[str, str], Any]) -> bool:
    """Return whether a condition is true of one thing; look(kind, name) gives its values.

    Raises UserErrorException for values that cannot be compared.
    """
    return value_of(words, look) is True


def value_of(words: Any, look: Callable[[str, str], Any]) -> Any:
    """Return what an expression comes to for one thing, None where a value is missing."""
    if not isinstance(words, list):
        return words
    sign, parts = words[0], words[1:]
    if sign in (COLUMN, METADATA):
        found = look(sign, parts[0])
        return in_utc(found) if isinstance(found, date) else found
    if sign == TIME:
        return parsed(parts[0])
    if sign == AND:
        return holds(parts[0], look) and holds(parts[1], look)
    if sign == OR:
        return holds(parts[0], look) or holds(parts[1], look)
    if sign == NOT:
        return not holds(parts[0], look)
    values = [value_of(part, look) for part in parts]
    if sign == IS_NULL or (sign in ("==", "!=") and parts[1] is None):
        return (values[0] is None) == (sign != "!=")
    if None in values:
        return False if sign in COMPARED else None
    try:
        return done(sign)(*values)
    except (TypeError, ZeroDivisionError) as error:
        raise _errors.UserErrorException("{}: {}".format(said(words), error)) from None


def done(sign: str) -> Callable[..., Any]:
    """Return what an operator does. Raises UserErrorException for one this SDK does not know."""
    for known in (COMPARED, RECKONED, OF_TEXTS):
        if sign in known:
            return known[sign]
    raise _errors.UserErrorException(
        "this SDK does not know {!r} in a filter; a newer one does".format(sign)
    )


def said(words: Any) -> str:
    """Return an expression as people read it: (x > 5) and (name starts with 'a')."""
    if not isinstance(words, list):
        return repr(words)
    sign, parts = words[0], words[1:]
    if sign in (COLUMN, METADATA, TIME):
        return str(parts[0])
    texts = [said(part) for part in parts]
    if len(parts) == 1:
        return texts[0] + " is null" if sign == IS_NULL else "{}({})".format(sign, texts[0])
    return "({} {} {})".format(texts[0], IN_WORDS.get(sign, sign), texts[1])
