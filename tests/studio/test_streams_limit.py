"""A log that has reached its limit says so in its last line, and its writer goes on."""

import pytest

from studio import streams
from tests.studio.test_streams import stream_of

pytestmark = pytest.mark.django_db
WORDS = "… the log has reached its limit of 1 MB; what the script writes after this is not kept"


@pytest.fixture(autouse=True)
def limit(settings):
    settings.LOG_MAX_BYTES = 2**20


def text_of(stream):
    return b"".join(streams.chunks_of(stream)).decode()


def test_whole_lines_are_kept_and_the_last_one_says_why_it_ends():
    line = b"0123456789 abcdefg\n"
    stream = stream_of(line * 50_000, line * 50_000)
    assert stream.is_cut
    kept, _, last = text_of(stream).rstrip("\n").rpartition("\n")
    assert last == WORDS
    assert set(kept.splitlines()) == {"0123456789 abcdefg"}
    assert 2**20 - 100 < stream.size_bytes < 2**20 + 200
    assert stream.line_count == kept.count("\n") + 2


def test_what_comes_later_is_taken_and_dropped():
    stream = stream_of(b"x" * (2**20 - 3), b"some more")
    size = stream.size_bytes
    assert text_of(stream).endswith(f"xsom\n{WORDS}\n")
    # Twice the same: the answer to the first was lost.
    for _ in range(2):
        assert streams.append(stream.pk, 2**20 + 6, b"and more\n") == 2**20 + 15
    assert streams.append(stream.pk, 0, b"") == size
    stream.refresh_from_db()
    assert stream.size_bytes == size


def test_a_log_that_just_fits_is_not_cut():
    stream = stream_of(b"x" * (2**20 - 1) + b"\n")
    assert not stream.is_cut
    assert streams.append(stream.pk, 2**20, b"y\n") == 2**20 + 2
    stream.refresh_from_db()
    assert text_of(stream).endswith(f"x\n{WORDS}\n")
