"""Runs in groups: by a parameter, a tag, or a fact of theirs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runs.comparing import columns
from runs.models import Run
from studio.errors import BadInput

# More bands in one picture hide each other.
MOST_GROUPS = 24


def groups(runs: Sequence[Run], by: str, now: datetime) -> tuple[dict[str, list[Run]], int]:
    """Return the runs by their value of `by`, and how many are left out.

    by: a column's key, "" for one group of all.   "" as a group: the runs that have no value.
    The MOST_GROUPS largest groups are kept; numbers stand in their order, texts in theirs.
    Raises BadInput for a key that no run has.
    """
    if not by:
        return {"": list(runs)}, 0
    column = next((one for one in columns.of(runs, now) if one.key == by), None)
    if column is None:
        raise BadInput(
            f'these runs have no "{by[:300]}" to be grouped by; write params.<name>, tags.<name>'
            " or a fact such as experiment, state, script or cluster",
            fields={"by": "none of the runs has it"},
        )
    found: dict[Any, list[Run]] = defaultdict(list)
    for run, value in zip(runs, column.values, strict=True):
        found[value].append(run)
    largest = sorted(found, key=lambda value: -len(found[value]))[:MOST_GROUPS]
    kept = sorted(largest, key=_place)
    left_out = len(runs) - sum(len(found[value]) for value in kept)
    return {word(value): found[value] for value in kept}, left_out


def word(value: Any) -> str:
    """A value as the name of a group; pages write it alike."""
    return "" if value is None else str(value)


def _place(value: Any) -> tuple[int, float, str]:
    """Numbers first, in their order; then texts; then none."""
    if value is None:
        return 2, 0.0, ""
    return (0, value, "") if isinstance(value, float | int) else (1, 0.0, str(value))
