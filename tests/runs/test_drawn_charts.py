"""Charts out of files: what is worked out of them, and what a broken one says."""

import numpy as np
import pytest

from runs.drawn import checking
from runs.models import Run
from tests.factories import make_experiment, make_run
from tests.runs.drawing import address, chart, keep, log

pytestmark = pytest.mark.django_db
CONFUSED = {"class_labels": ["cat", "dog", "ant"], "matrix": [[6, 2, 0], [1, 9, 0], [2, 0, 0]]}
BINNED = {"bin_edges": [0, 1, 3], "bin_counts": [3, 1]}


@pytest.fixture
def run(caller) -> Run:
    return make_run(experiment=make_experiment(workspace=caller.workspace), user=caller.user)


@pytest.fixture
def shown(caller, run):
    def ask(**query):
        given = {"name": "it", "number": 0, **query}
        answer = caller.get(f"/api/v1/runs/{run.run_id}/drawn/chart", **given)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


def test_a_confusion_matrix_says_how_well_each_class_is_found(run, shown):
    chart(run, "confusion_matrix", CONFUSED)
    drawing = shown()["drawing"]
    assert drawing["matrix"] == CONFUSED["matrix"]
    assert drawing["accuracy"] == 15 / 20
    assert drawing["classes"]["recall"] == [6 / 8, 9 / 10, 0]
    # Nothing was taken for an ant: its precision has no meaning, and is no 0.
    assert drawing["classes"]["precision"] == [6 / 9, 9 / 11, None]
    assert drawing["classes"]["support"] == [8, 10, 2]
    assert drawing["macro"]["precision"] == pytest.approx((6 / 9 + 9 / 11) / 2)


def test_more_classes_than_can_be_drawn_keep_their_figures(run, shown):
    count = 1001
    labels = [str(at) for at in range(count)]
    matrix = np.eye(count, dtype=int).tolist()
    chart(run, "confusion_matrix", {"class_labels": labels, "matrix": matrix})
    drawing = shown()["drawing"]
    assert drawing["matrix"] is None
    assert drawing["classes"]["f1"] == [1.0] * count


def table_of(scores: np.ndarray, true: np.ndarray, labels: list[str]) -> dict:
    """What a script writes: counts at a hundred thresholds, one class against the others."""
    thresholds = np.linspace(0, 1, 101)

    def counts(at: int, cuts: np.ndarray) -> list[list[int]]:
        is_it, said = true == at, scores[:, at][None] >= cuts[:, None]
        columns = (said & is_it, said & ~is_it, ~said & ~is_it, ~said & is_it)
        return np.stack([column.sum(axis=1) for column in columns], axis=1).tolist()

    classes = range(len(labels))
    return {
        "class_labels": labels,
        "probability_thresholds": thresholds.tolist(),
        "percentile_thresholds": (100 * thresholds).tolist(),
        "probability_tables": [counts(at, thresholds) for at in classes],
        "percentile_tables": [counts(at, np.quantile(scores[:, at], thresholds)) for at in classes],
    }


@pytest.fixture
def scored():
    """Scores in whole percents of 900 samples of three classes, and what each truly is."""
    random = np.random.default_rng(7)
    true = random.integers(0, 3, 900)
    scores = random.random((900, 3)) * 0.6
    scores[np.arange(900), true] += 0.35
    return scores.round(2), true


def area(scores, is_it) -> float:
    """How often a positive has the higher score than a negative; a tie counts half."""
    above = scores[is_it][:, None] - scores[~is_it][None]
    return float((above > 0).mean() + (np.abs(above) < 1e-9).mean() / 2)


def test_the_area_under_the_roc_is_the_one_of_the_scores(run, shown, scored):
    scores, true = scored
    chart(run, "accuracy_table", table_of(scores, true, ["cat", "dog", "ant"]))
    areas = []
    for at in range(3):
        drawing = shown(which=str(at))["drawing"]
        areas.append(area(scores[:, at], true == at))
        assert drawing["roc"]["area"] == pytest.approx(areas[-1], abs=0.002)
        assert (drawing["roc"]["x"][0], drawing["roc"]["y"][-1]) == (0, 1)
    macro = shown()["drawing"]
    assert (macro["which"], macro["averaged"]) == ("macro", 3)
    assert macro["roc"]["area"] == pytest.approx(np.mean(areas), abs=0.002)
    micro = shown(which="micro")["drawing"]
    flat = np.zeros((900, 3), dtype=bool)
    flat[np.arange(900), true] = True
    assert micro["roc"]["area"] == pytest.approx(area(scores.ravel(), flat.ravel()), abs=0.002)


def test_gain_lift_and_calibration_come_from_the_same_counts(run, shown, scored):
    scores, true = scored
    chart(run, "accuracy_table", table_of(scores, true, ["cat", "dog", "ant"]))
    drawing = shown(which="0")["drawing"]
    gain, lift = drawing["gain"], drawing["lift"]
    at = int(np.argmin(np.abs(np.array(gain["x"]) - 0.2)))
    best = np.argsort(-scores[:, 0])[: round(gain["x"][at] * 900)]
    share = (true[best] == 0).sum() / (true == 0).sum()
    assert gain["y"][at] == pytest.approx(share, abs=0.02)
    assert lift["y"][at - 1] == pytest.approx(gain["y"][at] / gain["x"][at])
    likely = (scores[:, 0] >= 0.5) & (scores[:, 0] < 0.6)
    bins = dict(
        zip(np.round(drawing["calibration"]["x"], 2), drawing["calibration"]["y"], strict=True)
    )
    assert bins[0.55] == pytest.approx((true[likely] == 0).mean(), abs=0.05)
    assert sum(drawing["calibration"]["counts"]) == 900
    assert drawing["precision_recall"]["y"][0] == 1


def test_a_class_that_never_occurs_is_left_out_of_the_average(run, shown, scored):
    scores, true = scored
    true = np.where(true == 2, 0, true)
    chart(run, "accuracy_table", table_of(scores, true, ["cat", "dog", "ant"]))
    assert shown()["drawing"]["averaged"] == 2
    assert shown(which="2")["drawing"]["roc"]["area"] is not None
    assert "no class" in shown(which="3")["problem"]


def test_of_two_classes_the_second_is_drawn_first(run, shown, scored):
    scores, true = scored
    chart(run, "accuracy_table", table_of(scores, true == 1, ["no", "yes"]))
    assert shown()["drawing"]["which"] == "1"


def test_residuals_are_a_histogram_with_its_mean(run, shown):
    chart(run, "residuals", BINNED)
    drawing = shown()["drawing"]
    assert (drawing["edges"], drawing["counts"], drawing["total"]) == ([0, 1, 3], [3, 1], 4)
    assert drawing["mean"] == pytest.approx((3 * 0.5 + 2) / 4)


def test_more_bars_than_pixels_are_joined_and_none_is_lost(run, shown):
    counts = [1] * 2500
    chart(run, "residuals", {"bin_edges": list(range(2501)), "bin_counts": counts})
    drawing = shown()["drawing"]
    assert len(drawing["counts"]) == 834 == len(drawing["edges"]) - 1
    assert sum(drawing["counts"]) == 2500
    assert drawing["edges"][-1] == 2500


def test_predictions_leave_a_gap_where_nothing_was_measured(run, shown):
    data = {**BINNED, "bin_averages": [0.4, None], "bin_errors": [0.1, float("nan")]}
    chart(run, "predictions", {**data, "bin_counts": [3, 0]})
    drawing = shown()["drawing"]
    assert (drawing["true"], drawing["predicted"]) == ([0.5, 2], [0.4, None])
    assert drawing["errors"] == [0.1, None]


BROKEN = [
    ("confusion_matrix", {"matrix": [[1]]}, '"data.class_labels" is missing'),
    ("confusion_matrix", {**CONFUSED, "matrix": [[1, 2], [3]]}, "rows of different lengths"),
    ("confusion_matrix", {**CONFUSED, "matrix": [[1, 2], [3, 4]]}, "names 3 classes"),
    ("confusion_matrix", {**CONFUSED, "matrix": [["1"]]}, "not a number"),
    ("confusion_matrix", {**CONFUSED, "matrix": 7}, '"data.matrix" is a list'),
    ("confusion_matrix", {"class_labels": ["a"], "matrix": [[float("nan")]]}, "NaN"),
    ("confusion_matrix", {"class_labels": ["a"], "matrix": [[-1]]}, "below 0"),
    ("confusion_matrix", {"class_labels": [], "matrix": []}, "at least one"),
    ("confusion_matrix", [1], '"data" is missing'),
    ("residuals", {"bin_edges": [0, 1], "bin_counts": [3, 1]}, "bin_edges"),
    ("residuals", {"bin_edges": [0, 2, 1], "bin_counts": [3, 1]}, "does not rise"),
    ("predictions", {**BINNED, "bin_averages": [1, None], "bin_errors": [0, 0]}, "bin_averages"),
    ("predictions", {**BINNED, "bin_averages": [1, 1], "bin_errors": [0, -1]}, "bin_errors"),
    ("accuracy_table", {"class_labels": ["a"], "probability_thresholds": [0, 2]}, "percentile"),
    ("residuals", b"\x80\x04]", "no JSON"),
    ("residuals", b"[" * 100_000, "no JSON"),
    ("residuals", b"[" * 100_000 + b"NaN", "no JSON"),
    ("residuals", b"[1, 2]", "no JSON object"),
]


@pytest.mark.parametrize(("form", "data", "words"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_file_says_what_is_wrong_with_it(run, shown, form, data, words):
    chart(run, form, data)
    answer = shown()
    assert answer["drawing"] is None
    assert words in answer["problem"]
    assert answer["size_bytes"] > 0


def test_a_file_of_another_kind_and_one_too_large_are_not_drawn(run, shown, monkeypatch):
    keep(run, "it", {"schema_type": "residuals", "data": CONFUSED})
    log(run, "it", "confusion_matrix", [address(run, "it")])
    assert "'residuals', not 'confusion_matrix'" in shown()["problem"]
    monkeypatch.setattr(checking, "MOST_BYTES", 10)
    assert "up to 32 MiB" in shown()["problem"]


def test_a_chart_whose_file_is_on_its_way_is_no_error(run, shown):
    log(run, "it", "residuals", [address(run, "it")])
    answer = shown()
    assert (answer["drawing"], answer["size_bytes"], answer["problem"]) == (None, None, "")
