"""Every call that logs, in a script beside its driver: what reaches the studio, exactly once."""

import json

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.driving import GATE, Driving, until

EVERY_CALL = """
import time
from azureml.core import Run

class Figure:
    def savefig(self, stream, format):
        stream.write(b"\\x89PNG " + format.encode())

run = Run.get_context()
run.log("loss", 0.5, "described", step=7)
run.log("a b/c:d ä", True)
run.log_list("numbers", [1, 2.5], description="described")
run.log_list("numbers", (n for n in range(2)))
run.log_list("whole", range(3))
run.log_list("truth", [True, False])
run.log_list("words", ["a", "ä\\t\\n"])
run.log_list("mixed", [1, None, "x", float("nan"), True])
run.log_list("nothing", [])
run.log_row("rows", description="described", x=1, y=2.5)
run.log_row("rows", x=2, z=float("inf"), step=9)
run.log_table("table", {"x": [1, 2], "ä": ["p", None]})
run.log_image("plot/ä: 1", plot=Figure())
open("picture.JPG", "wb").write(b"jpeg")
run.log_image("picture", path="picture.JPG")
run.log_confusion_matrix("matrix", {"schema_type": "confusion_matrix", "schema_version": "v1",
    "data": {"class_labels": ["a", "b"], "matrix": [[1, 2], [3, 4]]}})
run.log_accuracy_table("accuracy", '{"data": {"class_labels": []}}')
run.log_residuals("residuals", {"bin_edges": [0, 1], "bin_counts": (float("nan"),)})
run.log_predictions("predictions", {"data": {"bin_counts": [1]}}, "described")
run.log_predictions("predictions", {"data": {"bin_counts": [2]}})
print("done")
"""
ROOT = "aml://artifactId/ExperimentRun/dcid.exp_1_abcdef01/"


def values(studio, name):
    return [value for _, value in studio.points[name]]


def content(studio, name, number=0):
    """Return (path, bytes) of the file that a metric names."""
    address = values(studio, name)[number]
    assert address.startswith(ROOT)
    path = address[len(ROOT) :]
    return path, studio.blobs[studio.files[path]]


def check_every_call(studio):
    assert studio.points["loss"] == [(7, 0.5)] and values(studio, "a b/c:d ä") == [1]
    assert studio.points["numbers"] == [(0, 1), (1, 2.5), (2, 0), (3, 1)]
    assert values(studio, "whole") == [0, 1, 2] and values(studio, "truth") == [1, 0]
    assert values(studio, "words") == ["a", "ä\t\n"]
    assert values(studio, "mixed") == ["1", "null", '"x"', '"NaN"', "true"]
    rows = [(step, json.loads(row)) for step, row in studio.points["rows"]]
    assert rows == [(0, {"x": 1, "y": 2.5}), (1, {"x": 2, "z": "Infinity", "step": 9})]
    table = [json.loads(row) for row in values(studio, "table")]
    assert table == [{"x": 1, "ä": "p"}, {"x": 2, "ä": None}]
    forms = {
        "loss": ("float", "scalar"), "a b/c:d ä": ("bool", "scalar"), "numbers": ("float", "list"),
        "whole": ("int", "list"), "truth": ("bool", "list"), "words": ("text", "list"),
        "mixed": ("json", "list"), "rows": ("json", "table"), "table": ("json", "table"),
        "plot/ä: 1": ("text", "image"), "picture": ("text", "image"),
        "matrix": ("text", "confusion_matrix"), "accuracy": ("text", "accuracy_table"),
        "residuals": ("text", "residuals"), "predictions": ("text", "predictions"),
    }  # fmt: skip
    assert {name: studio.forms[name] for name in studio.forms if name in forms} == forms
    assert "nothing" not in studio.points


def check_every_file(studio):
    path, picture = content(studio, "plot/ä: 1")
    assert path.startswith("plot/ä_ 1_1") and path.endswith(".png") and picture == b"\x89PNG png"
    path, picture = content(studio, "picture")
    assert path.startswith("picture_1") and path.endswith(".jpg") and picture == b"jpeg"
    path, matrix = content(studio, "matrix")
    assert path == "matrix" and json.loads(matrix)["data"]["matrix"] == [[1, 2], [3, 4]]
    said = json.loads(content(studio, "residuals")[1])
    assert said == {
        "schema_type": "residuals", "schema_version": "v1",
        "data": {"bin_edges": [0, 1], "bin_counts": ["NaN"]},
    }  # fmt: skip
    first, second = content(studio, "predictions"), content(studio, "predictions", 1)
    assert first[0] == "predictions" and second[0].startswith("predictions_1")
    assert json.loads(second[1])["data"] == {"bin_counts": [2]}


@pytest.mark.parametrize("python", pythons())
def test_every_call_reaches_the_studio(python, tmp_path):
    driving = Driving(tmp_path, python)
    try:
        driving.studio.code(train=EVERY_CALL)
        assert driving.run(LC_ALL="", LANG="") == 0, driving.said
        assert driving.studio.text() == "done\n"
        check_every_call(driving.studio)
        check_every_file(driving.studio)
    finally:
        driving.end()


def test_a_studio_that_takes_no_packed_batch_gets_json_and_is_asked_once(driving):
    driving.studio.takes_packed = False
    driving.studio.code(train=GATE + EVERY_CALL + "gate()\nrun.log('later', float('-inf'))\n")
    driving.start()
    until(lambda: "predictions" in driving.studio.points)
    driving.go()
    driving.wait()
    check_every_call(driving.studio)
    assert driving.studio.points["later"] == [(0, "-Infinity")]
    packed = [kind for kind in driving.studio.kinds if kind != "application/json"]
    assert len(packed) == 1 and len(driving.studio.kinds) > 2


def test_a_picture_is_told_of_once_it_is_there(driving):
    """A page that hears of it asks for the file at once."""
    studio = driving.studio
    studio.takes_blobs = False
    studio.code(train=GATE + EVERY_CALL.replace('print("done")', "gate()"))
    driving.start()
    until(lambda: "table" in studio.points)
    assert "picture" not in studio.points and "matrix" not in studio.points
    studio.takes_blobs = True
    until(lambda: "picture" in studio.points and "predictions" in studio.points)
    assert studio.finished is None
    assert set(values(studio, "picture")) <= {ROOT + path for path in studio.files}
    driving.go()
    driving.wait()
    check_every_file(studio)


SHARED = """
import multiprocessing, os, sys, threading
from azureml.core import Run

run = Run.get_context()

def work(run, process):
    def log(thread):
        for number in range(200):
            run.log("shared", process * 1000000 + thread * 1000 + number)
            run.log_row("table", process=process, thread=thread, number=number)
        run.log_residuals("file", {"data": {"who": [process, thread]}})
    threads = [threading.Thread(target=log, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

if __name__ == "__main__":
    run.log("before", 1.0)
    context = multiprocessing.get_context(sys.argv[1])
    processes = [context.Process(target=work, args=(run, n)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_eight_threads_in_each_of_four_processes_log_every_point_once(driving, method):
    studio = driving.studio
    studio.code(train=SHARED)
    studio.job["arguments"] = [method]
    assert driving.run() == 0, studio.text()
    assert studio.finished["exit_code"] == 0, studio.text()
    wanted = [(p, t, n) for p in range(4) for t in range(8) for n in range(200)]
    assert sorted(values(studio, "shared")) == [p * 1000000 + t * 1000 + n for p, t, n in wanted]
    rows = [json.loads(row) for row in values(studio, "table")]
    assert sorted((row["process"], row["thread"], row["number"]) for row in rows) == wanted
    files = [json.loads(content(studio, "file", n)[1])["data"]["who"] for n in range(32)]
    assert sorted(files) == [[p, t] for p in range(4) for t in range(8)]
    assert values(studio, "before") == [1.0]


KILLED = """
import os, threading
from azureml.core import Run
run = Run.get_context()
for n in range(100000):
    run.log("n", n)
    if n == 20000:
        run.log_list("list", range(1000))
        os.kill(os.getpid(), 9)
"""


def test_a_script_that_is_killed_loses_nothing_and_doubles_nothing(driving):
    driving.studio.code(train=KILLED)
    driving.run()
    assert driving.studio.finished["signal"] == 9
    assert driving.studio.points["n"] == [(n, n) for n in range(20001)]
    assert values(driving.studio, "list") == list(range(1000))


def test_a_name_of_two_sorts_keeps_the_first_and_says_so(driving):
    driving.studio.code(train="from azureml.core import Run\nrun = Run.get_context()\n"
                        "run.log('a', 1)\nrun.log('a', 1.5)\nrun.log('a', 2)\nrun.log('a', 'x')\n"
                        "run.log_row('a', x=1)\nrun.log_list('a', [1])\n"
                        "run.log_row('b', x=1)\nrun.log('b', 1)\n")  # fmt: skip
    driving.run()
    studio = driving.studio
    assert studio.points["a"] == [(0, 1), (1, 1.5), (2, 2)] and len(studio.points["b"]) == 1
    assert "Conflicting metric types, logged metric of type: text; a was a number" in studio.text()
    said = studio.text("azureml-logs/75_job_post.txt")
    assert said.count("Conflicting metric types: a was logged as number and as ") == 3
    assert "b was logged as table (json) and as number" in said


def test_a_metric_that_is_refused_costs_no_other(driving):
    """As when a script makes more names than a studio keeps."""
    studio = driving.studio
    studio.most_names = 3
    studio.code(train=GATE + "from azureml.core import Run\nrun = Run.get_context()\n"
                "run.log('a', 1)\nrun.log('b', 1)\ngate()\n"
                "for n in range(9):\n    run.log('a', n)\n    run.log('name-%d' % n, 1)\n"
                "gate()\nrun.log('a', 99)\n")  # fmt: skip
    driving.start()
    until(lambda: {"a", "b"} <= studio.points.keys())
    driving.go()
    until(lambda: len(studio.points["a"]) == 10)
    driving.go()
    driving.wait()
    assert values(studio, "a") == [1, *range(9), 99] and values(studio, "b") == [1]
    assert "9 points were not kept: too many names" in studio.text("azureml-logs/75_job_post.txt")
