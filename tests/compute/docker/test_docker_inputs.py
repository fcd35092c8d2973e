"""Inputs of runs in containers: the same folder of this machine, which they cannot write to.

And datasets that they fill.
"""

import os

import pytest
from azureml.core import Dataset, Environment, Experiment, Run, ScriptRunConfig
from azureml.data import OutputFileDatasetConfig

from tests.compute.docker.boxes import workspace_with_boxes

READS = """
import json, os, sys
root = sys.argv[1]
names = [name for _, _, found in os.walk(root) for name in found]
try:
    open(root + "/x", "w")
    written = True
except OSError as error:
    written = error.strerror
seven = open(root + "/00/7.txt").read()
print(json.dumps([len(names), seven, written, os.environ["DATA"] == root]))
"""


@pytest.fixture(scope="module")
def workspace(base):
    with workspace_with_boxes(base, "0.5cpu-0.5gib", max_nodes=1) as found:
        yield found


def sent(workspace, files):
    home = f"workspaces/{workspace.name}"
    listing = []
    for path, text in files.items():
        call = workspace.client.transport().request
        answer = call("POST", f"/api/v1/{home}/blobs", body=text.encode()).json()
        listing.append([path, answer["sha256"]])
    return workspace.client.post(home + "/snapshots", {"files": listing})["snapshot"]


def ran(workspace, code, tree, *, mode, folder):
    order = {
        "experiment": "inputs", "snapshot": sent(workspace, {"train.py": code}),
        "script": "train.py", "cluster": "boxes", "environment": {"definition": {"pip": "six"}},
        "arguments": ["DatasetConsumptionConfig:data"],
        "inputs": [{"name": "data", "tree": tree, "mode": mode}],
    }  # fmt: skip
    answer = workspace.client.post(f"workspaces/{workspace.name}/runs", order)
    run = Run(Experiment(workspace, "inputs"), answer["run_id"])
    run.wait_for_completion()
    run.download_file("azureml-logs/70_driver_log.txt", os.fspath(folder / "log.txt"))
    return (folder / "log.txt").read_text().splitlines()


def test_a_container_reads_a_mount_and_writes_to_a_copy(workspace, tmp_path):
    tree = sent(workspace, {f"{n % 10:02}/{n}.txt": str(n) for n in range(50)} | {"00/7.txt": "x"})
    lines = ran(workspace, READS, tree, mode="mount", folder=tmp_path)
    assert lines[-1] == '[51, "x", "Read-only file system", true]'
    assert "Mounted data to" in "\n".join(lines)
    lines = ran(workspace, READS, tree, mode="download", folder=tmp_path)
    assert lines[-1] == '[51, "x", true, true]'


WRITES = """
import os, sys
place = sys.argv[1]
os.makedirs(place + "/deep")
open(place + "/deep/a.txt", "w").write("one")
open(place + "/b.bin", "wb").write(b"x" * 300000)
os.symlink("/etc/passwd", place + "/passwd")
print(os.environ["OUT"] == place)
"""


def test_a_container_fills_a_dataset_that_the_next_one_reads(workspace, tmp_path):
    out = OutputFileDatasetConfig("out").as_upload().register_on_complete("of-a-container")
    config = ScriptRunConfig(os.fspath(tmp_path), "write.py", [out], compute_target="boxes")
    (tmp_path / "write.py").write_text(WRITES)
    config.run_config.environment = Environment("six")
    config.run_config.environment.python.conda_dependencies.add_pip_package("six")
    run = Experiment(workspace, "outputs").submit(config)
    run.wait_for_completion()
    data = Dataset.get_by_name(workspace, "of-a-container")
    assert data.to_path() == ["/b.bin", "/deep/a.txt"]  # and nothing that the link leads to
    assert run.output_datasets["out"] == data
    (told,) = run._fetch()["output_datasets"]
    assert told["text"] == "left out, for reasons in 75_job_post.txt: passwd"
    reads = "import sys\nprint(open(sys.argv[1] + '/deep/a.txt').read())\n"
    tree = workspace.client.get(workspace.api("datasets/of-a-container"))["tree"]
    assert ran(workspace, reads, tree, mode="mount", folder=tmp_path)[-1] == "one"
