"""Notebooks: their cells in pages, their outputs as text, or named to be asked for one by one."""

import base64
import json
from typing import Any

from studio.errors import BadInput, NotFound
from studio.previewing import heights, highlighting, markdown, pictures
from studio.previewing.sources import Source

CELLS = 40
PAGE_CHARACTERS = 400_000
MOST_TEXT = 20_000
MOST_OUTPUTS = 50
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
FRAMED = ("image/svg+xml", "text/html")
MOST_BYTES = 8 * 1024 * 1024


def page(source: Source, cell: int = 0) -> dict[str, Any]:
    """Return {"cells", "cell", "cell_count", "next", "language"} of a notebook, from `cell` on.

    Raises BadInput for what is no notebook of version 4.
    """
    read = _read(source)
    language = _language(read)
    cells: list[dict[str, Any]] = []
    said = 0
    for number, one in enumerate(read["cells"][cell : cell + CELLS], cell):
        made, characters = _cell(one, number, language)
        said += characters
        if cells and said > PAGE_CHARACTERS:
            break
        cells.append(made)
    end = cell + len(cells)
    return {
        "cells": cells,
        "cell": cell,
        "cell_count": len(read["cells"]),
        "next": end if end < len(read["cells"]) else None,
        "language": language,
    }


def part(source: Source, cell: int, output: int) -> tuple[bytes, str]:
    """Return the bytes of one output that is a picture, SVG or HTML, and their content type."""
    try:
        bundle = _read(source)["cells"][cell]["outputs"][output]["data"]
        kind = next(kind for kind in (*PICTURES, *FRAMED) if kind in bundle)
        text = _joined(bundle[kind])
        return (_whole(text).encode() if kind in FRAMED else base64.b64decode(text)), kind
    except (LookupError, TypeError, StopIteration, ValueError):
        raise NotFound(
            f"{source.path} has no picture there: cell {cell}, output {output}"
        ) from None


def _read(source: Source) -> dict[str, Any]:
    try:
        read = json.loads(source.read(0, MOST_BYTES))
        if read["nbformat"] < 4 or not all(isinstance(cell, dict) for cell in read["cells"]):
            raise TypeError("not of version 4")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadInput(
            f"{source.path} is no notebook of version 4 ({str(error)[:80]}); look at it as text"
        ) from None
    return dict(read)


def _language(read: dict[str, Any]) -> str:
    try:
        name = str(read["metadata"]["language_info"]["name"]).lower()
    except (LookupError, TypeError):
        return "python"
    return name if name in highlighting.LANGUAGES.values() else ""


def _cell(cell: dict[str, Any], number: int, language: str) -> tuple[dict[str, Any], int]:
    """One cell as the page shows it, and how many characters it takes."""
    source = _cut(_joined(cell.get("source", "")))
    kind = cell.get("cell_type")
    if kind == "markdown":
        return {"kind": "markdown", "tree": markdown.tree(source)}, 2 * len(source)
    if kind != "code":
        return {"kind": "raw", "text": source}, len(source)
    given = cell.get("outputs")
    outputs = given if isinstance(given, list) else []
    shown = [_output(one, number, at) for at, one in enumerate(outputs[:MOST_OUTPUTS])]
    count = cell.get("execution_count")
    made = {
        "kind": "code",
        "text": source,
        "marks": highlighting.marks(source, language),
        "count": count if isinstance(count, int) else None,
        "outputs": shown,
        "more_outputs": max(0, len(outputs) - MOST_OUTPUTS),
    }
    return made, 3 * len(source) + sum(len(str(one.get("text", ""))) for one in shown)


def _output(output: Any, cell: int, at: int) -> dict[str, Any]:
    """One output: {"kind": "text" | "error" | "image" | "frame", …}; text may hold ANSI codes."""
    if not isinstance(output, dict):
        return {"kind": "text", "text": ""}
    kind = output.get("output_type")
    if kind == "error":
        said = _joined(output.get("traceback", []), "\n")
        said = said or f"{output.get('ename')}: {output.get('evalue')}"
        return {"kind": "error", "text": _cut(said)}
    if kind == "stream":
        name = "error" if output.get("name") == "stderr" else "text"
        return {"kind": name, "text": _cut(_joined(output.get("text", "")))}
    bundle = output.get("data")
    bundle = bundle if isinstance(bundle, dict) else {}
    where = {"cell": cell, "output": at, "text": _cut(_joined(bundle.get("text/plain", "")))}
    if kind := next((kind for kind in PICTURES if kind in bundle), None):
        words = _too_large(_joined(bundle[kind]))
        return {"kind": "text", "text": words} if words else {"kind": "image", **where}
    if kind := next((kind for kind in FRAMED if kind in bundle), None):
        return {"kind": "frame", "height": heights.of(_joined(bundle[kind]), kind), **where}
    if "text/markdown" in bundle:
        return {"kind": "markdown", "tree": markdown.tree(_cut(_joined(bundle["text/markdown"])))}
    return {"kind": "text", "text": where["text"]}


def _too_large(text: str) -> str:
    """What to say instead of a picture that would fill the browser's memory; else ""."""
    try:
        head = base64.b64decode(text[: pictures.HEAD_BYTES // 3 * 4])
    except ValueError:
        return ""
    found = pictures.of_bytes(head)
    if found is None or not found.is_too_large:
        return ""
    return f"A picture of {found.width:,} × {found.height:,} pixels, too large to be shown here."


def _joined(given: Any, between: str = "") -> str:
    """The text of a notebook's field: a string, or a list of its lines."""
    if isinstance(given, list):
        return between.join(str(line) for line in given)
    return given if isinstance(given, str) else ""


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON can hold and no answer can."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _cut(text: str) -> str:
    text = _whole(text)
    if len(text) <= MOST_TEXT:
        return text
    return f"{text[:MOST_TEXT]}\n… {len(text) - MOST_TEXT:,} more characters; download the notebook"
