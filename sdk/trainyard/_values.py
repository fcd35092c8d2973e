"""What a script may log, made plain: numbers and texts of any library, items of lists, rows."""

import json
import math
from typing import Any, Callable, Dict, Iterable, List, Tuple, Union

from trainyard import _errors

MOST_TEXT = 10000
NO_LIST = "`run.log` does not support list type. Use run.log_list instead"
VALID = "bool, int, float, str and None, and scalars of numpy, torch and the like"
LISTS = (list, tuple, set, frozenset, dict, range)
Plain = Union[bool, int, float, str, None]
Say = Callable[[str, str], None]


class Several(TypeError):
    """The value is many values."""


class Odd(TypeError):
    """The value is no number, truth value or text."""


def plain(value: Any) -> Plain:
    """Return `value` as bool, int, float, str or None. Raises Several or Odd."""
    # bool is an int; numpy's float64 is a float and its str_ a str.
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # of an enum, its text
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, LISTS) or hasattr(value, "__next__"):
        raise Several(type(value).__name__)
    if hasattr(value, "item") and not isinstance(value, type):
        return _of_item(value)
    if hasattr(value, "__float__") and not isinstance(value, (complex, type)):
        return _number(value)
    raise Odd(type(value).__name__)


def _of_item(value: Any) -> Plain:
    """Return a scalar of numpy, torch, jax, …; one of several values has no item."""
    try:
        item = value.item()
    except Exception:  # of any library
        raise _refused(value) from None
    # numpy's long double is its own item, and so are numbers that numpy was taught.
    return _number(value) if hasattr(item, "item") else plain(item)


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return _infinite(value)
    except Exception:  # of any library
        raise _refused(value) from None


def _infinite(value: Any) -> float:
    try:
        return math.inf if value > 0 else -math.inf
    except Exception:
        raise _refused(value) from None


def _refused(value: Any) -> TypeError:
    """Return why a value that would be no number is none: it is several, or just odd."""
    kind = type(value)
    is_several = any(hasattr(kind, name) for name in ("__len__", "__iter__", "__getitem__"))
    return Several(kind.__name__) if is_several else Odd(kind.__name__)


def clean(text: str) -> str:
    """Return text that can be encoded: half of a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def text_of(text: str, name: Any, say: Say) -> str:
    """Return a text as it stands in a line of the spool."""
    return json.dumps(_cut(text, name, say))


def _cut(text: str, name: Any, say: Say) -> str:
    text = clean(text)
    if len(text) > MOST_TEXT:
        say("text", "{}: texts are cut at {:,} characters".format(name, MOST_TEXT))
    return text[:MOST_TEXT]


def number_of(value: Union[int, float]) -> str:
    """Return a number as it stands in a line of the spool; what no float can hold is infinite."""
    if isinstance(value, int):
        try:
            float(value)
        except OverflowError:
            value = math.inf if value > 0 else -math.inf
    return "%d" % value if isinstance(value, int) else repr(value)


class Call:
    """A call in a script, "Run.log_list" of a metric `name`, and what it says of its values.

    say(key, text) says something on stderr, once per key. Wrong values raise UserErrorException.
    """

    def __init__(self, call: str, name: Any, say: Say):
        self._call = call
        self._name = name
        self._say = say

    def wrong(self, what: str) -> _errors.UserErrorException:
        """Return the error of a wrong call."""
        return _errors.UserErrorException("{}({!r}): {}".format(self._call, self._name, what))

    def items(self, values: Iterable[Any]) -> Tuple[str, List[str]]:
        """Return (kind, one text per item): f, i, b or t where all are alike, else j."""
        try:
            if isinstance(values, (str, bytes, dict)):
                raise TypeError
            goes_through = iter(values.tolist() if hasattr(values, "tolist") else values)
        except TypeError:
            kind = type(values).__name__
            raise self.wrong("not a list but {}; a single value: run.log".format(kind)) from None
        found = [self._plain(value) for value in goes_through]
        kinds = {type(value) for value in found}
        if kinds <= {str}:
            return "t", [json.dumps(value) for value in found]
        if kinds <= {bool}:
            return "b", [str(int(bool(value))) for value in found]
        if kinds <= {int, float}:
            numbers = [value for value in found if isinstance(value, (int, float))]
            return ("i" if kinds == {int} else "f"), [number_of(value) for value in numbers]
        return "j", [json.dumps(self._fitting(value)) for value in found]

    def _fitting(self, value: Plain) -> str:
        """Return a value as JSON of at most MOST_TEXT characters; quotes make a text longer."""
        text = _as_json(value)
        while isinstance(value, str) and len(text) > MOST_TEXT:
            value = value[: len(value) * 3 // 4]
            text = _as_json(value)
        return text

    def _plain(self, value: Any) -> Plain:
        try:
            found = plain(value)
        except TypeError:
            kind = type(value).__name__
            raise self.wrong("{} cannot be kept; valid types: {}".format(kind, VALID)) from None
        return _cut(found, self._name, self._say) if isinstance(found, str) else found

    def row(self, columns: Dict[str, Any]) -> str:
        """Return a row as a JSON object of at most MOST_TEXT characters: long texts are cut."""
        if not columns:
            raise self.wrong("no columns; name them: {}(name, column=value)".format(self._call))
        found = {clean(str(key)): self._plain(value) for key, value in columns.items()}
        text, most = _object(found), MOST_TEXT
        while len(text) > MOST_TEXT and most > 8:
            most = most * 3 // 4
            found = {k: v[:most] if isinstance(v, str) else v for k, v in found.items()}
            text = _object(found)
        if most < MOST_TEXT:
            said = "{}: texts are cut in rows of more than {:,} characters"
            self._say("row", said.format(self._name, MOST_TEXT))
        if len(text) > MOST_TEXT:
            raise self.wrong(
                "a row of {} columns has {:,} characters, {:,} is the most; log fewer columns in a"
                " row".format(len(found), len(text), MOST_TEXT)
            )
        return json.dumps(text)

    def rows(self, table: Any) -> List[str]:
        """Return a table (column → list, equal lengths; or a data frame), a text per row.

        Columns of single values are one row.
        """
        if not hasattr(table, "keys"):
            kind = type(table).__name__
            raise self.wrong("a table is a dict of columns, {{name: values}}, not {}".format(kind))
        columns = {str(key): _column(table[key]) for key in table.keys()}
        lengths = {key: len(column) for key, column in columns.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join("{} {}".format(*pair) for pair in lengths.items())
            raise self.wrong("the columns have different lengths: " + said)
        count = min(lengths.values()) if lengths else 0
        return [self.row({key: columns[key][n] for key in columns}) for n in range(count)]


def _as_json(value: Any) -> str:
    """Return a plain value as JSON; NaN and ±Inf, which JSON has no numbers for, as words."""
    return json.dumps(finite(value), ensure_ascii=False)


def finite(value: Any) -> Any:
    """Return the word for a number that JSON has none for; anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            float(value)
        except OverflowError:
            value = math.inf if value > 0 else -math.inf
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _object(columns: Dict[str, Any]) -> str:
    pairs = [_as_json(key) + ":" + _as_json(value) for key, value in columns.items()]
    return "{" + ",".join(pairs) + "}"


def _column(values: Any) -> List[Any]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        return [values]
    try:
        return list(values.tolist() if hasattr(values, "tolist") else values)
    except TypeError:  # an array of no dimension is a scalar
        return [values]
