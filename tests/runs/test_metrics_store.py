"""What was logged comes back to the bit, once, whatever the batches it came in."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import metrics
from runs.metrics.packing import PAGE_BIN, PAGE_POINTS
from runs.metrics.reading import read
from runs.metrics.thinning import from_bytes, thin_with_ends
from runs.models import Field, MetricForm, MetricKind, MetricLevel, MetricSegment, MetricSeries
from studio.errors import BadInput, WrongOffset
from tests.factories import make_run
from tests.runs.series import batch, log, segments, series_of, view

pytestmark = pytest.mark.django_db
# One run for all examples, which tell their series and writers apart by a number.
NO_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
ONE_RUN = settings(max_examples=30, suppress_health_check=NO_CHECKS)
_examples = itertools.count(1)
POINT = st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats())
BATCHES = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three"]),
        st.dictionaries(
            st.sampled_from(["loss", "accuracy"]), st.lists(POINT, min_size=1, max_size=400),
            min_size=1,
        ),
        st.sampled_from(["once", "again", "too early"]),
    ),
    max_size=12,
)  # fmt: skip


@pytest.fixture
def run():
    return make_run()


def same_bits(some, others):
    """Equal to the bit, except for which NaN it is."""
    some, others = np.asarray(some, np.float64), np.asarray(others, np.float64)
    nan = np.isnan(others)
    return np.array_equal(np.isnan(some), nan) and some[~nan].tobytes() == others[~nan].tobytes()


@ONE_RUN
@given(BATCHES)
def test_batches_of_several_writers_come_back_to_the_bit(run, sent):
    example = next(_examples)
    expected: dict[str, list] = {}
    last: dict[str, int] = {}
    for person, series, how in sent:
        writer = f"{example}-{person}"
        wanted = [
            batch(
                [value for _, value in points],
                steps=[step for step, _ in points],
                name=f"{example}-{name}",
            )
            for name, points in series.items()
        ]
        number = last.get(writer, 0) + 1
        if how == "too early":
            with pytest.raises(WrongOffset) as refused:
                metrics.append(run, writer, number + 1, wanted)
            assert refused.value.facts["at"] == number - 1
            continue
        for _ in range(2 if how == "again" else 1):
            assert metrics.append(run, writer, number, wanted).last == number
        last[writer] = number
        for name, points in series.items():
            expected.setdefault(f"{example}-{name}", []).extend(points)
    ours = run.series.filter(name__startswith=f"{example}-")
    assert set(ours.values_list("name", flat=True)) == set(expected)
    for name, points in expected.items():
        series = series_of(run, name)
        kept = read(series)
        values = np.array([value for _, value in points])
        assert kept.steps.tolist() == [step for step, _ in points]
        assert same_bits(kept.values, values)
        assert_summarised(series, [step for step, _ in points], values)


def assert_summarised(series, steps, values):
    finite = values[np.isfinite(values)]
    bad = ~np.isfinite(values)
    assert (series.count, series.first_step, series.last_step) == (len(steps), steps[0], steps[-1])
    assert series.nan_count == bad.sum()
    assert series.first_nan_step == (steps[int(np.argmax(bad))] if bad.any() else None)
    assert (series.least, series.greatest) == (
        (finite.min(), finite.max()) if len(finite) else (None, None)
    )
    assert series.last_value == (values[-1] if math.isfinite(values[-1]) else None)


@ONE_RUN
@given(st.lists(st.integers(1, 90_000), min_size=1, max_size=5), st.integers(0, 2**32))
def test_full_pages_are_packed_and_thinned_once(run, sizes, seed):
    name, chance = str(next(_examples)), np.random.default_rng(seed)
    values = chance.normal(size=sum(sizes))
    values[chance.integers(0, len(values), 50)] = np.nan
    at = 0
    for number, size in enumerate(sizes, 1):
        part = slice(at, at + size)
        steps = np.arange(at, at + size)
        metrics.append(run, name, number, [batch(values[part], name=name, steps=steps)])
        at += size
    series = series_of(run, name)
    full = len(values) // PAGE_POINTS
    pages = [(page * PAGE_POINTS, PAGE_POINTS) for page in range(full)]
    assert segments(series)[:full] == pages
    assert same_bits(read(series).values, values)
    whole = view(series)
    levels = MetricLevel.objects.filter(series=series)
    assert list(levels.values_list("bin", "first", "count")) == [
        (PAGE_BIN, *page) for page in pages
    ]
    for level in levels:
        page = whole.at(slice(level.first, level.first + level.count))
        assert from_bytes(level.points).tobytes() == thin_with_ends(page, PAGE_BIN).tobytes()
        assert (level.least_step, level.greatest_step) == (page.steps.min(), page.steps.max())


def test_a_slow_script_is_not_a_row_for_each_point(run, django_assert_max_num_queries):
    metrics.append(run, "w", 1, [batch([0.0])])
    for number in range(2, 300):
        with django_assert_max_num_queries(9):
            metrics.append(run, "w", number, [batch([float(number)], steps=[number])])
    assert segments(series_of(run)) == [(0, 256), (256, 43)]


def test_many_series_in_a_batch_share_their_queries(run, django_assert_max_num_queries):
    """A statement holds as many rows as SQLite takes variables, here some sixty series."""
    many = [batch([1.0, 2.0], name=f"m{number}") for number in range(500)]
    with django_assert_max_num_queries(40):
        metrics.append(run, "w", 1, many)
    with django_assert_max_num_queries(25):
        metrics.append(run, "w", 2, many)
    assert set(run.series.values_list("count", flat=True)) == {4}
    assert Field.objects.filter(experiment=run.experiment).count() == 500
    kept = list(MetricSeries.objects.filter(run=run))
    with django_assert_max_num_queries(6):
        assert len(metrics.points(run, [], most=100)) == len(kept)


def test_texts_and_rows_of_tables_come_back_as_they_were(run):
    rows = [json.dumps({"class": f"c{n}", "precision": n / 10}) for n in range(300)]
    words = ["", "a\nb", "ü" * 500, "NaN"] * 100
    log(run, rows, 7, name="table", kind=MetricKind.JSON, form=MetricForm.TABLE)
    log(run, words, 13, name="words", kind=MetricKind.TEXT, form=MetricForm.LIST)
    told = metrics.points(run, [])
    assert (told["table"]["values"], told["words"]["values"]) == (rows, words)
    assert told["table"]["form"] == MetricForm.TABLE
    part = metrics.points(run, ["words"], after=150, limit=100)["words"]
    assert (part["after"], part["values"]) == (150, words[150:250])
    metrics.merge(run)
    assert metrics.points(run, ["table"])["table"]["values"] == rows


def test_numbers_of_two_kinds_are_floats_and_of_two_forms_the_first_stays(run):
    log(run, [1, 2], kind=MetricKind.INT)
    log(run, [0.5])
    log(run, ["x"], kind=MetricKind.TEXT)
    log(run, [7.0], form=MetricForm.LIST)
    series = series_of(run)
    assert (series.kind, series.form) == (MetricKind.FLOAT, MetricForm.SCALAR)
    assert read(series).values.tolist() == [1.0, 2.0, 0.5]


def test_who_sends_what_is_not_kept_hears_of_it(run):
    log(run, [1.0])
    said = metrics.append(
        run, "other", 1, [batch(["x"], kind=MetricKind.TEXT), batch([2.0], name="two")]
    )
    assert said == (1, ("loss",))
    assert metrics.append(run, "other", 1, [batch(["x"], kind=MetricKind.TEXT)]) == (1, ())


def test_a_refused_batch_leaves_nothing_and_its_number_is_free(run, monkeypatch):
    monkeypatch.setattr("runs.metrics.storing.MOST_SERIES", 1)
    with pytest.raises(BadInput):
        metrics.append(run, "w", 1, [batch([1.0]), batch([2.0], name="two")])
    assert not MetricSeries.objects.filter(run=run).exists()
    assert metrics.append(run, "w", 1, [batch([1.0])]).last == 1


def test_what_came_after_the_series_was_read_waits_for_the_next_question(run):
    series = log(run, [1.0, 2.0])
    log(run, [3.0], steps=[2])
    assert read(series).values.tolist() == [1.0, 2.0]
    assert read(series, after=1).values.tolist() == [2.0]
    assert read(series, after=2).values.tolist() == []
    assert view(series).values.tolist() == [1.0, 2.0, 3.0]


def test_rows_of_earlier_versions_still_read(run):
    """Segments that nobody looked at, one over the end of a page: drawn, joined and continued."""
    values = np.arange(PAGE_POINTS + 900.0)
    series = log(run, values[:10])
    MetricSegment.objects.filter(series=series).delete()
    for first, end in ((0, 40_000), (40_000, len(values))):
        part = batch(values[first:end], steps=np.arange(first, end))
        columns = {name: getattr(part, name).tobytes() for name in ("steps", "times", "values")}
        MetricSegment.objects.create(series=series, first=first, count=end - first, **columns)
    MetricSeries.objects.filter(pk=series.pk).update(count=len(values))
    more = np.arange(len(values), 2.0 * PAGE_POINTS + 10)
    log(run, more, steps=more.astype(int))
    metrics.merge(run)
    assert view(series).values.tolist() == np.append(values, more).tolist()
    assert view(series, 400, (39_990, 40_010)).steps.tolist() == list(range(39_989, 40_012))
    assert view(series, 100).values.max() == more.max()
