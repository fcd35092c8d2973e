"""About how high a page or drawing of a stranger is: a frame that runs nothing cannot tell."""

import re

# Pixels. A frame takes the height of what it shows, within these.
LOWEST, USUAL, HIGHEST, FRAME_WIDTH = 60, 260, 720, 800
ROWS = ("<tr", "<br", "<p", "<div", "<li", "<pre")
ROW, LINE, EDGES = 26, 5, 40
HEAD_CHARACTERS = 20_000
NUMBER = r"(\d{1,6}(?:\.\d{0,6})?)"
SVG = re.compile(r"<svg\b[^>]{0,4000}", re.IGNORECASE)
HEIGHT = re.compile(rf"""\sheight=["']?{NUMBER}(px|pt)?["'\s]""", re.IGNORECASE)
BOX = re.compile(
    rf"""\sviewBox=["'][-\d.]{{1,12}}[ ,]+[-\d.]{{1,12}}[ ,]+{NUMBER}[ ,]+{NUMBER}["']""",
    re.IGNORECASE,
)
POINT = 96 / 72


def of(text: str, kind: str) -> int:
    """Return pixels: of a drawing as its first element says, of a page by its rows and blocks.

    kind: "image/svg+xml" or "text/html".
    """
    height = _of_drawing(text) if kind == "image/svg+xml" else _of_page(text)
    return round(min(max(height, LOWEST), HIGHEST))


def _of_page(text: str) -> float:
    return ROW * sum(text.count(row) for row in ROWS) + LINE * text.count("\n") + EDGES


def _of_drawing(text: str) -> float:
    found = SVG.search(text[:HEAD_CHARACTERS])
    head = f"{found[0]} " if found else ""
    if said := HEIGHT.search(head):
        return float(said[1]) * (POINT if said[2] and said[2].lower() == "pt" else 1)
    box = BOX.search(head)
    # One that says only its proportions is as wide as its frame.
    return FRAME_WIDTH * float(box[2]) / float(box[1]) if box and float(box[1]) else USUAL
