"""What was typed as a value, as the field beside it understands it."""

import math
import re
from datetime import UTC, date, datetime, timedelta

from runs.queries.errors import QueryError, quoted
from runs.queries.terms import Word
from runs.states import State

NUMBER = re.compile(
    r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:e[+-]?\d{1,4})?", re.I | re.A
)
_PIECE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)", re.I | re.A)
UNITS = {
    unit: seconds
    for seconds, units in (
        (1, "s sec secs second seconds"), (60, "m min mins minute minutes"),
        (3600, "h hour hours"), (86_400, "d day days"), (7 * 86_400, "w week weeks"),
    )
    for unit in units.split()
}  # fmt: skip
TRUTH = {"true": 1.0, "false": 0.0}
DAYS = {"today": 0, "yesterday": 1}


def number_of(text: str) -> float | None:
    """Return the finite number that `text` is, None for everything else."""
    if not NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def number(word: Word, field: str) -> float:
    """Return the number. Raises QueryError for a text that is none."""
    found = number_of(word.text)
    if found is None:
        found = TRUTH.get(word.text.lower())
    if found is None:
        hint = f"; write {field} is nan" if word.text.lower() == "nan" else ", like 0.3 or 1e-4"
        raise QueryError(
            f"{quoted(word.text)} is no number, which {field} is compared with{hint}",
            word.start,
            word.end,
        )
    return found


def seconds(word: Word, field: str) -> float:
    """Return how many seconds `90`, `10m` or `1h30m` are. Raises QueryError."""
    plain = number_of(word.text)
    if plain is not None:
        return plain
    found = _duration(word.text)
    if found is None:
        raise QueryError(
            f"{quoted(word.text)} is no duration, which {field} is compared with: write 90"
            " (seconds), 10m, 1h30m or 2d",
            word.start,
            word.end,
        )
    return found


def _duration(text: str) -> float | None:
    pieces = _PIECE.findall(text)
    if not pieces or _PIECE.sub("", text).strip():
        return None
    if any(unit.lower() not in UNITS for _, unit in pieces):
        return None
    return float(sum(float(count) * UNITS[unit.lower()] for count, unit in pieces))


def span(word: Word, field: str, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when a time reaches: a day is whole, a moment begins and ends at once.

    Raises QueryError for what is neither.
    """
    text = word.text.strip().lower()
    try:
        if text in DAYS:
            return _day(now.date() - timedelta(days=DAYS[text]))
        if text == "now":
            return now, now
        if text.endswith("ago"):
            passed = _duration(text.removesuffix("ago"))
            if passed is not None:
                return (now - timedelta(seconds=passed),) * 2
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return _day(date.fromisoformat(text))
        moment = datetime.fromisoformat(text.upper())
        # Within a day of the first and the last year, a time elsewhere is none of UTC's.
        return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC),) * 2
    except (ValueError, OverflowError):
        pass
    raise QueryError(
        f"{quoted(word.text)} is no time, which {field} is compared with: write 2026-11-01,"
        " 2026-11-01T12:00 (UTC), today, yesterday or 2d ago",
        word.start,
        word.end,
    )


def _day(day: date) -> tuple[datetime, datetime]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + timedelta(days=1)


def state(word: Word) -> str:
    """Return the state, however its letters are written. Raises QueryError."""
    for known in State:
        if known.value.lower() == word.text.lower():
            return str(known.value)
    raise QueryError(
        f"there is no state {quoted(word.text)}; there are: {', '.join(State.values)}",
        word.start,
        word.end,
        State.values,
    )
