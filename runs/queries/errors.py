"""What is wrong with a query, and where."""

from collections.abc import Sequence

from studio.errors import BadInput


class QueryError(BadInput):
    """A query that cannot be read.

    position, end: which characters of it are meant.   expected: what may stand there.
    """

    field = "q"

    def __init__(
        self, message: str, position: int, end: int | None = None, expected: Sequence[str] = ()
    ):
        self.position = position
        self.end = position + 1 if end is None else end
        self.expected = tuple(expected)
        super().__init__(
            message,
            fields={self.field: message},
            position=self.position,
            end=self.end,
            expected=list(self.expected),
        )


class OrderError(QueryError):
    """An order by something that is no column; the query is not to blame."""

    field = "sort"


def quoted(text: str, most: int = 60) -> str:
    """A piece of what was typed, as an error repeats it."""
    return f'"{text[:most]}…"' if len(text) > most else f'"{text}"'
