"""The workspace's own store of files, by the SDK against a whole studio."""

import os
import re

import pytest
from azureml.core import Datastore, Experiment, ScriptRunConfig
from azureml.data.data_reference import DataReference
from azureml.exceptions import UserErrorException
from trainyard import _datastore


@pytest.fixture
def folder(tmp_path):
    """A folder with two files, one below another folder."""
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "a.txt").write_text("a")
    (tmp_path / "data" / "sub" / "b.txt").write_text("bb")
    return os.fspath(tmp_path / "data")


def test_a_folder_is_uploaded_with_the_lines_that_people_know(workspace, folder, capsys):
    store = workspace.get_default_datastore()
    made = store.upload(src_dir=folder, target_path="up/one", overwrite=True, show_progress=True)
    assert isinstance(made, DataReference) and made.path_on_datastore == "up/one"
    lines = capsys.readouterr().out.splitlines()
    a, b = f"{folder}/a.txt", f"{folder}/sub/b.txt"
    assert lines[:3] == ["Uploading an estimated of 2 files", f"Uploading {a}", f"Uploading {b}"]
    done = [re.sub(r"^Uploaded \S+, ", "", line) for line in lines[3:5]]
    assert done == [f"{n} files out of an estimated total of 2" for n in (1, 2)]
    assert {line.split(",")[0] for line in lines[3:5]} == {f"Uploaded {a}", f"Uploaded {b}"}
    assert lines[5:] == ["Uploaded 2 files"]
    with open(a, "w") as file:
        file.write("changed")
    store.upload(folder, "up/one")
    assert capsys.readouterr().out.splitlines() == [
        "Uploading an estimated of 2 files",
        "Target already exists. Skipping upload for up/one/a.txt",
        "Target already exists. Skipping upload for up/one/sub/b.txt",
        "Uploaded 0 files",
    ]
    store.upload(folder, "up/one", overwrite=True, show_progress=False)
    assert capsys.readouterr().out == ""


def test_files_go_up_and_come_down(workspace, folder, tmp_path, capsys):
    store = Datastore.get(workspace, "workspaceblobstore")
    files = [os.path.join(folder, "a.txt"), os.path.join(folder, "sub", "b.txt")]
    store.upload_files(files, target_path="flat", overwrite=True)
    store.upload_files(files, relative_root=folder, target_path="tree", overwrite=True)
    capsys.readouterr()
    place = tmp_path / "down"
    assert store.download(os.fspath(place), prefix="tree/", show_progress=True) == 2
    assert capsys.readouterr().out.endswith("Downloaded 2 files\n")
    assert (place / "tree" / "sub" / "b.txt").read_text() == "bb"
    assert store.download(os.fspath(place), prefix="flat/b.txt") == 1
    (place / "tree" / "a.txt").write_text("mine")
    assert store.download(os.fspath(place), prefix="tree/") == 0
    assert (place / "tree" / "a.txt").read_text() == "mine"
    assert store.download(os.fspath(place), prefix="tree/", overwrite=True) == 2
    assert (place / "tree" / "a.txt").read_text() == "a"


def test_what_is_not_there_is_said(workspace, folder):
    store = workspace.get_default_datastore()
    for call, words in (
        (lambda: store.upload(folder + "-none"), "does not exist on this computer"),
        (lambda: store.upload_files([folder + "/none.txt"]), "is not a file on this computer"),
        (lambda: store.upload_files(folder), "takes a list of paths"),
        (lambda: store.upload_files([folder + "/a.txt"], relative_root=folder + "/sub"), "not lie"),
        (lambda: Datastore(workspace, "other"), "its datastores: workspaceblobstore"),
        (lambda: workspace.set_default_datastore("other"), "its datastores: workspaceblobstore"),
    ):
        with pytest.raises(UserErrorException, match=words):
            call()
    assert list(workspace.datastores) == ["workspaceblobstore"]
    with pytest.raises(NotImplementedError, match="Instead: "):
        Datastore.register_azure_blob_container(workspace, "x", "y", "z")


def test_a_path_of_the_store_reaches_a_script(workspace, folder, tmp_path):
    store = workspace.get_default_datastore()
    store.upload(folder, "legacy", overwrite=True, show_progress=False)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(
        "import os, sys\n"
        "assert open(os.path.join(sys.argv[1], 'sub', 'b.txt')).read() == 'bb'\n"
        "assert os.environ['AZUREML_DATAREFERENCE_old'] == sys.argv[1]\n"
    )
    reference = store.path("legacy", data_reference_name="old").as_mount()
    config = ScriptRunConfig(os.fspath(tmp_path / "src"), "train.py", arguments=[reference])
    run = Experiment(workspace, "stores").submit(config)
    run.wait_for_completion()
    assert run.get_status() == "Completed"


def test_a_large_file_tells_how_far_it_is(workspace, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_datastore, "SAYS_EVERY_S", 0.0)
    (tmp_path / "large").mkdir()
    place = tmp_path / "large" / "l.bin"
    with place.open("wb") as file:
        for number in range(24):
            file.write(bytes([number]) * 1024 * 1024)
    workspace.get_default_datastore().upload(os.fspath(tmp_path / "large"), "large")
    said = capsys.readouterr().out
    assert re.search(rf"Uploading {re.escape(os.fspath(place))}: \S+ MB of 25\.2 MB\n", said)
    assert said.endswith("Uploaded 1 files\n")
    back = workspace.get_default_datastore().download(os.fspath(tmp_path), "large")
    assert back == 0
    monkeypatch.chdir(tmp_path)
    workspace.get_default_datastore().download("down", "large")
    assert (tmp_path / "down" / "large" / "l.bin").read_bytes() == place.read_bytes()


def test_a_name_that_is_no_text_is_said(workspace, tmp_path):
    (tmp_path / "odd").mkdir()
    with open(os.path.join(os.fsencode(tmp_path), b"odd", b"\xff.txt"), "wb"):
        pass
    with pytest.raises(UserErrorException, match="not valid UTF-8; rename it"):
        workspace.get_default_datastore().upload(os.fspath(tmp_path / "odd"), "odd")
