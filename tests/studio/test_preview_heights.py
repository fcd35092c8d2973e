"""How high a frame is made, from the text of what it shows."""

import time

import pytest

from studio.previewing import heights

SVG, HTML = "image/svg+xml", "text/html"


@pytest.mark.parametrize(
    ("text", "height"),
    [
        ('<?xml version="1.0"?><svg width="100" height="300">', 300),
        ("<svg height='150pt' width='1'>", 200),
        ('<svg width="100%" height="100%" viewBox="0 0 400 200">', 400),
        ('<svg viewBox="0,0,100,100000">', heights.HIGHEST),
        ('<svg height="1">', heights.LOWEST),
        ('<svg viewBox="0 0 0 5">', heights.USUAL),
        ("no drawing", heights.USUAL),
        ('<svg height="99999999999999999999">', heights.USUAL),
    ],
)
def test_a_drawing_is_as_high_as_it_says(text, height):
    assert heights.of(text, SVG) == height


def test_a_page_is_as_high_as_its_rows():
    small = heights.of("<table><tr><td>1</td></tr></table>", HTML)
    large = heights.of("<table>" + "<tr><td>1</td></tr>" * 12 + "</table>", HTML)
    assert heights.LOWEST <= small < large < heights.HIGHEST
    assert heights.of("<tr>" * 10_000, HTML) == heights.HIGHEST
    assert heights.of("", HTML) == heights.LOWEST


@pytest.mark.parametrize("piece", ["<svg ", "<svg height=", " viewBox='0 0 ", "<svg viewBox='1 1 "])
def test_it_takes_no_longer_than_reading_it(piece):
    began = time.thread_time()
    heights.of(piece * 200_000, SVG)
    assert time.thread_time() - began < 10
