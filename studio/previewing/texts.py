"""A text piece by piece, cut between lines, with the marks that colour it."""

from typing import Any

from studio.previewing import highlighting
from studio.previewing.sources import Source

PIECE_BYTES = 256 * 1024
WHOLE_BYTES = 1024 * 1024


def piece(source: Source, offset: int = 0) -> dict[str, Any]:
    """Return {"text", "offset", "next_offset", "language", "marks"} of the text from `offset` on.

    next_offset: None at the end.   marks: see highlighting.marks; [] for what is too long for it.
    """
    data = source.read(offset, PIECE_BYTES)
    is_last = offset + len(data) >= source.size_bytes
    if not is_last:
        data = data[: _end(data)]
    text = data.decode("utf-8-sig" if not offset else "utf-8", errors="replace")
    text = text.replace("\r\n", "\n")
    language = highlighting.language_of(source.path)
    is_whole = not offset and is_last
    return {
        "text": text,
        "offset": offset,
        "next_offset": None if is_last else offset + len(data),
        "language": language,
        "marks": highlighting.marks(text, language) if is_whole else [],
    }


def _end(data: bytes) -> int:
    """Where to cut: after the last line, or, within one long line, between two characters."""
    newline = data.rfind(b"\n") + 1
    if newline > len(data) // 2:
        return newline
    end = len(data)
    while end > len(data) - 4 and data[end - 1] & 0xC0 == 0x80:
        end -= 1
    return end - 1 if data[end - 1] & 0xC0 == 0xC0 else len(data)


def whole(source: Source, most: int = WHOLE_BYTES) -> str:
    """Return all of a text of at most `most` bytes."""
    return source.read(0, most).decode("utf-8-sig", errors="replace")
