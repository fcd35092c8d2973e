"""Any line of a stream by its number, however long the stream and the line are."""

import random

import pytest

from studio import stream_lines, streams
from studio.stream_lines import LONGEST, MOST_BYTES
from tests.studio.test_streams import stream_of

pytestmark = pytest.mark.django_db


def test_every_line_is_found_in_pieces_of_all_sizes():
    rows = [f"line {n} " + "ä" * (n % 40) for n in range(5000)]
    whole = "\n".join(rows).encode() + b"\n"
    pick, pieces, at = random.Random(1), [], 0
    while at < len(whole):
        size = pick.choice([1, 7, 900, 17_000, 40_000])
        pieces.append(whole[at : at + size])
        at += size
    stream = stream_of(*pieces)
    for line in [0, 1, 2, *pick.sample(range(5000), 60), 4998, 4999]:
        found = stream_lines.read(stream, line, 3)
        assert found.texts == rows[line : line + 3]
        assert (found.first, found.total) == (line, 5000)
        assert found.offset == len("".join(f"{row}\n" for row in rows[:line]).encode())


def test_lines_are_counted_from_the_end_and_past_it_there_are_none():
    stream = stream_of(b"".join(b"line %d\n" % n for n in range(100)), b"open")
    found = stream_lines.read(stream, -2, 10)
    assert (found.first, found.texts, found.total) == (99, ["line 99", "open"], 101)
    assert found.next_offset == stream.size_bytes
    past = stream_lines.read(stream, 500, 10)
    assert (past.first, past.texts) == (101, [])
    empty = stream_lines.read(stream_of(), -10, 10)
    assert (empty.first, empty.texts, empty.total) == (0, [], 0)


def test_a_few_questions_find_any_line_whatever_the_shape_of_the_log(django_assert_max_num_queries):
    """Few long lines, then very many short ones, then one that never ends for a while."""
    long = [b"%06d " % n + b"x" * 17_000 for n in range(150)]
    short = [b"%06d" % n for n in range(150, 500_000)]
    end = [b"y" * 300_000, b"last"]
    rows = [*long, *short, *end]
    whole = b"\n".join(rows) + b"\n"
    stream = stream_of(*(whole[at : at + 40_000] for at in range(0, len(whole), 40_000)))
    assert stream.chunks.count() > 150
    for line in (0, 1, 149, 150, 151, 100_000, 499_998, 499_999, 500_000, 500_001):
        with django_assert_max_num_queries(40):
            found = stream_lines.read(stream, line, 2)
        assert (found.first, found.total) == (line, len(rows))
        assert found.texts == [row.decode()[:LONGEST] for row in rows[line : line + 2]]
    with django_assert_max_num_queries(2):
        assert stream_lines.read(stream, -1, 1).texts == ["last"]


def test_a_very_long_line_is_cut_with_the_way_to_its_rest():
    long = b"x" * (10 * 2**20) + b"END"
    stream = stream_of(b"before\n", long, b"\nafter\n")
    for first, count in [(1, 1), (1, 2), (0, 3)]:
        found = stream_lines.read(stream, first, count)
        if first == 0:
            assert found.texts == ["before"], "what fits comes; the rest is asked for"
            continue
        assert [len(text) for text in found.texts] == [LONGEST]
        [rest] = found.rests
        assert (rest.line, rest.end - rest.offset) == (1, len(long) - LONGEST)
        assert b"".join(streams.range_of(stream, rest.end - 3, 3)) == b"END"
    assert stream_lines.read(stream, -1, 1).texts == ["after"]
    assert [len(t) for t in stream_lines.read(stream, -2, 1).texts] == [LONGEST]


def test_a_line_that_is_longer_than_others_is_cut_among_them():
    stream = stream_of(b"one\n" + "é".encode() * LONGEST + b"\nthree\n")
    found = stream_lines.read(stream, 0, 3)
    assert found.texts == ["one", "é" * (LONGEST // 2), "three"]
    assert [(rest.line, rest.end - rest.offset) for rest in found.rests] == [(1, LONGEST)]


def test_of_a_progress_bar_the_last_is_given():
    bar = b"".join(b"\r%3d%% of it" % (n % 101) for n in range(1_000_000))
    stream = stream_of(b"start\n", bar, b"\nend\n")
    assert len(bar) > MOST_BYTES
    found = stream_lines.read(stream, 1, 1)
    assert found.texts[0].endswith(" of it")
    assert len(found.texts[0]) < 5000
    assert not found.rests
    short = stream_of(b"\r 1%\r 2%\r\n")
    assert stream_lines.read(short, 0, 1).texts == ["\r 1%\r 2%\r"], "the page draws it"


def test_a_character_that_is_not_whole_yet_waits():
    stream = stream_of(b"a\n", "é".encode()[:1])
    found = stream_lines.read(stream, 0, 9)
    assert (found.texts, found.next_offset) == (["a"], 2)
