"""The mean and the band of groups of runs, beside the same worked out by hand."""

import numpy as np
import pytest

from runs.comparing import bands
from runs.models import MetricSegment
from runs.states import State
from tests.factories import make_experiment, make_run
from tests.runs.comparing import logged, trained

pytestmark = pytest.mark.django_db
SPAN = (-300, 5000)


@pytest.fixture
def experiment(caller):
    return make_experiment(workspace=caller.workspace, name="digits")


@pytest.fixture
def points(experiment):
    """Runs with points at random steps, in several batches; some NaN and infinite: run → points."""
    chance = np.random.default_rng(7)
    made = {}
    for number in range(6):
        run = make_run(experiment=experiment, state=State.COMPLETED)
        count = 50 * number + 20
        steps = np.sort(chance.integers(*SPAN, count))
        values = chance.normal(size=count)
        values[chance.random(count) < 0.1] = np.nan
        values[chance.random(count) < 0.02] = np.inf
        for part, (some, of_it) in enumerate(
            zip(np.array_split(steps, 3), np.array_split(values, 3), strict=True), 1
        ):
            logged(run, sequence=part, loss=(some, of_it))
        made[run] = steps, values
    return made


def ask(caller, runs, **more):
    asked = {"runs": [run.run_id for run in runs], "name": "loss", **more}
    reply = caller.post(f"{caller.home}/bands", asked)
    assert reply.status_code == 200, reply.content
    return reply.json()


def by_hand(points, width: int, first: int, last: int) -> dict[int, list[float]]:
    """Middle of a bin → each run's mean there, for whole bins that touch first…last."""
    found: dict[int, list[float]] = {}
    for steps, values in points:
        for start in range(first // width * width, last + 1, width):
            inside = values[(steps >= start) & (steps < start + width) & np.isfinite(values)]
            if len(inside):
                found.setdefault(start + (width - 1) // 2, []).append(float(inside.mean()))
    return dict(sorted(found.items()))


@pytest.mark.parametrize("most", [2, 7, 40, 400, 20_000])
@pytest.mark.parametrize("span", [(None, None), (100, 900), (-50, -20), (4000, 90_000)])
def test_means_and_bands_are_those_of_the_points(caller, points, most, span):
    wanted = {"most": most, "from": span[0], "to": span[1]}
    found = ask(caller, points, **wanted)
    width = found["width"]
    assert width & (width - 1) == 0
    every = np.concatenate([steps for steps, _ in points.values()])
    first = int(every.min()) if span[0] is None else max(span[0], int(every.min()))
    last = int(every.max()) if span[1] is None else min(span[1], int(every.max()))
    expected = by_hand(points.values(), width, first, last)
    assert last // width - first // width + 1 <= most
    assert width == 1 or last // (width // 2) - first // (width // 2) + 1 > most
    group = found["groups"][""]
    assert group["steps"] == list(expected)
    assert group["runs"] == len(points)
    assert group["counts"] == [len(means) for means in expected.values()]
    for key, worked_out in (
        ("mean", np.mean), ("low", np.min), ("high", np.max), ("std", np.std),
    ):  # fmt: skip
        assert np.allclose(group[key], [worked_out(means) for means in expected.values()])


def test_what_is_no_number_is_left_out_and_counted(caller, points):
    lost = sum(int((~np.isfinite(values)).sum()) for _, values in points.values())
    assert ask(caller, points)["groups"][""]["nan_count"] == lost > 10


def test_a_band_of_deviation_lies_around_the_mean(caller, points):
    group = ask(caller, points, band="deviation", most=20)["groups"][""]
    mean, std = np.array(group["mean"]), np.array(group["std"])
    assert np.allclose(group["low"], mean - std)
    assert np.allclose(group["high"], mean + std)


def test_nothing_is_made_up_beyond_the_last_step_of_a_run(caller, experiment):
    long, short = trained(experiment, [1.0] * 8), trained(experiment, [3.0] * 4)
    group = ask(caller, [long, short])["groups"][""]
    assert group["mean"] == [2.0] * 4 + [1.0] * 4
    assert group["counts"] == [2] * 4 + [1] * 4


def test_what_is_drawn_does_not_move_when_runs_grow(caller, experiment):
    run = make_run(experiment=experiment, state=State.RUNNING)
    chance = np.random.default_rng(3)
    values = chance.normal(size=1024)
    logged(run, loss=values[:900])
    before = ask(caller, [run], most=128)
    logged(run, sequence=2, loss=(np.arange(900, 1024), values[900:]))
    after = ask(caller, [run], most=128)
    assert before["width"] == after["width"] == 8
    whole = 900 // 8
    for key in ("steps", "mean"):
        assert before["groups"][""][key][:whole] == after["groups"][""][key][:whole]


def test_runs_are_grouped_by_what_they_have(caller, experiment):
    fast = [trained(experiment, [1.0, value], lr=0.1, tags={"kind": "a"}) for value in (2.0, 4.0)]
    slow = trained(experiment, [5.0, 5.0], lr=0.01)
    plain = trained(experiment, [9.0, 9.0])
    runs = [*fast, slow, plain]
    groups = ask(caller, runs, by="params.lr")["groups"]
    assert list(groups) == ["0.01", "0.1", ""]
    assert groups["0.1"]["mean"] == [1.0, 3.0]
    assert (groups["0.1"]["low"], groups["0.1"]["high"]) == ([1.0, 2.0], [1.0, 4.0])
    assert (groups["0.01"]["runs"], groups[""]["mean"]) == (1, [9.0, 9.0])
    assert set(ask(caller, runs, by="tags.kind")["groups"]) == {"a", ""}
    assert set(ask(caller, runs, by="experiment")["groups"]) == {"digits"}
    refused = caller.post(
        f"{caller.home}/bands", {"runs": [slow.run_id], "name": "loss", "by": "params.x"}
    )
    assert refused.status_code == 400
    assert "params.x" in refused.json()["error"]["message"]


def test_groups_may_be_said_by_the_caller(caller, experiment):
    one, two = trained(experiment, [1.0]), trained(experiment, [3.0])
    groups = {"both": [one.run_id, two.run_id], "one": [one.run_id], "none": []}
    reply = caller.post(f"{caller.home}/bands", {"groups": groups, "name": "loss"}).json()
    assert reply["groups"]["both"]["mean"] == [2.0]
    assert reply["groups"]["one"]["mean"] == [1.0]
    assert reply["groups"]["none"]["steps"] == []


def test_more_groups_than_can_be_seen_are_left_out_and_counted(caller, experiment, monkeypatch):
    monkeypatch.setattr("runs.comparing.grouping.MOST_GROUPS", 2)
    runs = [trained(experiment, [1.0], lr=lr) for lr in (3, 3, 3, 1, 1, 2)]
    found = ask(caller, runs, by="params.lr")
    assert list(found["groups"]) == ["1", "3"]
    assert found["left_out"] == 1


def test_runs_without_the_metric_have_no_band(caller, experiment):
    group = ask(caller, [trained(experiment, [])])["groups"][""]
    assert (group["runs"], group["steps"], group["mean"]) == (0, [], [])


def test_more_points_than_can_be_looked_at_are_refused_with_a_way_out(
    caller, experiment, monkeypatch
):
    monkeypatch.setattr(bands, "MOST_POINTS", 10)
    run = trained(experiment, [1.0] * 11)
    reply = caller.post(f"{caller.home}/bands", {"runs": [run.run_id], "name": "loss"})
    assert reply.status_code == 400
    assert "choose fewer runs" in reply.json()["error"]["message"]


def test_many_points_are_looked_at_in_parts(caller, points, monkeypatch):
    whole = ask(caller, points, most=64)
    monkeypatch.setattr(bands, "AT_ONCE", 50)
    parted = ask(caller, points, most=64)
    for key, values in whole["groups"][""].items():
        assert np.allclose(parted["groups"][""][key], values)


def test_segments_that_nobody_looked_at_are_looked_at(caller, experiment):
    run = trained(experiment, [1.0, 2.0, 3.0])
    MetricSegment.objects.update(least_step=None, greatest_step=None)
    for span in ({}, {"from": 1, "to": 2}):
        group = ask(caller, [run], **span)["groups"][""]
        assert group["mean"] == ([2.0, 3.0] if span else [1.0, 2.0, 3.0])
