"""A script started by hand: every call that it makes in a run prints here, and is kept."""

import io
import os
import subprocess
import sys

import pytest
from azureml.core.run import Run, _OfflineRun
from azureml.exceptions import RunEnvironmentException

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK

SCRIPT = """
from azureml.core import Run
run = Run.get_context()
class Figure:
    def savefig(self, *args): raise AssertionError("an offline run keeps no picture")
with run as entered:
    assert entered is run
run.log("loss", 0.5, "described", step=7)
run.log("loss", 0.25)
run.log("once", True)
run.log_list("list", [1, 2])
run.log_list("list", iter([3]))
run.log_row("row", x=1, y=2)
run.log_row("rows", x=1)
run.log_row("rows", y=None)
run.log_table("table", {"x": [1, 2]})
run.log_image("picture", plot=Figure())
run.log_residuals("residuals", {"data": {}})
run.log_predictions("predictions", "{}")
run.log_accuracy_table("accuracy", {})
run.log_confusion_matrix("matrix", {})
run.tag("a", "b"); run.set_tags({"c": "d"}); run.remove_tags(["a"]); run.add_properties({"p": 1})
run.upload_file("name", "path.txt"); run.upload_folder("folder", "here")
run.upload_files(["a"], ["1"], return_artifacts=True)
child = run.child_run("child")
child.log("loss", 9)
assert child.id.startswith(run.id + ".") and child.parent is run
two = run.create_children(tag_key="size", tag_values=[1, 2])
assert [one.tags for one in two] == [{"size": "1"}, {"size": "2"}]
assert list(run.get_children()) == [child] + two
run.add_properties({"description": "a"}); run.add_properties({"description": "b"})
try:
    run.add_properties({"q": 1, "p": 2})
except Exception as error:
    assert type(error).__name__ == "Conflict", error
    assert "the property p already" in str(error), error
else:
    raise AssertionError("a property changed")
run.flush(); run.fail("no reason"); run.complete()
assert run.get_status() == "Completed" and run.wait_for_completion()["runId"] == run.id
assert run.get_tags() == {"c": "d"} and run.get_properties() == {"p": "1", "description": "b"}
assert run.get_file_names() == ["name", "folder", "a"]
found = run.get_metrics()
assert found.pop("picture").startswith("<__main__.Figure")
assert found == {
    "loss": [0.5, 0.25], "once": True, "list": [1, 2, 3], "row": {"x": 1, "y": 2},
    "rows": {"x": [1, None], "y": [None, None]}, "table": {"x": [1, 2]},
    "residuals": {"data": {}}, "predictions": "{}", "accuracy": {}, "matrix": {},
}, found
assert run.get_metrics("loss") == {"loss": [0.5, 0.25]}
assert run.get_metrics(recursive=True)[child.id] == {"loss": 9}
"""
SAID = """[START] Run {id} context
[STOP] Run {id} context
Attempted to log scalar metric loss:
0.5
Attempted to log scalar metric loss:
0.25
Attempted to log scalar metric once:
True
Attempted to log list metric list:
[1, 2]
Attempted to log list metric list:
[3]
Attempted to log row metric row:
{{'x': 1, 'y': 2}}
"""


@pytest.mark.parametrize("python", pythons())
def test_every_call_prints_and_keeps(python, tmp_path):
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SDK), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-c", SCRIPT + "print(run.id)"],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    run_id = done.stdout.splitlines()[-1]
    assert run_id.startswith("OfflineRun_")
    assert done.stdout.startswith(SAID.format(id=run_id))
    kinds = ("image", "residual", "predictions", "accuracy_table", "confusion_matrix")
    assert all(f"Attempted to log {kind} metric " in done.stdout for kind in kinds)
    assert list(tmp_path.iterdir()) == []


def test_what_a_script_asks_to_tell_a_run_from_an_offline_one():
    offline = Run.get_context()
    assert isinstance(offline, _OfflineRun) and offline is Run.get_context()
    for name in ("input_datasets", "register_model", "experiment"):
        assert not hasattr(offline, name)
    with pytest.raises(RunEnvironmentException, match=r"AZUREML_RUN_ID.*submit the script"):
        Run.get_context(allow_offline=False)
    with pytest.raises(RunEnvironmentException, match="end its process"):
        offline.cancel()


def test_odd_values_are_kept_as_data_and_do_not_end_the_script(monkeypatch):
    numpy = pytest.importorskip("numpy")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    offline = _OfflineRun()
    offline.log("tensor", numpy.float32(0.5))
    offline.log("several", numpy.arange(2))
    offline.log("thing", object)
    offline.log("Größe", "ä")
    offline.log_list("row", numpy.arange(3))
    offline.log_table("ragged", {"x": [1, 2], "y": [3]})
    found = offline.get_metrics()
    assert type(found["tensor"]) is float and found["several"] == [0, 1]
    assert found["thing"] == repr(object) and found["Größe"] == "ä" and found["row"] == [0, 1, 2]
    assert found["ragged"] == {"x": [1, 2], "y": [3, None]}
    out.flush()
    assert b"scalar metric Gr??e:\n?" in out.buffer.getvalue()
