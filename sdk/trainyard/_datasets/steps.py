"""What is done to a table's rows after they are read: the steps that TabularDataset wrote down."""

from typing import Any, List, Optional

from trainyard import _errors
from trainyard._datasets import conditions
from trainyard._datasets.columns import pandas, there, times
from trainyard._lazy import random


def after(found: Any, step: str, values: List[Any]) -> Any:
    """Return a frame after one step, as TabularDataset wrote it down.

    Raises UserErrorException for a column that is not there, or holds what the step cannot use.
    """
    if step == "keep_columns":
        return found[there(found, values[0])]
    if step == "drop_columns":
        return found.drop(columns=there(found, values[0]))
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
            times(found, name)
        return found
    if step == "time":
        name, start, end, is_inclusive = values
        return found[_between(times(found, name), start, end, is_inclusive)]
    if step == "filter":
        return found[conditions.chosen(found, values[0])]
    raise _errors.UserErrorException("this SDK does not know the step {!r} of a table".format(step))


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
