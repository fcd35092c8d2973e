"""What to show of a file, as one answer of bounded size."""

from collections.abc import Callable
from typing import Any

from studio.errors import BadInput
from studio.previewing import arrays, csvs, kinds, markdown, notebooks, pictures, texts
from studio.previewing.sources import Source

HEX_BYTES = 4096
# What a file may be looked at as, besides what it is.
AS_TEXT = {"json", "table", "markdown", "page", "notebook"}


def of(
    source: Source,
    *,
    rows_of: Callable[[int], dict[str, Any]],
    wanted: str = "",
    offset: int = 0,
    row: int = 0,
    cell: int = 0,
) -> dict[str, Any]:
    """Return {"path", "size_bytes", "kind", "is", "also", "version", …} and what that kind shows.

    rows_of: reads a Parquet file from a row on; whoever asks knows who can.

    wanted: "text" or "hex" for another look than its own.   offset, row, cell: where a later piece
    begins, as the answer before said.   kind: what is shown; `is`: what the file is.
    """
    head = source.read(0, kinds.HEAD_BYTES)
    own = kinds.kind_of(source.ending, source.size_bytes, head)
    also = [own, *(["text"] if own in AS_TEXT and source.ending != "parquet" else [])]
    if own not in ("empty", "hex"):
        also.append("hex")
    if wanted and wanted not in also:
        raise BadInput(f"{source.path} cannot be shown as {wanted}; it can as {', '.join(also)}")
    kind = wanted or own
    if kind == "table" and source.ending == "parquet":
        shown = rows_of(row)
    else:
        shown = _shown(source, kind, head, {"offset": offset, "row": row, "cell": cell})
    told = {"path": source.path, "size_bytes": source.size_bytes, "kind": kind, "is": own}
    return {**told, "also": also, "version": source.sha256, **shown}


def _shown(source: Source, kind: str, head: bytes, at: dict[str, int]) -> dict[str, Any]:
    if kind == "text":
        return texts.piece(source, at["offset"])
    if kind == "json":
        return {"text": texts.whole(source)}
    if kind == "table":
        return csvs.page(source, at["offset"], at["row"])
    if kind == "markdown":
        return {"tree": markdown.tree(texts.whole(source))}
    if kind == "notebook":
        return notebooks.page(source, at["cell"])
    if kind == "array":
        return arrays.describe(source)
    if kind == "image":
        return _picture(source)
    if kind == "hex":
        return {"bytes": source.read(0, HEX_BYTES).hex(), "seems": kinds.seems(head)}
    return {}


def _picture(source: Source) -> dict[str, Any]:
    """Its width and height where its head says so, and whether a page may load it."""
    found = pictures.of_blob(source.sha256)
    if found is None:
        return {"width": None, "height": None, "is_too_large": False}
    return {"width": found.width, "height": found.height, "is_too_large": found.is_too_large}
