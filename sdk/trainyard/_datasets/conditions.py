"""Which rows of a data frame an expression is true of; the same rules as for single values."""

from typing import Any, List

from trainyard import _errors
from trainyard._datasets import expressions
from trainyard._datasets.columns import pandas, there, times
from trainyard._datasets.expressions import AND, COLUMN, IS_NULL, NOT, OR, TIME, said


def chosen(found: Any, words: Any) -> Any:
    """Return for each row whether a condition is true, a column of booleans.

    Raises UserErrorException for a column that is not there, and for values that cannot be
    compared.
    """
    return _truth(found, words)


def _truth(found: Any, words: Any) -> Any:
    """Return a condition's truth for each row; a missing value is not true."""
    sign, parts = (words[0], words[1:]) if isinstance(words, list) else ("", [])
    if sign == AND:
        return _truth(found, parts[0]) & _truth(found, parts[1])
    if sign == OR:
        return _truth(found, parts[0]) | _truth(found, parts[1])
    if sign == NOT:
        return ~_truth(found, parts[0])
    if sign == IS_NULL:
        return _column(found, _value(found, parts[0])).isna()
    if sign in expressions.COMPARED:
        return _compared(found, words)
    values = _column(found, _value(found, words))
    is_true = []
    for value, is_missing in zip(values, values.isna()):
        # numpy's own kind of True is no bool, and equals one.
        if not is_missing and type(value).__name__ not in ("bool", "bool_"):
            raise _errors.UserErrorException(
                "{} is neither true nor false; {}".format(said(words), expressions.NO_CONDITION)
            )
        is_true.append(not is_missing and bool(value))
    return pandas().Series(is_true, index=found.index, dtype=bool)


def _compared(found: Any, words: List[Any]) -> Any:
    sign, left, right = words
    if right is None and sign in ("==", "!="):
        missing = _column(found, _value(found, left)).isna()
        return missing if sign == "==" else ~missing
    one, other = (_side(found, part, beside) for part, beside in ((left, right), (right, left)))
    try:
        is_so = _column(found, expressions.COMPARED[sign](one, other))
    except TypeError:
        raise _unlike(words) from None
    for value in (one, other):
        if hasattr(value, "notna"):
            is_so = is_so & value.notna()
    return is_so.astype(bool)


def _side(found: Any, words: Any, beside: Any) -> Any:
    """Return one side of a comparison; beside a time, texts are read as times."""
    is_time = isinstance(beside, list) and beside[0] == TIME
    if isinstance(beside, list) and beside[0] == COLUMN and beside[1] in found.columns:
        is_time = pandas().api.types.is_datetime64_any_dtype(found[beside[1]])
    if is_time and isinstance(words, list) and words[0] == COLUMN:
        return times(found, words[1])
    value = _value(found, words)
    if pandas().api.types.is_datetime64_any_dtype(value):
        return pandas().to_datetime(value, utc=True)
    return value


def _value(found: Any, words: Any) -> Any:
    """Return what an expression comes to: a column, or one value for all rows."""
    if not isinstance(words, list):
        return words
    sign, parts = words[0], words[1:]
    if sign == COLUMN:
        return found[there(found, [parts[0]])[0]]
    if sign == TIME:
        return pandas().Timestamp(expressions.parsed(parts[0]))
    if sign in expressions.OF_TEXTS:
        return _of_texts(found, words)
    if sign in expressions.RECKONED:
        values = [_value(found, part) for part in parts]
        try:
            return expressions.RECKONED[sign](*values)
        except TypeError:
            raise _unlike(words) from None
    if sign in (AND, OR, NOT, IS_NULL) or sign in expressions.COMPARED:
        return _truth(found, words)
    expressions.done(sign)
    raise _errors.UserErrorException("a table has no {}".format(said(words)))


def _of_texts(found: Any, words: List[Any]) -> Any:
    values, work = _column(found, _value(found, words[1])), expressions.done(words[0])
    other = [_value(found, part) for part in words[2:]]
    made = []
    for value, is_missing in zip(values, values.isna()):
        if not is_missing and not isinstance(value, str):
            raise _unlike(words)
        made.append(None if is_missing else work(value, *other))
    is_length = words[0] == "length"
    return pandas().Series(made, index=found.index, dtype="float64" if is_length else object)


def _column(found: Any, value: Any) -> Any:
    if hasattr(value, "isna"):
        return value
    return pandas().Series([value] * len(found), index=found.index, dtype=object)


def _unlike(words: Any) -> _errors.UserErrorException:
    return _errors.UserErrorException(
        "{} cannot be said of these values: a text, a number and a time are not alike;"
        " set_column_types where the table is made says what a column holds".format(said(words))
    )
