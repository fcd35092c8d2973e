"""Waiting in a page: while one waits, Playwright calls what listens to the page."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page

from tests.fixtures import waiting
from tests.fixtures.stack import traffic_of

LOOK_MS = 50
POINT_MS = 200
# The delays of fragments and of what is typed are shorter.
QUIET_S = 0.7


def until(page: Page, condition: Callable[[], Any], what: str = "it happens") -> Any:
    """Wait until `condition()` is true and return what it says; AssertionError with `what`."""

    def look() -> Any:
        page.wait_for_timeout(LOOK_MS)
        return condition()

    return waiting.until(look, what=what)


def settled(page: Page) -> None:
    """Wait until the page asks for nothing any more, and has all that it asked for.

    What leaves a page breaks off the requests that it still has. ("networkidle" is true for good
    once it was: it does not wait for what a click or the socket makes the page ask for.)
    """
    page.wait_for_load_state("load")
    until(page, lambda: traffic_of(page).quiet_s > QUIET_S, "the page asks for nothing")


def point(target: Locator, is_told: Callable[[], Any], *, x: float = 0.5, y: float = 0.5) -> Any:
    """Hold the mouse over `target`, at these parts of its width and height, until `is_told()`.

    A chart that is drawn anew forgets the mouse: it is moved again, as a person would.
    """
    page, nudges = target.page, iter(range(1_000_000))

    def look() -> Any:
        target.scroll_into_view_if_needed()
        if (box := target.bounding_box()) is None:
            return None
        nudge = next(nudges) % 2
        page.mouse.move(box["x"] + box["width"] * x + nudge, box["y"] + box["height"] * y)
        page.wait_for_timeout(POINT_MS)
        return is_told()

    return until(page, look, "what is under the mouse is told")


def drag(target: Locator, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag with the mouse, once `target` stands still. begin, end: pixels from its corner."""
    mouse = target.page.mouse
    target.hover(position={"x": begin[0], "y": begin[1]})
    box = target.bounding_box()
    assert box is not None
    mouse.move(box["x"] + begin[0], box["y"] + begin[1])
    mouse.down()
    mouse.move(box["x"] + end[0], box["y"] + end[1], steps=4)
    mouse.up()
