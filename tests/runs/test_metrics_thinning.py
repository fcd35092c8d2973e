"""What a chart keeps of many points: extremes and what is no number, never moved by more points."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runs.metrics.thinning import Points, bin_for, from_bytes, joined, thin, thin_with_ends

VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    # Few different ones, so that some are equal.
    st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf]),
)
SERIES = arrays(np.float64, st.integers(0, 600), elements=VALUES)
LENGTHS = st.sampled_from([1, 2, 4, 8, 16, 64, 256])


def points(values, first=0):
    numbers = np.arange(first, first + len(values))
    return Points(numbers, numbers * 3, numbers / 8, np.asarray(values, dtype=np.float64))


def same(some, others):
    return some.tobytes() == others.tobytes()


@given(SERIES, st.integers(0, 1000), LENGTHS, LENGTHS)
def test_thinning_twice_is_thinning_once(values, first, some, other):
    fine, coarse = sorted((some, other))
    whole = points(values, first)
    assert same(thin(thin(whole, fine), coarse), thin(whole, coarse))
    assert same(thin(thin_with_ends(whole, fine), coarse), thin(whole, coarse))


@given(SERIES, st.integers(0, 1000), LENGTHS)
def test_each_bin_shows_its_extremes_and_each_kind_of_no_number(values, first, length):
    whole = points(values, first)
    kept = thin(whole, length)
    assert set(kept.numbers) <= set(whole.numbers)
    for number in np.unique(whole.numbers // length):
        all_of_it = whole.values[whole.numbers // length == number]
        shown = kept.values[kept.numbers // length == number]
        finite = all_of_it[np.isfinite(all_of_it)]
        if len(finite):
            assert shown[np.isfinite(shown)].min() == finite.min()
            assert shown[np.isfinite(shown)].max() == finite.max()
        for word in (np.isnan, np.isposinf, np.isneginf):
            assert word(shown).any() == word(all_of_it).any()
        assert len(shown) <= (length if length <= 2 else 5)


@given(SERIES, st.integers(0, 600), LENGTHS)
def test_what_is_drawn_of_full_bins_stays_when_more_comes(values, cut, length):
    before, after = thin(points(values[:cut]), length), thin(points(values), length)
    full = len(values[:cut]) // length * length
    assert same(before.at(before.numbers < full), after.at(after.numbers < full))


@given(SERIES, LENGTHS, st.lists(st.integers(1, 599), max_size=5))
def test_parts_thinned_apart_and_joined_are_the_whole_thinned(values, length, cuts):
    whole = points(values)
    edges = sorted({0, len(values), *(cut * 256 for cut in cuts if cut * 256 < len(values))})
    spans = itertools.pairwise(edges)
    parts = [thin(whole.at(slice(*span)), min(length, 256)) for span in spans]
    assert same(thin(joined(parts), length), thin(whole, length))


@given(st.integers(0, 10**9), st.integers(0, 100_000))
def test_bins_are_powers_of_two_and_leave_about_as_many_as_wanted(count, most):
    length = bin_for(count, most)
    assert length & (length - 1) == 0
    if most and count > most:
        drawn = 2 * -(-count // length)
        assert drawn <= max(most, 2)
        # A bin half as long would be too many.
        assert 2 * -(-count // (length // 2)) > most or length == 2
    else:
        assert length == 1


@pytest.mark.parametrize("most", [1, 2, 3])
def test_hardly_any_points_wanted_are_two(most):
    assert len(thin(points(np.arange(1000.0)), bin_for(1000, most))) == 2


@given(SERIES)
def test_columns_come_back_from_their_bytes(values):
    whole = points(values, 7)
    assert same(from_bytes(whole.tobytes()), whole)
