"""A burst of events becomes few frames, and nothing in it changes place."""

from studio.hub import join


def text(offset: int, words: str, group: str = "stream.1") -> dict:
    return {
        "type": "live.event",
        "group": group,
        "event": "text",
        "offset": offset,
        "next_offset": offset + len(words),
        "text": words,
    }


def points(after: int, values: list, name: str = "loss") -> dict:
    steps = list(range(after, after + len(values)))
    series = {name: {"after": after, "steps": steps, "times": steps[:], "values": values}}
    return {"type": "live.event", "group": "run.1.metrics", "event": "points", "series": series}


def test_text_that_continues_is_joined():
    joined = join([text(0, "ab"), text(2, "c"), text(3, "d")])
    assert [(e["offset"], e["next_offset"], e["text"]) for e in joined] == [(0, 4, "abcd")]


def test_text_after_a_gap_stays_its_own_event():
    joined = join([text(0, "ab"), text(9, "z"), text(10, "y")])
    assert [(e["offset"], e["text"]) for e in joined] == [(0, "ab"), (9, "zy")]


def test_two_logs_are_not_mixed():
    joined = join([text(0, "a"), text(0, "b", "stream.2"), text(1, "c")])
    assert [(e["group"], e["text"]) for e in joined] == [("stream.1", "ac"), ("stream.2", "b")]


def test_points_are_joined_by_name_and_a_new_name_joins_too():
    joined = join([points(0, [1.0]), points(1, [2.0, "NaN"]), points(0, [9.0], "acc")])
    assert len(joined) == 1
    assert joined[0]["series"]["loss"]["values"] == [1.0, 2.0, "NaN"]
    assert joined[0]["series"]["acc"]["after"] == 0


def test_points_after_a_gap_stay_their_own_event():
    joined = join([points(0, [1.0]), points(5, [2.0])])
    assert [e["series"]["loss"]["after"] for e in joined] == [0, 5]


def test_a_wake_up_is_told_once_with_what_is_newest():
    events = [
        {"type": "live.event", "group": "run.1", "event": "run-changed", "number": n}
        for n in (3, 4, 5)
    ]
    assert [e["number"] for e in join(events)] == [5]
