"""Wrong calls of the SDK: the class that scripts catch, and a message with the way out."""

import json
import os
import socket
import threading

import pytest
from azureml.core import (
    ComputeTarget,
    Dataset,
    Environment,
    Experiment,
    Model,
    Run,
    ScriptRunConfig,
    Workspace,
)
from azureml.core.compute import AmlCompute
from azureml.core.compute_target import ComputeTargetException
from azureml.exceptions import (
    ExperimentExecutionException,
    UserErrorException,
    WebserviceException,
)
from trainyard import Unreachable, _errors
from trainyard._client import Client


@pytest.fixture
def source(tmp_path):
    (tmp_path / "train.py").write_text("print(1)")
    return os.fspath(tmp_path)


def submit(workspace, source, **words):
    config = ScriptRunConfig(source, words.pop("script", "train.py"), **words)
    return Experiment(workspace, "wrong-calls").submit(config)


CALLS = [
    ("a space in an experiment's name", UserErrorException, "alphanumeric",
     lambda ws, source: Experiment(ws, "a b")),
    ("an experiment's name that is no text", UserErrorException, "alphanumeric",
     lambda ws, source: Experiment(ws, "")),
    ("an unknown cluster", ComputeTargetException, "ComputeTargetNotFound",
     lambda ws, source: ComputeTarget(ws, "none")),
    ("a cluster's name that is no text", ComputeTargetException, "must be text",
     lambda ws, source: ComputeTarget(ws, 3)),
    ("a cluster's name that breaks the rules", ComputeTargetException, "name",
     lambda ws, source: ComputeTarget.create(
         ws, "a b!", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=1))),
    ("no max_nodes", ComputeTargetException, "max nodes count is mandatory",
     lambda ws, source: ComputeTarget.create(
         ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2"))),
    ("a number that is none", ComputeTargetException, "whole number",
     lambda ws, source: ComputeTarget.create(
         ws, "c", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes="two"))),
    ("a run on an unknown cluster", ComputeTargetException, "cpu-cluster",
     lambda ws, source: submit(ws, source, compute_target="none")),
    ("a script that is not there", ExperimentExecutionException, "none.py",
     lambda ws, source: submit(ws, source, script="none.py")),
    ("an environment by its name", UserErrorException, "Environment.get(workspace, name)",
     lambda ws, source: submit(ws, source, environment="sklearn")),
    ("a bare dataset", UserErrorException, "as_mount",
     lambda ws, source: submit(
         ws, source, arguments=[Dataset.File.from_files("https://example.org/a.csv", False)])),
    ("an unknown run", UserErrorException, "no_1_deadbeef",
     lambda ws, source: Run(Experiment(ws, "wrong-calls"), "no_1_deadbeef")),
    ("an unknown model", WebserviceException, "ModelNotFound",
     lambda ws, source: Model(ws, "none")),
    ("an unknown dataset", UserErrorException, "none",
     lambda ws, source: Dataset.get_by_name(ws, "none")),
    ("an unknown environment", UserErrorException, "none",
     lambda ws, source: Environment.get(ws, "none")),
    ("a model's file that is not here", WebserviceException, "cannot be located",
     lambda ws, source: Model.register(ws, source + "/none", "m")),
    ("a model's name that breaks the rules", UserErrorException, "name",
     lambda ws, source: Model.register(ws, os.path.join(source, "train.py"), "a b/c")),
    ("a datastore that is not there", UserErrorException, "workspaceblobstore",
     lambda ws, source: ws.set_default_datastore("other")),
    ("a folder that is not there", UserErrorException, "/none",
     lambda ws, source: ws.get_default_datastore().upload(source + "/none")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said", "call"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS]
)
def test_a_wrong_call_raises_what_scripts_catch(workspace, source, kind, said, call):
    with pytest.raises(kind) as caught:
        call(workspace, source)
    assert said in caught.value.message


def config(folder, live_studio, **ours):
    words = json.loads(live_studio.config_path.read_text())
    words["trainyard"].update(ours)
    (folder / "config.json").write_text(json.dumps(words))
    return os.fspath(folder / "config.json")


def test_a_token_that_nobody_knows(live_studio, tmp_path):
    with pytest.raises(UserErrorException, match="Settings page") as caught:
        Workspace.from_config(config(tmp_path, live_studio, token="ty_nobody"))
    assert isinstance(caught.value, _errors.NotSignedIn) and caught.value.status == 401


def test_a_workspace_that_the_token_does_not_reach(live_studio, tmp_path):
    config(tmp_path, live_studio)
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "workspace_name": "other"}))
    with pytest.raises(UserErrorException, match=r"No workspaces found with name=other.*default"):
        Workspace.from_config(os.fspath(file))


def test_an_answer_of_the_studio_is_the_class_of_its_code(workspace):
    client = workspace.client
    cases = [
        ("runs/no_1_deadbeef", _errors.NotFound),
        (workspace.api("clusters/none"), _errors.UnknownCluster),
        (workspace.api("experiments/none/table?q=%3C"), _errors.StudioError),
        ("workspaces/other/models", _errors.NotFound),
    ]
    for path, kind in cases:
        with pytest.raises(kind) as caught:
            client.get(path)
        assert caught.value.code == kind.code or kind is _errors.StudioError


def test_nobody_at_the_address_is_said_with_what_was_tried():
    with pytest.raises(Unreachable) as caught:
        Client("http://127.0.0.1:9", "ty_x", patience_s=0.5).get("me")
    said = caught.value.message
    assert "http://127.0.0.1:9/api/v1/me" in said and "ConnectionRefusedError" in said
    assert "tried" in said and "Is the studio up" in said


def test_a_call_is_tried_again_until_it_is_answered(live_studio):
    """Connections that break before an answer; the third is passed on to the studio."""
    door = socket.create_server(("127.0.0.1", 0))
    port = int(live_studio.url.rsplit(":", 1)[1])
    came = []

    def serve():
        for number in range(3):
            line, _ = door.accept()
            came.append(number)
            if number == 2:
                pass_on(line, port)
            line.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{door.getsockname()[1]}"
    client = Client(address, live_studio.token, patience_s=90)
    assert client.get("me")["username"] == "admin" and came == [0, 1, 2]
    client.close()
    door.close()


def pass_on(line, port):
    """Carry one request to the studio and its answer back."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as there:
        there.sendall(line.recv(65536).replace(b"keep-alive", b"close"))
        there.settimeout(60)
        try:
            while piece := there.recv(65536):
                line.sendall(piece)
        except TimeoutError:
            pass
