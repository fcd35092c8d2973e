"""TabularDataset: the rows that files hold, with steps that choose columns and rows."""

from typing import Any, List, Optional, Tuple, Union

from trainyard import _errors
from trainyard._datasets import frames
from trainyard._datasets.base import AbstractDataset
from trainyard._lazy import random

PARSED = {
    "delimited": "ParseDelimited",
    "parquet": "ReadParquetFile",
    "json_lines": "ParseJsonLines",
}
CALLED = {
    "keep_columns": "KeepColumns",
    "drop_columns": "DropColumns",
    "take": "Take",
    "skip": "Skip",
    "split": "RandomSplit",
}
MOST_SEED = 2**31 - 1
Columns = Union[str, List[str]]


class TabularDataset(AbstractDataset):
    """A table. Each step gives another dataset; nothing is read before to_pandas_dataframe()."""

    form = "tabular"

    def _definition(self) -> List[str]:
        steps = [CALLED.get(str(step[0]), str(step[0])) for step in self._reading.get("steps", ())]
        parsed = PARSED.get(str(self._reading.get("format")), "ParseDelimited")
        return [self._content.definition, parsed, *steps]

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> Any:
        """Return all rows as a pandas data frame. Raises UserErrorException without pandas."""
        return frames.frame(self._content, self._reading)

    def keep_columns(self, columns: Columns, validate: bool = False) -> "TabularDataset":
        """Return a table of these columns only, in this order."""
        return self._with("keep_columns", _names(columns))

    def drop_columns(self, columns: Columns) -> "TabularDataset":
        """Return a table without these columns."""
        return self._with("drop_columns", _names(columns))

    def take(self, count: int) -> "TabularDataset":
        """Return a table of the first `count` rows."""
        return self._with("take", int(count))

    def skip(self, count: int) -> "TabularDataset":
        """Return a table without the first `count` rows."""
        return self._with("skip", int(count))

    def take_sample(self, probability: float, seed: Optional[int] = None) -> "TabularDataset":
        """Return a table that each row is in with this probability."""
        return self.random_split(probability, seed)[0]

    def random_split(
        self, percentage: float, seed: Optional[int] = None
    ) -> "Tuple[TabularDataset, TabularDataset]":
        """Return two tables: each row is in the first with probability `percentage` (0…1)."""
        share = float(percentage)
        if not 0 <= share <= 1:
            raise _errors.UserErrorException(
                "percentage is a number from 0 to 1, not {}".format(share)
            )
        # Both halves draw the same numbers, now and whenever they are read.
        seed = random.randrange(MOST_SEED) if seed is None else int(seed)
        return self._with("split", share, seed, True), self._with("split", share, seed, False)

    def with_timestamp_columns(self, *args: Any, **kwargs: Any) -> Any:
        raise _errors.not_built(
            "TabularDataset.with_timestamp_columns", "to_pandas_dataframe(), and its rows by time"
        )

    def filter(self, expression: Any) -> Any:
        raise _errors.not_built("TabularDataset.filter", "to_pandas_dataframe(), and its rows")

    def _with(self, *step: Any) -> "TabularDataset":
        steps = [*self._reading.get("steps", ()), list(step)]
        return TabularDataset(self._content, reading=dict(self._reading, steps=steps))


def _names(columns: Columns) -> List[str]:
    return [columns] if isinstance(columns, str) else [str(name) for name in columns]
