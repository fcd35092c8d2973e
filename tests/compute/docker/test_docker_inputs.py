"""Inputs of runs in containers: the same folder of this machine, which they cannot write to."""

import os

import pytest
from azureml.core import Experiment, Run

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
