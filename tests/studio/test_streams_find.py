"""Finding in a stream: every hit once, in both directions, in portions, in what is seen."""

import time

import pytest

from studio import stream_find
from studio.errors import BadInput
from tests.studio.test_streams import stream_of

pytestmark = pytest.mark.django_db


def all_of(stream, text, *, back=False, limit=100, regex=False, case=False, **more):
    """Every hit, portion after portion, and how many portions it took."""
    pattern = stream_find.pattern_of(text, is_regex=regex, is_case=case)
    hits, first, portions = [], None, 0
    while True:
        found = stream_find.find(stream, pattern, first=first, back=back, limit=limit, **more)
        hits += [(hit.line, hit.start, hit.end) for hit in found.hits]
        portions += 1
        if found.next_line is None:
            return hits, portions
        assert first is None or found.next_line != first, "a portion goes on"
        first = found.next_line


ROWS = [f"epoch {n} loss 0.{n % 7} ".encode() + b"." * (n % 90) for n in range(120_000)]


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("limit", [1, 7, 5000])
def test_each_hit_is_found_once_in_its_order(back, limit):
    rows = list(ROWS)
    wanted = [0, 1, 4999, 60_000, 60_001, 119_999]
    for line in wanted:
        rows[line] += b" Needle and needle"
    stream = stream_of(b"\n".join(rows[:50_000]) + b"\n", b"\n".join(rows[50_000:]))
    start = {line: len(rows[line]) - len(b"Needle and needle") for line in wanted}
    places = [(line, start[line] + at, start[line] + at + 6) for line in wanted for at in (0, 11)]
    found, portions = all_of(stream, "needle", back=back, limit=limit)
    assert found == (places[::-1] if back else places)
    assert portions >= 6 // limit


@pytest.mark.parametrize("back", [False, True])
def test_time_that_is_up_ends_a_portion_and_nothing_is_lost(back):
    stream = stream_of(b"\n".join(ROWS) + b"\n")
    ticks = iter(range(0, 10**9, 100))
    # Between two looks at the clock goes more time than a portion has: each ends at its first.
    found, portions = all_of(stream, "epoch 11999", back=back, clock=lambda: next(ticks))
    assert sorted(line for line, _, _ in found) == [11_999, *range(119_990, 120_000)]
    assert portions > 2


def test_switches_for_case_and_patterns():
    stream = stream_of(b"ValueError: bad\nvalueerror\n[ok] 1.5\n1x5\n")
    assert [hit[0] for hit in all_of(stream, "valueerror")[0]] == [0, 1]
    assert [hit[0] for hit in all_of(stream, "ValueError", case=True)[0]] == [0]
    assert all_of(stream, "1.5")[0] == [(2, 5, 8)]
    assert [hit[0] for hit in all_of(stream, r"\d.\d$", regex=True)[0]] == [2, 3]
    assert all_of(stream, r"bad\s+value", regex=True)[0] == [], "a hit is within a line"
    assert all_of(stream, r"x*", regex=True)[0] == [(3, 1, 2)], "nothing is no hit"
    assert all_of(stream, "[ok]")[0] == [(2, 0, 4)]


def test_colours_and_what_was_written_over_are_not_in_the_way():
    stream = stream_of(
        b"\x1b[31mErr\x1b[0mor: \xc3\xa9t\xc3\xa9\x1b]0;title\x07 here\n"
        b" 10%|#   |\r 50%|##  |\r100%|####|\r\n"
        b"abcdef\rxy\n"
    )
    assert all_of(stream, "error: été")[0] == [(0, 0, 10)]
    assert all_of(stream, "[31m")[0] == []
    assert all_of(stream, "title")[0] == []
    assert all_of(stream, "50%")[0] == []
    assert all_of(stream, "100%")[0] == [(1, 0, 4)]
    assert all_of(stream, "xycdef")[0] == [(2, 0, 6)]


def test_a_line_without_end_is_searched_as_far_as_a_reader_would(monkeypatch):
    monkeypatch.setattr(stream_find, "LONGEST_LINE", 3 * 2**20)
    stream = stream_of(b"first word\n", b"x" * (9 * 2**20), b" word\nlast word\n")
    assert [hit[0] for hit in all_of(stream, "word")[0]] == [0, 2]
    assert [hit[0] for hit in all_of(stream, "word", back=True)[0]] == [2, 1, 0]


@pytest.mark.parametrize("text", ["(", "[a", "*", r"(?<=a)b", r"(a)\1"])
def test_a_bad_pattern_is_refused_with_the_reason(text):
    with pytest.raises(BadInput, match=r"is no valid pattern: [^(]"):
        stream_find.pattern_of(text, is_regex=True, is_case=False)


def test_a_long_line_beside_a_progress_bar_takes_linear_time():
    stream = stream_of(b"x" * 1_900_000 + b"\n50%\r100% needle\n")
    began = time.thread_time()
    assert all_of(stream, "needle")[0] == [(1, 5, 11)]
    assert time.thread_time() - began < 60, "as its square it would be half an hour"


def test_a_pattern_that_holds_up_others_takes_linear_time():
    stream = stream_of(b"a" * 200_000 + b"\n")
    assert all_of(stream, "(a+)+$b", regex=True)[0] == []
