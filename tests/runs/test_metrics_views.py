"""What is drawn of a stretch of steps: nothing that stands out is lost, nothing drawn moves."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runs import metrics
from runs.metrics.packing import PAGE_POINTS
from runs.metrics.thinning import bin_for
from tests.factories import make_run
from tests.runs.series import log, series_of, view

pytestmark = pytest.mark.django_db
NO_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
READ_ONLY = settings(max_examples=60, suppress_health_check=NO_CHECKS)
MOST = st.sampled_from([2, 100, 400, 1000, 5000, 100_000])
MILLION = 1_000_000


def noise(count, seed=1):
    """Values in which each stretch has another least and greatest, and a few are no numbers."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=count).cumsum()
    for word in (np.nan, np.inf, -np.inf):
        values[chance.integers(0, count, 12)] = word
    return values


def assert_honest(points, logged, most, span):
    """Points of the input, in order, with all that stands out in the span and a neighbour."""
    (steps, values), (low, high) = logged, span
    inside = np.ones(len(steps), bool)
    inside &= (steps >= low) if low is not None else True
    inside &= (steps <= high) if high is not None else True
    assert (np.diff(points.steps) >= 0).all()
    assert np.array_equal(points.values, values[points.numbers], equal_nan=True)
    assert np.array_equal(points.steps, steps[points.numbers])
    shown, all_of_it = points.at(inside[points.numbers]), values[inside]
    finite = all_of_it[np.isfinite(all_of_it)]
    if len(finite):
        drawn = shown.values[np.isfinite(shown.values)]
        assert (drawn.min(), drawn.max()) == (finite.min(), finite.max())
    for word in (np.isnan, np.isposinf, np.isneginf):
        assert word(shown.values).any() == word(all_of_it).any()
    if inside.sum() <= most:
        assert len(shown) == inside.sum()
    no_numbers = int((~np.isfinite(all_of_it)).sum())
    assert len(points) <= max(most, 2) + no_numbers + 8
    rises = (np.diff(steps) >= 0).all()
    if low is not None and (steps < low).any():
        assert points.steps[0] < low
        assert points.steps[0] == steps[steps < low].max() or not rises
    if high is not None and (steps > high).any():
        assert points.steps[-1] > high
        assert points.steps[-1] == steps[steps > high].min() or not rises


def spans(low, high):
    step = st.one_of(st.none(), st.integers(low, high))
    return st.tuples(step, step).map(lambda both: both if None in both else (min(both), max(both)))


@pytest.fixture
def million():
    """Steps by threes, so that spans between two points are possible."""
    values = noise(MILLION)
    return log(make_run(), values, 150_000, steps=np.arange(MILLION) * 3), values


@READ_ONLY
@example(most=400, span=(None, None))
@example(most=400, span=(30_000_001, 30_000_001))
@example(most=400, span=(PAGE_POINTS * 3, PAGE_POINTS * 6 - 3))
@given(most=MOST, span=spans(-10, 3 * MILLION + 10))
def test_any_zoom_of_a_million_points_shows_what_stands_out(million, most, span):
    series, values = million
    assert_honest(view(series, most, span), (np.arange(MILLION) * 3, values), most, span)


@READ_ONLY
@given(most=MOST, before=st.integers(0, MILLION), after=st.integers(0, MILLION))
def test_one_spike_is_seen_at_every_zoom_that_holds_it(spiked, most, before, after):
    series, at = spiked
    shown = view(series, most, (max(0, at - before), at + after))
    assert shown.values.max() == 1.5
    assert shown.steps[shown.values.argmax()] == at


@pytest.fixture(params=[0, 3 * PAGE_POINTS - 1, 3 * PAGE_POINTS, 777_777, MILLION - 1])
def spiked(request):
    values = np.random.default_rng(2).random(MILLION)
    values[request.param] = 1.5
    return log(make_run(), values, 200_000), request.param


def test_every_stretch_with_a_nan_shows_one_and_full_zoom_shows_all():
    values = noise(300_000, seed=3)
    bad = np.flatnonzero(np.isnan(values))
    series = log(make_run(), values)
    for most in (100, 1000, 20_000):
        length = bin_for(len(values), most)
        shown = view(series, most)
        drawn = shown.numbers[np.isnan(shown.values)]
        assert set(drawn) <= set(bad)
        assert set(drawn // length) == set(bad // length)
    for number in bad:
        close = view(series, 400, (int(number) - 50, int(number) + 50))
        here = bad[(bad >= number - 51) & (bad <= number + 51)]
        assert close.numbers[np.isnan(close.values)].tolist() == here.tolist()


@pytest.mark.parametrize("count", [1000, PAGE_POINTS - 40, PAGE_POINTS, 200_000])
def test_what_was_drawn_does_not_move_when_a_tenth_more_arrives(count):
    run, values = make_run(), noise(count + count // 10, seed=4)
    series = log(run, values[:count])
    # As many that both have bins of one length, as a page keeps them while a line grows.
    most = 2 * -(-len(values) // bin_for(count, 400))
    length = bin_for(len(values), most)
    before = view(series, most)
    log(run, values[count:], steps=np.arange(count, len(values)))
    after = view(series, most)
    full = count // length * length
    assert bin_for(count, most) == length
    was, is_now = before.at(before.numbers < full), after.at(after.numbers < full)
    assert was.tobytes() == is_now.tobytes()


ORDERS = {
    "of four processes in turns": np.repeat(np.arange(40_000), 4),
    "of two processes, one after the other": np.tile(np.arange(90_000), 2),
    "of two that drift apart": np.stack([np.arange(80_000), np.arange(80_000) // 3], 1).ravel(),
    "below zero": np.arange(-100_000, 50_000),
    "backwards": np.arange(150_000)[::-1],
    "all the same": np.full(150_000, 7),
    "huge": np.linspace(-(2**62), 2**62, 150_000).astype(np.int64),
    "in any order": np.random.default_rng(5).integers(0, 100_000, 150_000),
}


@pytest.mark.parametrize("order", ORDERS)
def test_steps_in_any_order_are_drawn_in_theirs(order):
    steps, chance = ORDERS[order], np.random.default_rng(6)
    values = noise(len(steps), seed=7)
    series = log(make_run(), values, 30_000, steps=steps)
    ends = chance.choice(steps, (25, 2))
    for low, high in [(None, None), *np.sort(ends, axis=1).tolist()]:
        for most in (100, 2000):
            points = view(series, most, (low, high))
            assert_honest(points, (steps, values), most, (low, high))


def test_a_span_without_points_has_the_line_that_crosses_it():
    series = log(make_run(), np.arange(600.0), 300, steps=np.arange(600) * 100)
    assert view(series, 400, (150, 160)).steps.tolist() == [100, 200]
    # Between the points of two segments.
    assert view(series, 400, (29_910, 29_990)).steps.tolist() == [29_900, 30_000]
    assert view(series, 400, (70_000, None)).steps.tolist() == [59_900]
    assert view(series, 400, (None, -1)).steps.tolist() == [0]
    assert view(series, 400, (160, 150)).steps.tolist() in ([100, 200], [200, 100])


def test_a_view_takes_a_handful_of_queries_however_many_series(django_assert_max_num_queries):
    run = make_run()
    for number in range(20):
        log(run, noise(70_000 if number % 5 == 0 else 900), name=f"m{number}")
    for span in ((None, None), (10, 700)):
        with django_assert_max_num_queries(7):
            told = metrics.points(run, [], most=200, span=span)
        assert len(told) == 20


def test_an_answer_says_how_it_was_thinned():
    run = make_run()
    log(run, np.arange(10_000.0))
    whole = metrics.points(run, ["loss"], most=400)["loss"]
    assert (whole["thinned"], whole["bin"], whole["count"]) == (True, 64, 10_000)
    assert len(whole["steps"]) == 2 * 157
    close = metrics.points(run, ["loss"], most=400, span=(100, 300))["loss"]
    assert (close["thinned"], close["bin"]) == (False, 1)
    assert close["steps"].tolist() == list(range(99, 302))
    assert metrics.points(run, ["none"]) == {}
    assert series_of(run).count == 10_000
