"""A growing text over HTTP: what is asked for, and the pieces, lines and places that answer."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from studio import stream_find, stream_lines, streams
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


class LinesAsked(Input):
    """From which line on (0-based; a negative one counts from the end), at most how many."""

    count = serializers.IntegerField(min_value=1, max_value=stream_lines.MOST_LINES, default=500)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.IntegerField(default=0)}


def lines(stream: Stream, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to LinesAsked: `rests` is what was left out of very long lines, in bytes."""
    found = stream_lines.read(stream, asked["from"], asked["count"])
    return {
        "path": path,
        "from": found.first,
        "lines": found.texts,
        "rests": [asdict(rest) for rest in found.rests],
        "times": stream_lines.times(stream, found.first, len(found.texts)),
        "offset": found.offset,
        "next_offset": found.next_offset,
        "line_count": found.total,
        "size_bytes": stream.size_bytes,
        "is_complete": stream.is_complete,
        "is_cut": stream.is_cut,
        "is_open": found.is_open,
    }


class FindAsked(Input):
    """What to find, from which line on, in which direction, at most how often."""

    text = serializers.CharField(max_length=1000, trim_whitespace=False)
    regex = serializers.BooleanField(default=False)
    case = serializers.BooleanField(default=False)
    back = serializers.BooleanField(default=False)
    limit = serializers.IntegerField(min_value=1, max_value=5000, default=100)

    def get_fields(self) -> dict[str, Any]:
        line = serializers.IntegerField(min_value=0, default=None, allow_null=True)
        return {**super().get_fields(), "from": line}


def found_in(stream: Stream, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to FindAsked: what was found in a part of a second, and where to go on.

    Raises BadInput for a pattern that is none.
    """
    pattern = stream_find.pattern_of(asked["text"], is_regex=asked["regex"], is_case=asked["case"])
    found = stream_find.find(
        stream, pattern, first=asked["from"], back=asked["back"], limit=asked["limit"]
    )
    answer = {
        "path": path,
        "matches": [asdict(hit) for hit in found.hits],
        "next": found.next_line,
        "line_count": stream_lines.total(stream),
    }
    if found.next_line is None and asked["from"] in (None, 0):
        answer["count"] = len(found.hits)
    return answer
