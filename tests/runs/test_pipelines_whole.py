"""Pipelines in a whole studio: what one step wrote the next one reads, and killed programs."""

import hashlib
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from trainyard import Workspace

from tests.fixtures.studio_process import StudioProcess
from tests.fixtures.waiting import until

ENDED = ("Completed", "Failed", "Canceled")
WRITES = """
import os, sys
folder, words = sys.argv[1:3]
os.makedirs(os.path.join(folder, "deep"), exist_ok=True)
open(os.path.join(folder, "deep", "words.txt"), "w").write(words)
"""
READS = """
import os, sys
from azureml.core import Run
words = open(os.path.join(sys.argv[1], "deep", "words.txt")).read()
run = Run.get_context()
run.log("letters", len(words))
os.makedirs("outputs", exist_ok=True)
open("outputs/words.txt", "w").write(words)
"""


class Lab:
    """Calls a studio as the SDK does, and waits for runs."""

    def __init__(self, studio: StudioProcess):
        self.found = Workspace.from_config(os.fspath(studio.config_folder))
        self.home = f"workspaces/{self.found.name}"

    def code(self, **scripts: str) -> str:
        files = []
        for name, text in scripts.items():
            content = text.encode()
            sha256 = hashlib.sha256(content).hexdigest()
            place = f"/api/v1/{self.home}/blobs/{sha256}"
            self.found.client.transport().request("PUT", place, body=content)
            files.append([f"{name}.py", sha256])
        return str(self.post("snapshots", {"files": files})["snapshot"])

    def post(self, path: str, words: Any) -> Any:
        return self.found.client.post(f"{self.home}/{path}", words)

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.found.client.get(f"runs/{run_id}"))

    def ended(self, run_id: str, within_s: float = 240) -> dict[str, Any]:
        until(lambda: self.run(run_id)["state"] in ENDED, within_s, f"{run_id} has ended")
        return self.run(run_id)


@pytest.fixture
def lab(live_studio: StudioProcess) -> Iterator[Lab]:
    found = Lab(live_studio)
    yield found
    found.found.client.close()


def two_steps(lab: Lab, words: str) -> dict[str, Any]:
    code = lab.code(writes=WRITES, reads=READS)
    write = {
        "snapshot": code, "script": "writes.py",
        "arguments": ["DatasetOutputConfig:said", "$(PipelineParameter:words)"],
        "output_datasets": [{"name": "said"}],
    }  # fmt: skip
    read = {
        "snapshot": code, "script": "reads.py",
        "arguments": ["DatasetConsumptionConfig:heard"],
        "inputs": [{"name": "heard", "mode": "mount", "output_of": 0, "output": "said"}],
    }  # fmt: skip
    return {
        "steps": [{"name": "write", "order": write}, {"name": "read", "order": read}],
        "parameters": {"words": {"type": "string", "default": words}},
    }


def test_the_second_step_reads_what_the_first_one_wrote(lab):
    words = "of the first step"
    run = lab.post("pipelines/runs", {"experiment": "two-steps", "graph": two_steps(lab, words)})
    assert (run["type"], run["parameters"]) == ("azureml.PipelineRun", {"words": words})
    assert [(one["name"], one["after"]) for one in run["steps"]] == [("write", []), ("read", [0])]
    done = lab.ended(run["run_id"])
    assert done["state"] == "Completed", done
    write, read = (lab.run(step["run_id"]) for step in done["steps"])
    assert write["arguments"] == ["DatasetOutputConfig:said", words]
    assert (read["type"], read["step_name"]) == ("azureml.StepRun", "read")
    assert read["inputs"][0]["tree"] == write["output_datasets"][0]["tree"]
    series = lab.found.client.get(f"runs/{read['run_id']}/metrics")["series"]
    assert [(one["name"], one["last"]) for one in series] == [("letters", len(words))]


def test_a_step_that_fails_ends_it_and_says_why(lab):
    code = lab.code(fails="raise SystemExit('the disk was empty')", ends="print(1)")
    bad = {"name": "bad", "order": {"snapshot": code, "script": "fails.py"}}
    last = {"name": "last", "after": [0], "order": {"snapshot": code, "script": "ends.py"}}
    graph = {"steps": [bad, last]}
    run = lab.post("pipelines/runs", {"experiment": "fails-in-steps", "graph": graph})
    done = lab.ended(run["run_id"])
    assert (done["state"], done["reason"]) == ("Failed", "step-failed")
    assert "step bad failed" in done["error"]["message"]
    assert "the disk was empty" in done["error"]["message"]
    assert [step["state"] for step in done["steps"]] == ["Failed", "Canceled"]


@pytest.mark.parametrize("program", ["valkey", "worker"])
def test_a_pipeline_goes_on_after_a_program_was_killed(own_studio, program):
    """Messages are lost with Valkey, and whoever worked on one is gone: what is due are rows."""
    lab = Lab(own_studio.start())
    try:
        gate = own_studio.folder / "gate"
        waits = f"import os, time\nwhile not os.path.exists({os.fspath(gate)!r}): time.sleep(0.05)"
        code = lab.code(waits=waits, ends="print('well')")
        graph = {
            "steps": [
                {"name": "first", "order": {"snapshot": code, "script": "waits.py"}},
                {"name": "then", "after": [0], "order": {"snapshot": code, "script": "ends.py"}},
            ]
        }
        run = lab.post("pipelines/runs", {"experiment": f"killed-{program}", "graph": graph})

        def states() -> list[str]:
            return [step["state"] for step in lab.run(run["run_id"])["steps"]]

        until(lambda: states()[0] == "Running", 240, "the first step runs")
        own_studio.kill(program, signal.SIGKILL)
        gate.write_text("open")
        assert lab.ended(run["run_id"])["state"] == "Completed"
        assert states() == ["Completed", "Completed"]
        below = lab.found.client.get(f"runs/{run['run_id']}/children")["items"]
        assert [one["name"] for one in below] == ["then", "first"]
    finally:
        lab.found.client.close()
