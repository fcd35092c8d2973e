"""A growing text over HTTP: what is asked for, and the piece that answers."""

from typing import Any

from rest_framework import serializers

from studio import streams
from studio.api_input import Input
from studio.models import Stream

MOST_BYTES = 1024 * 1024


class PieceAsked(Input):
    """From which byte on (a negative one counts from the end), at most how many bytes."""

    offset = serializers.IntegerField(default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_BYTES, default=streams.CHUNK_BYTES)


def piece(stream: Stream, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to PieceAsked: text cut only between characters, and where it stands."""
    found = streams.read(stream, asked["offset"], asked["limit"])
    return {
        "path": path,
        "offset": found.offset,
        "next_offset": found.next_offset,
        "size_bytes": stream.size_bytes,
        "first_line": found.first_line,
        "text": found.text,
        "is_complete": stream.is_complete,
    }
