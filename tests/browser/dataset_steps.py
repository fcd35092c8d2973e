"""Steps on the pages of datasets, for the tests that walk through them."""

import os
import re
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Page, Request, expect

MIB = 1024 * 1024
HOME = "/w/default/data/"
SLOW_MS = 60_000


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"datasets-{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def png(width: int, height: int) -> bytes:
    """A picture of one colour."""
    rows = b"".join(b"\0" + bytes((width * 3, height * 3, 90)) * width for _ in range(height))

    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def make_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def sent(page: Page) -> list[Request]:
    """Requests that carry contents, as they are made; without those the browser gave up."""
    found: list[Request] = []
    paths = re.compile(r"/blobs/[0-9a-f]{64}$|/uploads/[^/?]+\?offset=")

    def on_request(request: Request) -> None:
        if request.method in ("PUT", "PATCH") and paths.search(request.url):
            found.append(request)

    def on_failure(request: Request) -> None:
        # A network of the machine came or went: the page sends it again.
        if request in found and "ERR_NETWORK_CHANGED" in str(request.failure):
            found.remove(request)

    page.on("request", on_request)
    page.on("requestfailed", on_failure)
    return found


def begin(page: Page, address: str, chosen: Path) -> None:
    """Open the page that makes a dataset and choose a folder or a file."""
    page.goto(address)
    expect(page.get_by_role("button", name="Make it")).to_be_enabled()
    page.locator("#folder" if chosen.is_dir() else "#files").set_input_files(chosen)
    expect(page.locator("#tree")).to_be_visible()


def make(page: Page, name: str, version: int = 1) -> None:
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url(f"**{HOME}{name}/{version}/", timeout=SLOW_MS)
