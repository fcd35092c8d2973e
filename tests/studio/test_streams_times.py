"""When lines came: to the second in which each ended, or was last added to."""

from datetime import UTC, datetime, timedelta

import pytest

from studio import stream_lines, streams
from studio.models import StreamTime

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 3, 1, 12, 0, 0, 400_000, tzinfo=UTC)
SECOND = int(BEGAN.timestamp())


@pytest.fixture
def said():
    """Append bytes so many seconds after the beginning."""
    stream = streams.create()

    def append(after_s: float, data: bytes):
        stream.refresh_from_db()
        streams.append(stream.pk, stream.size_bytes, data, at=BEGAN + timedelta(seconds=after_s))
        stream.refresh_from_db()
        return stream

    return append


def test_a_line_has_the_second_in_which_it_ended(said):
    said(0, b"zero\none\nbegun")
    said(0.2, b" and")
    said(5, b" ended\nthree\nopen")
    stream = said(9.7, b"")
    assert stream_lines.times(stream, 0, 5) == [(0, SECOND), (2, SECOND + 5)]
    assert stream_lines.times(stream, 1, 1) == [(1, SECOND)]
    assert stream_lines.times(stream, 3, 2) == [(3, SECOND + 5)]
    stream = said(9.7, b"ed\nnext\n")
    assert stream_lines.times(stream, 0, 10) == [
        (0, SECOND),
        (2, SECOND + 5),
        (4, SECOND + 10),  # 0.4 + 9.7
    ]
    assert stream_lines.times(stream, 6, 0) == []


def test_a_progress_bar_has_the_second_of_its_last_move_and_one_row(said):
    for number in range(20):
        stream = said(number, b"\r%d%%" % number)
    assert stream_lines.times(stream, 0, 1) == [(0, SECOND + 19)]
    assert StreamTime.objects.count() == 1


def test_a_chatty_log_has_a_row_a_second(said):
    for tenth in range(50):
        stream = said(tenth / 10, b"line %d\n" % tenth)
    assert StreamTime.objects.count() == 6  # the last begins at 12:00:05.3
    of_each = dict(stream_lines.times(stream, 0, 50))
    assert of_each == {0: SECOND, **{6 + 10 * n: SECOND + 1 + n for n in range(5)}}


def test_lines_from_before_times_were_kept_have_none(said):
    said(0, b"old\n" * 3)
    StreamTime.objects.all().delete()
    stream = said(60, b"new\n")
    assert stream_lines.times(stream, 0, 4) == [(3, SECOND + 60)]
    assert stream_lines.times(stream, 0, 3) == []
