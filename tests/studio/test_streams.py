"""Text that grows: nothing doubled, nothing lost, no character cut."""

import pytest

from studio import streams
from studio.errors import WrongOffset

pytestmark = pytest.mark.django_db


def stream_of(*pieces: bytes):
    stream = streams.create()
    size = 0
    for piece in pieces:
        size = streams.append(stream.pk, size, piece)
    stream.refresh_from_db()
    return stream


def test_what_is_appended_is_read_back():
    stream = stream_of(b"one\n", b"two\n", b"thr", b"ee\n")
    piece = streams.read(stream, 0)
    assert piece.text == "one\ntwo\nthree\n"
    assert (piece.offset, piece.next_offset, piece.first_line) == (0, 14, 0)
    assert stream.line_count == 3


def test_an_append_at_another_offset_says_where_to_go_on():
    stream = stream_of(b"hello")
    with pytest.raises(WrongOffset) as refused:
        streams.append(stream.pk, 3, b"lo")
    assert refused.value.facts == {"at": 5}
    stream.refresh_from_db()
    assert streams.read(stream, 0).text == "hello"


def test_a_character_is_never_cut():
    stream = stream_of("aé".encode()[:2])
    assert streams.read(stream, 0).text == "a"
    streams.append(stream.pk, 2, "é".encode()[1:])
    stream.refresh_from_db()
    assert streams.read(stream, 1).text == "é"
    assert streams.read(stream, 2).text == "", "an offset within a character goes on behind it"
    cut = streams.read(stream_of("abcé".encode()), 0, limit=4)
    assert (cut.text, cut.next_offset) == ("abc", 3)


def test_bytes_that_are_no_text_are_kept_and_shown_as_replaced():
    stream = stream_of(b"\xff\xfe\n")
    assert streams.read(stream, 0).text == "\ufffd\ufffd\n"
    assert b"".join(streams.chunks_of(stream)) == b"\xff\xfe\n"


def test_a_negative_offset_starts_at_a_line_and_counts_the_lines_before():
    stream = stream_of(b"".join(b"line %d\n" % n for n in range(1000)))
    piece = streams.read(stream, -20)
    assert piece.text == "line 998\nline 999\n"
    assert piece.first_line == 998


def test_large_and_small_pieces_join_to_the_same_bytes():
    pieces = [b"x" * 10, b"y" * 700_000, b"\n", b"z" * 16_000, b"end\n" * 3]
    stream = stream_of(*pieces)
    whole = b"".join(pieces)
    assert b"".join(streams.chunks_of(stream)) == whole
    assert b"".join(streams.range_of(stream, 262_140, 500)) == whole[262_140 : 262_140 + 500]
    assert stream.chunks.count() < len(pieces) + 3
