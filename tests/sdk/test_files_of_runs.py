"""Files of a run: kept from its script, listed and downloaded from outside and in it."""

import io
import os

import pytest
from azureml.core import Dataset, Experiment, Run, ScriptRunConfig
from azureml.exceptions import UserErrorException
from trainyard._errors import Conflict

KEEPS = """
import io, os
from azureml.core import Run
from azureml.exceptions import UserErrorException
run = Run.get_context()
os.makedirs("made/sub", exist_ok=True)
for path in ("made/a.txt", "made/sub/ä.txt", "made/empty.txt"):
    open(path, "w").write("" if "empty" in path else path)
open("outputs/o.txt", "w").write("o")
run.upload_file("named/one.txt", "made/a.txt")
run.upload_file("stream.bin", io.BytesIO(b"bytes"))
run.upload_folder("folder", "made")
run.upload_files(["n/1.txt", "n/2.txt"], ["made/a.txt", "made/sub/ä.txt"])
for wrong in (lambda: run.upload_file("stream.bin", "made/a.txt"),
              lambda: run.upload_folder("other", "nowhere"),
              lambda: run.upload_files(["x"], [])):
    try:
        wrong()
    except UserErrorException as error:
        print(error.message)
    else:
        raise SystemExit("that must not work")
"""
KEPT = ["folder/a.txt", "folder/empty.txt", "folder/sub/ä.txt", "n/1.txt", "n/2.txt",
        "named/one.txt", "outputs/o.txt", "stream.bin"]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("src")
    (folder / "train.py").write_text(KEEPS)
    return os.fspath(folder)


@pytest.fixture
def run(workspace, source):
    """The one run of this module, whose script keeps files in every way."""
    runs = list(Experiment(workspace, "files-of-runs").get_runs())
    if not runs:
        config = ScriptRunConfig(source, "train.py")
        runs = [Experiment(workspace, "files-of-runs").submit(config)]
        runs[0].wait_for_completion()
    return runs[0]


def test_what_the_script_kept_is_listed_and_downloaded(run, tmp_path):
    names = run.get_file_names()
    assert [name for name in names if not name.startswith(("azureml-logs/", "logs/"))] == KEPT
    run.download_file("stream.bin", os.fspath(tmp_path / "here.bin"))
    assert (tmp_path / "here.bin").read_bytes() == b"bytes"
    run.download_file("named/one.txt", os.fspath(tmp_path) + os.sep)
    assert (tmp_path / "one.txt").read_text() == "made/a.txt"
    with pytest.raises(UserErrorException, match=r"none\.txt was not found, avail"):
        run.download_file("none.txt", os.fspath(tmp_path / "x"))
    assert not (tmp_path / "x").exists()


def test_files_below_a_prefix_are_downloaded(run, tmp_path):
    run.download_files("folder/", os.fspath(tmp_path / "a"))
    assert (tmp_path / "a" / "folder" / "sub" / "ä.txt").read_text() == "made/sub/ä.txt"
    assert (tmp_path / "a" / "folder" / "empty.txt").read_bytes() == b""
    run.download_files("folder", os.fspath(tmp_path / "b"), append_prefix=False)
    assert sorted(os.listdir(tmp_path / "b")) == ["a.txt", "empty.txt", "sub"]
    run.download_files("n/", output_paths=[os.fspath(tmp_path / name) for name in ("1", "2")])
    assert (tmp_path / "2").read_text() == "made/sub/ä.txt"
    with pytest.raises(UserErrorException, match="1 output_paths were given for 2 files"):
        run.download_files("n/", output_paths=["only"])


def test_logs_and_details(run, tmp_path):
    places = run.get_all_logs(os.fspath(tmp_path / "logs"))
    said = os.path.join(tmp_path, "logs", "azureml-logs", "70_driver_log.txt")
    assert said in places
    with open(said, encoding="utf-8") as file:
        text = file.read()
    assert "a file stream.bin was uploaded by this run already; choose another name\n" in text
    assert "nowhere does not exist on this computer\n1 names were given for 0 paths\n" in text
    details = run.get_details()
    assert set(details["logFiles"]) == {p[len(f"{tmp_path}/logs/") :] for p in places}
    for name, url in details["logFiles"].items():
        assert url.startswith("http://127.0.0.1") and url.endswith(f"/{run.id}/files/{name}")
    assert details["inputDatasets"] == [] and run.input_datasets == {}


def test_a_model_of_a_run_names_its_datasets(run, workspace, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "d.txt").write_text("d")
    store = workspace.get_default_datastore()
    data = Dataset.File.upload_directory(
        os.fspath(tmp_path / "d"), (store, "of-runs"), show_progress=False
    ).register(workspace, "of-runs")
    scenarios = [(Dataset.Scenario.TRAINING, data), (Dataset.Scenario.TEST, data)]
    model = run.register_model("of-a-run", "outputs/o.txt", datasets=scenarios)
    assert model.datasets == {"training": ["of-runs:1"], "test": ["of-runs:1"]}
    assert model.run_id == run.id


def test_from_outside_files_are_kept_under_names_that_are_free(run, tmp_path):
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "a.txt").write_text("a")
    run.upload_file("later/stream.bin", io.BytesIO(b"later"))
    run.upload_folder("later/folder", os.fspath(tmp_path / "folder"))
    later = [name for name in run.get_file_names() if name.startswith("later/")]
    assert later == ["later/folder/deep/a.txt", "later/stream.bin"]
    run.download_file("later/stream.bin", os.fspath(tmp_path / "here"))
    assert (tmp_path / "here").read_bytes() == b"later"
    with pytest.raises(Conflict, match="later/stream"):
        run.upload_file("later/stream.bin", io.BytesIO(b"other"))
    with pytest.raises(UserErrorException, match="does not exist"):
        run.upload_folder("later/none", os.fspath(tmp_path / "none"))


def test_an_offline_run_says_what_it_would_keep(capsys):
    offline = Run.get_context()
    offline.upload_file("name", "path.txt")
    offline.upload_folder("folder", "here")
    offline.upload_files(["a", "b"], ["1", "2"])
    assert capsys.readouterr().out.splitlines() == [
        "Attempted to track file name at path.txt", "Attempted to track folder folder at here",
        "Attempted to track file a at 1", "Attempted to track file b at 2",
    ]  # fmt: skip
    for name in ("input_datasets", "register_model", "experiment"):
        assert not hasattr(offline, name)
