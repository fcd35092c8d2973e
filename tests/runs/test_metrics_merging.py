"""When a run has ended, what its metrics left in small rows becomes one; no point is lost."""

import numpy as np
import pytest

from runs import metrics
from runs.metrics.merging import OVERVIEW_POINTS
from runs.metrics.packing import PAGE_BIN, PAGE_POINTS
from runs.metrics.reading import read
from runs.metrics.thinning import bin_for, thin_with_ends
from runs.models import MetricKind, MetricLevel
from tests.factories import make_run
from tests.runs.series import batch, log, segments, series_of, view

pytestmark = pytest.mark.django_db
COUNTS = (1, 300, OVERVIEW_POINTS + 1, 10_000, PAGE_POINTS - 1, PAGE_POINTS, 2 * PAGE_POINTS + 700)


@pytest.fixture
def run():
    return make_run()


@pytest.mark.parametrize("count", COUNTS)
def test_merging_keeps_every_point_and_the_picture(run, count):
    values = np.random.default_rng(count).normal(size=count)
    values[count // 2] = np.nan
    series = log(run, values, 999)
    before = [view(series, most).tobytes() for most in (0, 2, 100, 400, 2000)]
    metrics.merge(run)
    full = [(page * PAGE_POINTS, PAGE_POINTS) for page in range(count // PAGE_POINTS)]
    tail = count % PAGE_POINTS
    assert segments(series) == full + ([(count - tail, tail)] if tail else [])
    assert [view(series, most).tobytes() for most in (0, 2, 100, 400, 2000)] == before
    assert np.array_equal(read(series).values, values, equal_nan=True)


def test_an_ended_runs_overview_is_what_its_chart_shows(run):
    values = np.random.default_rng(1).normal(size=100_000)
    series = log(run, values)
    whole = view(series)
    metrics.merge(run)
    [overview] = MetricLevel.objects.filter(series=series).exclude(bin=PAGE_BIN)
    assert (overview.first, overview.count) == (0, len(values))
    assert overview.bin == max(bin_for(len(values), OVERVIEW_POINTS), 2 * PAGE_BIN)
    expected = thin_with_ends(whole, overview.bin)
    assert bytes(overview.points) == expected.tobytes()


def test_merging_again_changes_nothing(run, django_assert_max_num_queries):
    for name in ("loss", "accuracy"):
        log(run, np.arange(70_000.0), 5000, name=name)
    metrics.merge(run)
    rows = list(MetricLevel.objects.values()), segments(series_of(run))
    with django_assert_max_num_queries(3):
        metrics.merge(run)
    assert (list(MetricLevel.objects.values()), segments(series_of(run))) == rows


def test_many_small_metrics_are_merged_in_few_statements(run, django_assert_max_num_queries):
    for number in range(1, 4):
        many = [batch(np.arange(300.0), name=f"m{metric}") for metric in range(300)]
        metrics.append(run, "w", number, many)
    with django_assert_max_num_queries(30):
        metrics.merge(run)
    assert all(segments(series) == [(0, 900)] for series in run.series.all())


def test_points_that_come_after_a_merge_are_drawn(run):
    values = np.random.default_rng(2).normal(size=5000)
    series = log(run, values[:4000])
    metrics.merge(run)
    log(run, values[4000:], 300, steps=np.arange(4000, 5000))
    whole = view(series)
    assert whole.values.tolist() == values.tolist()
    length = bin_for(5000, 200)
    assert view(series, 200).tobytes() == thin_with_ends(whole, length).tobytes()
    metrics.merge(run)
    assert segments(series) == [(0, 5000)]
    assert view(series, 200).tobytes() == thin_with_ends(whole, length).tobytes()


def test_texts_stay_as_they_came(run):
    series = log(run, ["word"] * 600, 200, name="words", kind=MetricKind.TEXT)
    before = segments(series)
    metrics.merge(run)
    assert segments(series) == before
