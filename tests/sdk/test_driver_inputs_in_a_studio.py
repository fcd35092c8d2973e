"""Inputs of runs in a whole studio: laid out once, read by several runs, on this machine."""

import hashlib
import os

import pytest
from azureml.core import Experiment, Run

READS = """
import json, os, sys
root = sys.argv[1]
files = {}
for below, _, names in os.walk(root):
    for name in names:
        path = os.path.join(below, name)
        files[os.path.relpath(path, root)] = open(path).read()
print(json.dumps(sorted(files.items())), os.environ["DATA"] == root, os.path.realpath(root))
"""


@pytest.fixture
def tree_of(workspace):
    """Send files given by path; return the name of their tree."""

    def send(files):
        home = f"workspaces/{workspace.name}"
        listing = []
        for path, text in files.items():
            content = text.encode()
            sha256 = hashlib.sha256(content).hexdigest()
            call = workspace.client.transport().request
            call("PUT", f"/api/v1/{home}/blobs/{sha256}", body=content)
            listing.append([path, sha256])
        return workspace.client.post(home + "/snapshots", {"files": listing})["snapshot"]

    return send


@pytest.fixture
def reads(workspace, tree_of):
    """Run a script on inputs and return what its log says, without our own lines."""

    def run(code, **given):
        home = f"workspaces/{workspace.name}"
        order = {
            "experiment": "inputs",
            "snapshot": tree_of({"train.py": code}),
            "script": "train.py",
            "arguments": ["DatasetConsumptionConfig:data"],
            "inputs": [{"name": "data", **given}],
        }
        answer = workspace.client.post(home + "/runs", order)
        made = Run(Experiment(workspace, "inputs"), answer["run_id"])
        made.wait_for_completion(raise_on_error=False)
        return made

    return run


def text(run, tmp_path, name="azureml-logs/70_driver_log.txt"):
    run.download_file(name, os.fspath(tmp_path / "log.txt"))
    return (tmp_path / "log.txt").read_text()


def test_two_runs_read_one_folder_and_a_third_gets_a_copy(reads, tree_of, tmp_path):
    tree = tree_of({"a.txt": "one", "deep/b.txt": "two"})
    listed = '[["a.txt", "one"], ["deep/b.txt", "two"]] True '
    places = []
    for mode in ("mount", "mount", "download"):
        run = reads(READS, tree=tree, mode=mode)
        assert run.get_status() == "Completed", run.get_details()
        said = text(run, tmp_path)
        assert "Processing 'data'." in said
        last = said.splitlines()[-1]
        assert last.startswith(listed), said
        places.append(last[len(listed) :])
    assert places[0] == places[1] != places[2]
    assert tree in places[0]
    assert tree not in places[2]


def test_a_script_that_writes_into_a_mount_spoils_it_for_nobody(reads, tree_of, tmp_path):
    tree = tree_of({"a.txt": "the first words"})
    spoils = (
        "import os, sys\n"
        "os.chmod(sys.argv[1] + '/a.txt', 0o644)\n"
        "open(sys.argv[1] + '/a.txt', 'w').write('other words')\n"
    )
    assert reads(spoils, tree=tree).get_status() == "Completed"
    assert '["a.txt", "the first words"]' in text(reads(READS, tree=tree), tmp_path)


def test_the_log_of_the_node_says_what_the_job_runs_on(reads, tree_of, tmp_path):
    run = reads("print(1)", tree=tree_of({"x": "y"}), mode="direct")
    said = text(run, tmp_path, "azureml-logs/55_azureml-execution.txt")
    assert run.id in said
    assert "by the backend local" in said
    assert "GPUs of the machine: " in said
    prepared = text(run, tmp_path, "azureml-logs/65_job_prep.txt")
    assert "code laid out: 1 files" in prepared
    assert "Processing 'data'." in prepared
