"""What an address asks of a table, read from it and written into it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from runs.queries import key_of, split_key
from studio.texts import kept

USUAL_SIZE = 50
MOST_SIZE = 200
# As many as anybody reads, and the same 1,500 cannot be asked for in one answer of 200 rows.
MOST_COLUMNS = 100
MOST_TEXT = 20_000
_BETWEEN_COMMAS = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"]|")+', re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """A table as somebody wants it.

    query: as typed.   sort: a column's key, "-" in front for downwards, "" for newest first.
    columns: keys in their order, none for the usual ones.   archived: show those as well.
    """

    query: str = ""
    sort: str = ""
    columns: tuple[str, ...] = ()
    archived: bool = False
    cursor: str = ""
    size: int = USUAL_SIZE

    @staticmethod
    def read(given: QueryDict) -> "Asked":
        """Read q, sort, columns, archived, cursor and size; what makes no sense is the usual."""
        size = given.get("size") or ""
        is_whole = re.fullmatch(r"[0-9]{1,6}", size)
        return Asked(
            query=(given.get("q") or "")[:MOST_TEXT],
            sort=_key(given.get("sort") or ""),
            columns=columns_in(given.get("columns") or ""),
            archived=given.get("archived") == "1",
            cursor=kept(given.get("cursor") or "", MOST_TEXT),
            size=max(1, min(int(size), MOST_SIZE)) if is_whole else USUAL_SIZE,
        )

    def address(self, **changes: Any) -> str:
        """Return what follows ? in the address of this table, with some of it changed."""
        asked = replace(self, **changes)
        parts = {
            "q": asked.query,
            "sort": asked.sort,
            "columns": ",".join(asked.columns),
            "archived": "1" if asked.archived else "",
            "cursor": asked.cursor,
            "size": str(asked.size) if asked.size != USUAL_SIZE else "",
        }
        return urlencode({name: text for name, text in parts.items() if text}, errors="replace")


def _key(text: str) -> str:
    """A sort as it is always written, or as it came where it names no column."""
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    key = split_key(bare[:1000])
    return kept(f"{sign}{key}" if key else text, 1000)


def columns_in(text: str) -> tuple[str, ...]:
    """The column keys in `a,b`, in order, each once; what names no column is left out."""
    pieces: Iterable[str] = _BETWEEN_COMMAS.findall(kept(text, MOST_TEXT))
    keys = (split_key(piece.strip()) for piece in pieces)
    found = dict.fromkeys(key_of(key.kind, key.name, key.part) for key in keys if key)
    return tuple(found)[:MOST_COLUMNS]
