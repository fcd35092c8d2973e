"""Lines of a spool file become batches that the studio reads as what was logged."""

import json
import math
import random
import struct
from array import array

from trainyard._driver import points
from trainyard._driver.points import Lines, packed

from runs.metrics.batches import unpack

HEAD = b"%s\t%d\t1700000000.5\t%s\t%s"


def line(kind, step, value, name='"a"'):
    return HEAD % (kind.encode(), step, str(value).encode(), name.encode())


def read(lines, most=500):
    reader = Lines()
    series, count = reader.read(lines, most)
    return series, count, reader.malformed


def test_the_studio_reads_what_was_written(seed=5):
    numbers = random.Random(seed)
    wanted, lines = {}, []
    for step in range(2000):
        name = numbers.choice(["loss", "a b/c ä", "\U0001f600"])
        value = numbers.choice(
            [numbers.uniform(-1, 1) * 10.0 ** (step % 300), -0.0, math.inf, math.nan, 1e-308]
        )
        lines.append(line("f", -step, repr(value), json.dumps(name)))
        wanted.setdefault(name, []).append((-step, value))
    lines.append(line("j:table", 0, json.dumps('{"ä":1}'), '"rows"'))
    series, count, malformed = read(lines)
    assert count == len(lines) and not malformed
    head, batches = unpack(packed("w", 7, series))
    assert (head["writer"], head["sequence"]) == ("w", 7)
    for batch in batches[:-1]:
        steps, values = zip(*wanted[batch.name], strict=True)
        assert batch.steps.tolist() == list(steps) and (batch.times == 1700000000.5).all()
        assert struct.pack(f"{len(values)}d", *values) == batch.values.tobytes()
    rows = batches[-1]
    assert (rows.kind, rows.form, rows.values) == ("json", "table", ['{"ä":1}'])


def test_numbers_of_two_kinds_stay_in_their_order():
    series, _, _ = read([line("i", 0, 1), line("f", 1, 0.5), line("b", 2, 1), line("i", 3, 7)])
    assert [(one.kind, list(one.values)) for one in series] == [("float", [1, 0.5, 1, 7])]


def test_forms_and_texts_of_one_name_are_series_of_their_own():
    lines = [line("i", 0, 1), line("i:list", 0, 1), line("t", 0, '"x"'), line("j:list", 0, '"1"')]
    assert [one.what for one in read(lines)[0]] == [
        "number", "list (number)", "text", "list (json)",
    ]  # fmt: skip


def test_lines_that_are_no_points_cost_themselves_only():
    bad = [
        *(b"f\t1\t17", b"", line("x", 0, 1), line("f", 2**63, 1), line("f", 0, "one")),
        *(line("f:odd", 0, 1), line("t", 0, "x"), line("f", 0, 1, '"a'), b"\xff\t\t\t\t"),
    ]
    series, count, malformed = read([line("f", 0, 1), *bad, line("f", 1, 2)])
    assert [list(one.steps) for one in series] == [[0, 1]] and count == 11
    assert malformed == [one for one in bad if one]
    assert [len(column) for column in (series[0].times, series[0].values)] == [2, 2]


def test_a_batch_ends_before_it_has_too_many_names():
    lines = [line("f", 0, n, f'"{n % 4}"') for n in range(10)]
    series, count, _ = read(lines, 3)
    assert [one.name for one in series] == ["0", "1", "2"] and count == 3
    assert read(lines, 4)[1] == 10


def test_a_machine_of_the_other_byte_order_sends_the_same(monkeypatch):
    monkeypatch.setattr(points.sys, "byteorder", "big")
    assert points._little(array("q", [1])) == (1).to_bytes(8, "big")
