"""Clusters by the SDK's known names, under every Python found: make, wait, look, change, delete."""

import os
import subprocess

import pytest
from azureml.core import ComputeTarget, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute
from azureml.core.compute_target import ComputeTargetException
from azureml.core.runconfig import MpiConfiguration

from tests.fixtures.pythons import pythons
from tests.house.reading import ROOT
from tests.sdk.driving import until

TUTORIAL = """
import sys
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, AmlCompute
from azureml.core.compute_target import ComputeTargetException
ws, name = Workspace.from_config(sys.argv[1]), sys.argv[2]
try:
    ComputeTarget(workspace=ws, name=name)
    raise SystemExit("it is there already")
except ComputeTargetException as error:
    assert error.message.startswith(
        "ComputeTargetNotFound: Compute Target with name %s not found in provided workspace" % name)
config = AmlCompute.provisioning_configuration(
    vm_size="Standard_D2_V2", max_nodes="4", idle_seconds_before_scaledown="90")
target = ComputeTarget.create(ws, name, config)
target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=5)
assert type(ws.compute_targets[name]) is AmlCompute
assert repr(target).endswith("type=AmlCompute, provisioning_state=Succeeded, location=local,"
                             " tags=None)"), repr(target)
target.delete()
target.wait_for_completion(is_delete_operation=True)
assert name not in ws.compute_targets
"""
SAID = """Creating
Succeeded
AmlCompute wait for completion finished

Minimum number of nodes requested have been provisioned
"""


@pytest.fixture
def workspace(live_studio):
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


@pytest.fixture
def target(workspace):
    """A cluster of at most two small nodes, gone afterwards."""
    config = AmlCompute.provisioning_configuration("0.1cpu-0.1gib", max_nodes=2)
    made = ComputeTarget.create(workspace, "by-sdk", config)
    yield made
    ComputeTarget(workspace, "by-sdk").delete()


@pytest.mark.parametrize("python", pythons(), ids=lambda path: path.split("/")[-3])
def test_the_tutorials_cell_works(live_studio, python):
    name = "tutorial-" + "".join(filter(str.isalnum, python.split("/")[-3]))[:14]
    done = subprocess.run(
        [python, "-W", "error", "-c", TUTORIAL, os.fspath(live_studio.config_folder), name],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT / "sdk")},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, SAID), done.stderr


def test_a_status_has_the_thirteen_keys(target):
    status = target.get_status()
    words = status.serialize()
    times = [words.pop(f"{key}Time") for key in ("creation", "modified")]
    times.append(words.pop("allocationStateTransitionTime"))
    assert all(time.endswith("+00:00") for time in times)
    assert words == {
        "currentNodeCount": 0, "targetNodeCount": 0,
        "nodeStateCounts": {
            "preparingNodeCount": 0, "runningNodeCount": 0, "idleNodeCount": 0,
            "unusableNodeCount": 0, "leavingNodeCount": 0, "preemptedNodeCount": 0,
        },
        "allocationState": "Steady", "errors": None, "provisioningState": "Succeeded",
        "provisioningStateTransitionTime": None,
        "scaleSettings": {
            "minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT1800S",
        },
        "vmPriority": "Dedicated", "vmSize": "0.1cpu-0.1gib",
    }  # fmt: skip
    assert list(status.serialize()) == [
        "currentNodeCount", "targetNodeCount", "nodeStateCounts", "allocationState",
        "allocationStateTransitionTime", "errors", "creationTime", "modifiedTime",
        "provisioningState", "provisioningStateTransitionTime", "scaleSettings", "vmPriority",
        "vmSize",
    ]  # fmt: skip
    assert status.scale_settings.maximum_node_count == 2
    assert target.serialize()["properties"]["status"] == status.serialize()


def test_nodes_that_are_kept_up_are_waited_for(target, capsys):
    target.update(min_nodes="1", idle_seconds_before_scaledown=60)
    target.wait_for_completion(show_output=True, timeout_in_minutes=5)
    assert capsys.readouterr().out.endswith(SAID[len("Creating\nSucceeded\n") :])
    assert target.status.current_node_count == 1
    assert target.scale_settings.idle_seconds_before_scaledown == 60
    target.update(min_nodes=0, idle_seconds_before_scaledown=0)
    until(lambda: target.get_status().current_node_count == 0)


def test_nodes_and_runs_of_a_cluster_are_listed(workspace, target, tmp_path):
    (tmp_path / "train.py").write_text("import time\ntime.sleep(300)\n")
    config = ScriptRunConfig(
        os.fspath(tmp_path), "train.py", compute_target=target,
        distributed_job_config=MpiConfiguration(node_count=2),
    )  # fmt: skip
    assert target.list_nodes() == [] and list(target.get_active_runs()) == []
    runs = [Experiment(workspace, "nodes").submit(config, tags={"number": n}) for n in (1, 2)]
    until(lambda: runs[0].get_status() == "Running")
    until(lambda: runs[1].get_status() == "Queued")
    assert target.list_nodes() == [
        {"nodeId": f"node-{number}", "port": None, "publicIpAddress": None,
         "privateIpAddress": None, "nodeState": "running", "runId": runs[0].id}
        for number in (1, 2)
    ]  # fmt: skip
    ids = [run.id for run in runs]
    assert [run.id for run in target.get_active_runs()] == ids[::-1]
    assert [run.id for run in target.get_active_runs(status="Queued")] == ids[1:]
    assert [run.id for run in target.get_active_runs(tags={"number": 1})] == ids[:1]
    assert list(target.get_active_runs(tags="nothing")) == []
    for run in reversed(runs):
        run.cancel()
        run.wait_for_completion()
    until(lambda: {node["nodeState"] for node in target.list_nodes()} == {"idle"})
    assert {node["runId"] for node in target.list_nodes()} == {None}
    assert list(target.get_active_runs()) == []


def test_more_nodes_than_are_kept_up_run_into_the_timeout(target, capsys):
    target.wait_for_completion(show_output=True, min_node_count=2, timeout_in_minutes=0.01)
    said = capsys.readouterr().out
    assert "Waiting for cluster to scale. 0 out of 2 nodes ready." in said
    assert "Wait timeout has been reached\nCurrent provisioning state of AmlCompute is" in said
    assert said.endswith('"Succeeded" and current node count is "0"\n')


def test_more_nodes_than_there_may_be_are_not_waited_for(target):
    with pytest.raises(ComputeTargetException, match=r"5 can never be reached: .* at most 2 nodes"):
        target.wait_for_completion(min_node_count=5)


def test_making_a_cluster_again_changes_it(workspace, target):
    config = AmlCompute.provisioning_configuration("STANDARD_NC6", "lowpriority", max_nodes=3)
    again = ComputeTarget.create(workspace, target.name, config)
    assert (again.vm_size, again.vm_priority) == ("STANDARD_NC6", "lowpriority")
    assert again.get_status().serialize()["vmPriority"] == "LowPriority"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "Invalid provisioning configuration, max nodes count is mandatory"),
        ({"max_nodes": "many"}, "max_nodes must be a whole number"),
        ({"max_nodes": "1_0"}, "max_nodes must be a whole number"),
        ({"max_nodes": -1}, "max_nodes must be from 0 to 1000, not -1"),
        ({"max_nodes": 1, "min_nodes": 2}, "is more than max nodes count"),
        ({"max_nodes": 1, "vm_priority": "high"}, "dedicated or lowpriority"),
        ({"max_nodes": 1, "vm_size": "HUGE"}, "write your own as 2cpu-4gib"),
        ({"max_nodes": 1, "backend": "cloud"}, "one of local, docker"),
    ],
)
def test_what_cannot_be_is_said_as_scripts_expect(workspace, wanted, words):
    config = AmlCompute.provisioning_configuration(**wanted)
    with pytest.raises(ComputeTargetException, match=words):
        ComputeTarget.create(workspace, "never", config)
    assert "never" not in workspace.compute_targets


def test_a_docker_cluster_without_a_network_can_be_asked_for(workspace):
    config = AmlCompute.provisioning_configuration(
        max_nodes=1, backend="docker", has_network=False, require_gpu=True
    )
    facts = ComputeTarget.create(workspace, "by-docker", config).facts()
    ComputeTarget(workspace, "by-docker").delete()
    assert (facts["backend"], facts["has_network"], facts["require_gpu"]) == ("docker", False, True)


def test_what_is_not_there_is_a_compute_target_exception(workspace, target):
    for name in ("nobody", "a/b", "ä ö"):
        with pytest.raises(ComputeTargetException, match="ComputeTargetNotFound"):
            ComputeTarget(workspace, name)
    with pytest.raises(ComputeTargetException, match="Invalid compute target name None"):
        ComputeTarget(workspace, None)
    with pytest.raises(ComputeTargetException, match="Detach is not supported for AmlCompute"):
        target.detach()


def test_the_usual_clusters_are_found_by_their_type(workspace):
    assert workspace.get_default_compute_target("CPU").name == "cpu-cluster"
    assert workspace.get_default_compute_target("GPU") is None


def test_sizes_and_usage_are_listed(workspace):
    named = {size["name"]: size for size in AmlCompute.supported_vmsizes(workspace)}
    assert (named["STANDARD_NC6"]["vCPUs"], named["STANDARD_NC6"]["gpus"]) == (6, 1)
    usages = {usage["name"]["value"]: usage for usage in AmlCompute.list_usages(workspace)}
    assert usages["cpus"]["current_value"] >= 0 and usages["cpus"]["limit"] >= 1
