"""Calls that log what cannot be kept, or where there is no studio: what they say and leave."""

import json
import math
import threading

import pytest
from azureml.core import Run
from trainyard import _errors
from trainyard._artifacts import path_of


@pytest.fixture
def in_a_job(tmp_path, monkeypatch):
    """The run of a script, without a studio: nothing is asked of one by these calls."""
    monkeypatch.setattr(Run, "_current", None)
    for name, value in {"AZUREML_RUN_ID": "exp_1_ab", "TRAINYARD_SPOOL": tmp_path / "spool",
                        "TRAINYARD_URL": "http://127.0.0.1:9"}.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    return Run.get_context()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda run: run.log("a", [1]), r"does not support list type\. Use run\.log_list instead"),
        (lambda run: run.log_list("a", 5), "not a list but int"),
        (lambda run: run.log_list("a", "text"), "not a list but str"),
        (lambda run: run.log_list("a", [[1]]), "list cannot be kept; valid types: bool, int"),
        (lambda run: run.log_row("a", x=object()), "object cannot be kept; valid types"),
        (lambda run: run.log_row("a"), "no columns"),
        (lambda run: run.log_row("a", **{f"c{n}": n for n in range(2000)}), "log fewer columns"),
        (lambda run: run.log_table("a", {"x": [1], "y": [1, 2]}), "lengths: x 1, y 2"),
        (lambda run: run.log_table("a", [1]), "a table is a dict of columns"),
        (lambda run: run.log_image("a"), "one of path and plot is needed"),
        (lambda run: run.log_image("a", path="x", plot=1), "path and plot were bothprovided, only"),
        (lambda run: run.log_image("a", path="no.png"), r"no\.png cannot be read: No such file"),
        (lambda run: run.log_image("a", path=5), "not int; a figure goes by plot="),
        (lambda run: run.log_image("a", plot=5), "a matplotlib figure, the pyplot module or a PIL"),
        (lambda run: run.log_residuals("a", "{"), "Invalid JSON provided"),
        (lambda run: run.log_residuals("a", [1]), "not list"),
        (lambda run: run.log_residuals("a", {"data": 1}), '"data" a dict'),
        (lambda run: run.log_residuals("a", {"data": {"x": object()}}), "object cannot be kept"),
        (lambda run: run.log_residuals("a", {"schema_type": "predictions", "data": {}}),
         '"schema_type" is "residuals"'),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_is_wrong_and_writes_nothing(in_a_job, tmp_path, call, message):
    with pytest.raises(_errors.UserErrorException, match=message):
        call(in_a_job)
    assert not list(tmp_path.rglob("*.points")) and not list(tmp_path.rglob("uploads/*.json"))


def test_long_texts_are_cut_and_said(in_a_job, tmp_path, capsys):
    in_a_job.log("text", "ä" * 10001)
    in_a_job.log_row("row", a="ä" * 9000, b='"' * 9000, c=1)
    in_a_job.log_list("list", ['"' * 9000, 1])
    assert capsys.readouterr().err.count("cut") == 2
    (place,) = tmp_path.rglob("*.points")
    texts = [json.loads(line.split(b"\t")[3]) for line in place.read_bytes().splitlines()]
    assert len(texts[0]) == 10000 and max(map(len, texts)) <= 10000
    assert set(json.loads(texts[1])) == {"a", "b", "c"}


def test_a_whole_number_that_no_float_holds_is_infinite_in_rows_and_mixed_lists(in_a_job, tmp_path):
    in_a_job.log_row("row", a=10**5000, b=-(10**400), c=2**62, d=True)
    in_a_job.log_list("list", [10**400, "x"])
    (place,) = tmp_path.rglob("*.points")
    texts = [json.loads(line.split(b"\t")[3]) for line in place.read_bytes().splitlines()]
    row = {"a": "Infinity", "b": "-Infinity", "c": 2**62, "d": True}
    assert [json.loads(text) for text in texts] == [row, "Infinity", "x"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("loss", "loss"), ("a/b", "a/b"), ("../../etc", "etc"), ("/x//y/.", "x/y"), ("a\\b", "a/b"),
     ("outputs/m", "outputs_m"), ("logs", "logs_"), ("ä ö", "ä ö"), ('<a>:"|?*\n', "_a_______"),
     ("..", "unnamed"), ("\ud800", "?".replace("?", "_"))],
)  # fmt: skip
def test_a_name_becomes_a_path_that_is_safe(name, path):
    assert path_of(name) == path


def test_a_full_disk_costs_the_picture_and_not_the_training(in_a_job, tmp_path, capsys):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "uploads").write_text("in the way")
    in_a_job.log_residuals("a", {"data": {}})
    assert "residuals 'a' was not kept" in capsys.readouterr().err


def test_outside_of_a_run_each_call_prints(monkeypatch, capsys):
    monkeypatch.setattr(Run, "_current", None)
    with Run.get_context() as run:
        run.log_row("r", x=1)
        for form in ("list", "table", "residuals", "predictions", "accuracy_table",
                     "confusion_matrix"):  # fmt: skip
            getattr(run, "log_" + form)("m", {"a": 1}, description="d")
        run.log_image("i", path="x.png")
    said = capsys.readouterr().out
    forms = ("row", "list", "table", "residual", "predictions", "accuracy_table",
             "confusion_matrix", "image")  # fmt: skip
    assert [f"Attempted to log {form} metric " in said for form in forms] == [True] * 8
    assert said.startswith(f"[START] Run {run.id} context\nAttempted to log row metric r:\n")
    assert said.endswith(f"[STOP] Run {run.id} context\n")
    assert set(run.get_metrics()) == {"r", "m", "i"}


def test_logging_from_many_threads_is_exact_while_one_waits(in_a_job, tmp_path):
    def work(number):
        for n in range(300):
            in_a_job.log(f"m{n % 3}", float(n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (place,) = tmp_path.rglob("*.points")
    lines = place.read_bytes().splitlines()
    assert len(lines) == 2400
    assert math.isclose(sum(float(line.split(b"\t")[3]) for line in lines), 8 * sum(range(300)))


class Evil:
    """Raises whatever is asked of it."""

    def __float__(self):
        raise RuntimeError("no number")

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __int__ = __str__
    __hash__ = None


class Unlisted(Evil):
    """Raises what no number should."""

    def __float__(self):
        raise KeyError("no number")

    def item(self):
        raise KeyError("no item")


@pytest.mark.parametrize("kind", [Evil, Unlisted])
def test_an_object_that_raises_ends_no_training(in_a_job, tmp_path, capsys, kind):
    for _ in range(2):
        in_a_job.log("evil", kind())
        in_a_job.log(kind(), 1)
        in_a_job.log(kind(), 0.5)
        in_a_job.log(kind(), "text")
        in_a_job.log("step", 0.5, step=kind())
    said = capsys.readouterr().err
    assert said.count(f"keeps a {kind.__name__} as its text") == 1
    assert said.count("it is called unnamed") == 1
    (place,) = tmp_path.rglob("*.points")
    names = [json.loads(line.split(b"\t")[4]) for line in place.read_bytes().splitlines()]
    assert sorted(names) == ["evil"] * 2 + ["step"] * 2 + ["unnamed"] * 6


def test_no_row_and_no_item_has_a_bare_nan(in_a_job, tmp_path):
    odd = [math.nan, math.inf, -math.inf]
    in_a_job.log_row("row", a=odd[0], b=odd[1], c=odd[2])
    in_a_job.log_table("table", {"a": odd})
    in_a_job.log_list("list", ["text", *odd])
    (place,) = tmp_path.rglob("*.points")
    texts = [json.loads(line.split(b"\t")[3]) for line in place.read_bytes().splitlines()]

    def refuse(word):
        raise AssertionError(word)

    assert len([json.loads(text, parse_constant=refuse) for text in texts]) == 8
