"""What kind of picture some bytes are, and how large: read from its head, nothing is decoded."""

from dataclasses import dataclass
from functools import lru_cache

from studio.files import blobs

# A camera's preview may stand before the size in a JPEG.
HEAD_BYTES = 256 * 1024
# What a browser makes of a small file may fill its memory: larger ones are linked, not loaded.
MOST_PIXELS = 50_000_000
# Frames of a JPEG that hold its size; the other codes between are tables and restarts.
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    """type: as HTTP names it.   width, height: pixels."""

    type: str
    width: int
    height: int

    @property
    def is_too_large(self) -> bool:
        """Whether a page must not load it by itself."""
        return self.width * self.height > MOST_PIXELS


@lru_cache(maxsize=4096)
def of_blob(sha256: str) -> Picture | None:
    """What picture a blob is; None when it is none that browsers show safely. Raises NotFound."""
    with blobs.open_blob(sha256) as file:
        return of_bytes(file.read(HEAD_BYTES))


def of_bytes(head: bytes) -> Picture | None:
    """The picture that begins with `head`: PNG, JPEG, GIF, WebP, BMP; None for anything else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and len(head) >= 24:
        return Picture("image/png", _big(head[16:20]), _big(head[20:24]))
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        return Picture("image/gif", _little(head[6:8]), _little(head[8:10]))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp(head)
    if head.startswith(b"\xff\xd8"):
        return _jpeg(head)
    if head.startswith(b"BM") and len(head) >= 26:  # one that stands on its head is of less than 0
        return Picture("image/bmp", _signed(head[18:22]), _signed(head[22:26]))
    return None


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _signed(data: bytes) -> int:
    return abs(int.from_bytes(data, "little", signed=True))


def _webp(head: bytes) -> Picture | None:
    """Source: WebP container specification; RFC 9649."""
    if head[12:16] == b"VP8X":
        return Picture("image/webp", _little(head[24:27]) + 1, _little(head[27:30]) + 1)
    if head[12:16] == b"VP8L":
        bits = _little(head[21:25])
        return Picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if head[12:16] == b"VP8 ":
        width, height = _little(head[26:28]), _little(head[28:30])
        return Picture("image/webp", width & 0x3FFF, height & 0x3FFF)
    return None


def _jpeg(head: bytes) -> Picture | None:
    """Source: ITU-T T.81, annex B: segments of a marker and a length, up to the frame's."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        if head[at + 1] in JPEG_FRAMES:
            return Picture("image/jpeg", _big(head[at + 7 : at + 9]), _big(head[at + 5 : at + 7]))
        at += 2 + _big(head[at + 2 : at + 4])
    return None
