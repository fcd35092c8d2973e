"""TabularDataset: the rows that files hold, with steps that choose columns and rows."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Optional, Tuple, Union

from trainyard import _errors
from trainyard._datasets import expressions, types
from trainyard._datasets.base import AbstractDataset
from trainyard._datasets.content import called
from trainyard._lazy import Lazy, hashlib, random
from trainyard._place import Place

PARSED = {
    "delimited": "ParseDelimited",
    "parquet": "ReadParquetFile",
    "json_lines": "ParseJsonLines",
    "idx": "ParseIdx",
}
# Nothing of it is needed before rows are read.
frames = Lazy("trainyard._datasets.frames")
UNNAMED = "a table that a run was given without a name"
MOST_SEED = 2**31 - 1
Columns = Union[str, List[str]]


class TabularDataset(AbstractDataset):
    """A table. Each step gives another dataset; nothing is read before to_pandas_dataframe()."""

    form = "tabular"

    def _definition(self) -> List[str]:
        parsed = PARSED.get(str(self._reading.get("format")), "ParseDelimited")
        return [self._content.definition, parsed, *called(self._reading)]

    def _named(self, workspace: Place, mode: str) -> Dict[str, Any]:
        if self.name or mode != "direct":
            return super()._named(workspace, mode)
        # A script gets the table itself, with its columns and steps. What has no name gets one
        # that the same table always has, and that stands in no list.
        said = json.dumps([self._content.tree(workspace), self._reading], sort_keys=True)
        name = "unnamed-" + str(hashlib.sha256(said.encode()).hexdigest())[:16]
        kept = self.register(workspace, name, UNNAMED, create_new_version=True)
        workspace.client.patch(workspace.api("datasets/" + name), {"archived": True})
        return kept._named(workspace, mode)

    def to_pandas_dataframe(
        self, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> Any:
        """Return all rows as a pandas data frame. Raises UserErrorException without pandas.

        on_error: "null" makes values that are not of the type of set_column_types missing ones,
        "fail" raises UserErrorException; out_of_range_datetime: the same for times alone.
        """
        types.check_flaws(on_error=on_error, out_of_range_datetime=out_of_range_datetime)
        strict = types.ALL if on_error == "fail" else ()
        if out_of_range_datetime == "fail":
            strict = (*strict, "datetime")
        return frames.frame(self._content, self._reading, strict)

    def __getitem__(self, key: str) -> expressions.Expression:
        """Return a column to say something of: table.filter(table["x"] > 5)."""
        return expressions.column(key)

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

    def with_timestamp_columns(
        self,
        timestamp: Optional[str] = None,
        partition_timestamp: Optional[str] = None,
        validate: bool = False,
        *,
        fine_grain_timestamp: Optional[str] = None,
        coarse_grain_timestamp: Optional[str] = None,
    ) -> "TabularDataset":
        """Return a table that knows which of its columns are times, to choose rows by.

        timestamp (in older scripts fine_grain_timestamp): each row's time.
        partition_timestamp (coarse_grain_timestamp): one of coarser times, as of a day's folder.
        Neither: a table that knows of none. Text is read as a time; time without a zone is UTC.
        validate: read the table now. Raises UserErrorException where a column is no time.
        """
        fine = timestamp or fine_grain_timestamp
        made = self._with("timestamps", fine, partition_timestamp or coarse_grain_timestamp)
        if validate:
            made.to_pandas_dataframe()
        return made

    @property
    def timestamp_columns(self) -> Tuple[Optional[str], Optional[str]]:
        """The columns of times: (timestamp, partition_timestamp), None for what was not said."""
        said = [step for step in self._reading.get("steps", ()) if step[0] == "timestamps"]
        return (said[-1][1], said[-1][2]) if said else (None, None)

    def time_before(
        self, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> "TabularDataset":
        """Return a table of the rows up to `end_time`; see time_between."""
        return self._of_time("time_before", None, _iso("time_before", end_time), include_boundary)

    def time_after(
        self, start_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> "TabularDataset":
        """Return a table of the rows from `start_time` on; see time_between."""
        return self._of_time("time_after", _iso("time_after", start_time), None, include_boundary)

    def time_between(
        self,
        start_time: datetime,
        end_time: datetime,
        include_boundary: bool = True,
        validate: bool = True,
    ) -> "TabularDataset":
        """Return a table of the rows between two times (UTC where they have no zone).

        Rows without a time are left out. validate is for v1's sake: the column is looked at when
        rows are read. Raises UserErrorException where no column of times is known.
        """
        start, end = _iso("time_between", start_time), _iso("time_between", end_time)
        return self._of_time("time_between", start, end, include_boundary)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True
    ) -> "TabularDataset":
        """Return a table of the rows of the last `time_delta` before now; see time_between."""
        if not isinstance(time_delta, timedelta):
            raise _errors.UserErrorException("time_recent takes a datetime.timedelta")
        start = datetime.now(timezone.utc) - time_delta
        return self._of_time("time_recent", start.isoformat(), None, include_boundary)

    def _of_time(
        self, call: str, start: Optional[str], end: Optional[str], inclusive: bool
    ) -> "TabularDataset":
        fine, coarse = self.timestamp_columns
        if not (fine or coarse):
            raise _errors.UserErrorException(
                "{} needs to know the column of times: with_timestamp_columns(timestamp='…')"
                " says which it is".format(call)
            )
        return self._with("time", fine or coarse, start, end, bool(inclusive))

    def filter(self, expression: Any) -> "TabularDataset":
        """Return a table of the rows of which a condition on their columns is true.

        table.filter((table["x"] > 5) & ~table["name"].starts_with("a")). Rows without a value are
        left out, but for is_null(). Raises UserErrorException for what is no condition.
        """
        words = expressions.words_of(expression)
        if expressions.columns_in(words, expressions.METADATA):
            raise _errors.UserErrorException(
                "file_metadata is of a FileDataset; a table is filtered by its columns: table['x']"
            )
        return self._with("filter", words)

    def _with(self, *step: Any) -> "TabularDataset":
        steps = [*self._reading.get("steps", ()), list(step)]
        return TabularDataset(self._content, reading=dict(self._reading, steps=steps))


def _iso(call: str, time: datetime) -> str:
    if not isinstance(time, datetime):
        raise _errors.UserErrorException("{} takes datetime.datetime, not {!r}".format(call, time))
    return time.isoformat()


def _names(columns: Columns) -> List[str]:
    return [columns] if isinstance(columns, str) else [str(name) for name in columns]
