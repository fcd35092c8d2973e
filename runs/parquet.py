"""Pages of a Parquet file among a run's files or its code, read by a program beside the studio."""

import json
from typing import Any, NamedTuple, cast

from django.db.models import QuerySet

from registry import tables
from studio.models import Tree
from studio.previewing.csvs import MOST_CELL_CHARACTERS, MOST_COLUMNS, ROWS
from studio.previewing.sources import Source


class _Listed(NamedTuple):
    """What tables reads of a tree: its name, and rows with `path` and `blob`."""

    sha256: str
    files: "QuerySet[Any]"


def page(source: Source, files: "QuerySet[Any]", row: int) -> dict[str, Any]:
    """Return the rows from `row` on, as csvs.page does. files: rows that `source` is one of.

    Raises BadInput for what cannot be read.
    """
    # The answer is kept under the content's own name, whatever list it was found in.
    listed = cast(Tree, _Listed(source.sha256, files))
    reading = {"format": "parquet"}
    found = tables.page(listed, reading, path=source.path, start=row, count=ROWS)
    columns = found["columns"]
    return {
        "columns": [
            {"name": column["name"][:MOST_CELL_CHARACTERS], "type": column["type"]}
            for column in columns[:MOST_COLUMNS]
        ],
        "column_count": len(columns),
        "rows": [[_text(value) for value in cells[:MOST_COLUMNS]] for cells in found["rows"]],
        "row": row,
        "row_count": found["row_count"],
        "next": None if found["next"] is None else {"offset": 0, "row": found["next"]},
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_CELL_CHARACTERS else text[:MOST_CELL_CHARACTERS] + "…"
