"""Columns of a data frame by name, and as times. pandas is used where the person has it."""

import importlib
from typing import Any, List

from trainyard import _errors

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


def there(found: Any, names: List[str]) -> List[str]:
    """Return the names, all of which are columns. Raises UserErrorException where one is none."""
    missing = [name for name in names if name not in found.columns]
    if missing:
        raise _errors.UserErrorException(
            "the table has no column {}; its columns: {}".format(
                ", ".join(missing), ", ".join(str(name) for name in found.columns)
            )
        )
    return list(names)


def times(found: Any, name: str) -> Any:
    """Return a column as times in UTC. Raises UserErrorException where it is none."""
    (name,) = there(found, [name])
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
