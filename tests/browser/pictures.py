"""Pictures of pages, for whoever looks at them: taken with PICTURES=<folder> in the environment."""

import os
from pathlib import Path

from playwright.sync_api import Page

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 900, "height": 800}


def pictures(page: Page, name: str) -> None:
    """Of the page as it is, wide and narrow, light and dark: `<name>-<width>-<theme>.png`."""
    if to := os.environ.get("PICTURES"):
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                shown = f"() => document.documentElement.dataset.theme === '{theme}'"
                page.wait_for_function(shown)
                page.screenshot(path=Path(to) / f"{name}-{size['width']}-{theme}.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
