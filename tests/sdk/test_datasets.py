"""Datasets by the SDK against a whole studio: from addresses, by name, here and in runs."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from azureml.core import Dataset, Datastore, Experiment, Run, ScriptRunConfig, Workspace
from azureml.data import FileDataset
from azureml.data.datapath import DataPath
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.exceptions import UserErrorException
from azureml.opendatasets import MNIST

from tests.fixtures.studio_process import StudioProcess
from tests.sdk.driving import SDK

READS = """
import json, os, sys
from azureml.core import Run
run = Run.get_context()
found = {"arguments": sys.argv[1:], "datasets": {}, "env": os.environ.get("small"),
         "ENV": os.environ.get("SMALL")}
for name, value in run.input_datasets.items():
    found["datasets"][name] = value if isinstance(value, str) else [value.name, value.to_path()]
folder = sys.argv[2]
found["files"] = {p: open(os.path.join(folder, p)).read() for p in sorted(os.listdir(folder))}
json.dump(found, open("outputs/found.json", "w"))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Files behind a small web server on loopback: (address, folder)."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "a").mkdir()
    for name in ("train", "test"):
        (folder / "a" / f"{name}.txt").write_text(f"{name} " * 1000)
    handler = partial(Quiet, directory=os.fspath(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def do_GET(self):
        """Files; /slow.bin never comes to its end."""
        if self.path != "/slow.bin":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(10**9))
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"x" * 100_000)
                time.sleep(0.05)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def studio(pages):
    """A studio that may fetch from this machine."""
    started = StudioProcess(STUDIO_FETCH_PRIVATE="127.0.0.0/8")
    try:
        yield started.start()
    finally:
        started.remove()


@pytest.fixture
def workspace(studio):
    found = Workspace.from_config(os.fspath(Path(studio.config_path).parent))
    yield found
    found.client.close()


def stored(workspace, tmp_path, target, **files):
    """Put files with these texts into the datastore below `target`."""
    folder = tmp_path / target.replace("/", "_")
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    store = workspace.get_default_datastore()
    store.upload(os.fspath(folder), target, overwrite=True, show_progress=False)
    return store


def test_files_from_addresses_are_fetched_once_registered_and_downloaded(
    workspace, pages, tmp_path, capsys
):
    url, folder = pages
    dataset = Dataset.File.from_files([f"{url}/a/train.txt", f"{url}/a/test.txt"])
    assert capsys.readouterr().out.startswith("Fetched 2 files, 11.0 kB")
    host = url[len("http://") :].replace(":", "%3A")
    paths = [f"/http%3A/%2F{host}/a/{name}.txt" for name in ("test", "train")]
    assert dataset.to_path() == paths
    assert (dataset.id, dataset.name, dataset.version) == (None, None, None)
    made = dataset.register(workspace, "texts", description="words", tags={"kind": "text"})
    assert (made.id, made.name, made.version) == ("texts:1", "texts", 1)
    assert (made.description, made.tags) == ("words", {"kind": "text"})
    assert isinstance(made, FileDataset)
    got = Dataset.get_by_name(workspace, "texts")
    assert got == made and got.to_path() == paths and got == Dataset.get_by_id(workspace, got.id)
    places = got.download(os.fspath(tmp_path / "here"))
    assert [place[len(os.fspath(tmp_path / "here")) :] for place in places] == paths
    assert Path(places[1]).read_text() == (folder / "a" / "train.txt").read_text()
    said = f'File "{places[0]}" already exists. Set overwrite=True to overwrite it.'
    with pytest.raises(UserErrorException, match=re.escape(said)):
        got.download(os.fspath(tmp_path / "here"))
    assert got.download(os.fspath(tmp_path / "here"), overwrite=True) == places
    assert f'"{url}/a/train.txt"' in repr(got) and '"GetFiles"' in repr(got)
    with got.mount() as mounted:
        assert (Path(mounted.mount_point) / paths[0][1:]).is_file()
    assert not Path(mounted.mount_point).exists()


def test_an_address_that_answers_nothing_says_so(workspace, pages):
    url, _ = pages
    with pytest.raises(UserErrorException, match="404"):
        Dataset.File.from_files(f"{url}/none.txt")
    later = Dataset.File.from_files(f"{url}/none.txt", validate=False)
    with pytest.raises(UserErrorException, match="404"):
        later.register(workspace, "none")
    with pytest.raises(UserErrorException, match="dataset"):
        Dataset.get_by_name(workspace, "none")


FETCHES = """
import sys
sys.path.insert(0, sys.argv[1])
from trainyard import Dataset, Workspace
from trainyard._datasets import content
content.SAYS_EVERY_S = 0.0
workspace = Workspace.from_config(sys.argv[2])
try:
    Dataset.File.from_files(sys.argv[3])
except KeyboardInterrupt:
    print("stopped", workspace.client.get(workspace.api("fetches/" + sys.argv[4]))["state"])
"""


def test_a_fetch_tells_how_far_it_is_and_ends_with_ctrl_c(workspace, studio, pages):
    url, _ = pages
    asked = workspace.api("fetches")
    number = workspace.client.post(asked, {"urls": [f"{url}/a/train.txt"]})["id"] + 1
    words = [os.fspath(SDK), os.fspath(studio.config_folder), f"{url}/slow.bin", str(number)]
    with subprocess.Popen(
        [sys.executable, "-u", "-c", FETCHES, *words], stdout=subprocess.PIPE, text=True
    ) as process:
        first = process.stdout.readline()
        assert re.fullmatch(r"Fetching 1 file: \S+ [kM]B( of 1\.00 GB)?\n", first), first
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().splitlines()[-1] == "stopped Canceled"


def test_names_and_versions(workspace, tmp_path):
    store = stored(workspace, tmp_path, "versions", a="1", b="2")
    first = Dataset.File.from_files((store, "versions")).register(workspace, "numbered")
    again = Dataset.File.from_files(DataPath(store, "versions"))
    with pytest.raises(UserErrorException, match="There is already a dataset registered under"):
        again.register(workspace, "numbered")
    assert again.register(workspace, "numbered", create_new_version=True).version == 1
    stored(workspace, tmp_path, "versions", a="other")
    newer = Dataset.File.from_files((store, "versions"))
    assert newer.register(workspace, "numbered", create_new_version=True).version == 2
    assert Dataset.get_by_name(workspace, "numbered").version == 2
    assert Dataset.get_by_name(workspace, "numbered", version=1) == first
    assert Dataset.get_by_name(workspace, "numbered", version="latest").version == 2
    with pytest.raises(UserErrorException, match="no version 7"):
        Dataset.get_by_name(workspace, "numbered", 7)
    with pytest.raises(UserErrorException, match="name:version"):
        Dataset.get_by_id(workspace, "numbered")
    assert first.add_tags({"a": 1}) == {"a": "1"} and first.remove_tags(["a"]) == {}
    assert Dataset.get_by_name(workspace, "numbered", 2).tags == {}
    everything = Dataset.get_all(workspace)
    assert "numbered" in everything and everything["numbered"].version == 2
    assert set(workspace.datasets) == set(everything) and len(everything) >= 1
    assert "'numbered'" in repr(everything)
    first.unregister_all_versions()
    assert "numbered" not in workspace.datasets and first.id is None


def test_paths_of_a_datastore_are_laid_out_as_people_know_it(workspace, tmp_path):
    store = stored(workspace, tmp_path, "deep/one", a="1")
    stored(workspace, tmp_path, "deep/two", b="2")
    said = {
        "deep": ["/one/a.csv", "/two/b.csv"],
        "deep/*/*.csv": ["/one/a.csv", "/two/b.csv"],
        "deep/one/a.csv": ["/a.csv"],
        "deep/**/b.csv": ["/two/b.csv"],
    }
    for pattern, paths in said.items():
        assert Dataset.File.from_files((store, pattern)).to_path() == paths, pattern
    both = Dataset.File.from_files([(store, "deep/one"), store.path("deep/two")])
    assert both.to_path() == ["/a.csv", "/b.csv"]
    assert """"('workspaceblobstore', 'deep/one')",""" in repr(both)
    assert '"GetDatastoreFiles"' in repr(both)
    assert both.take(1).to_path() == ["/a.csv"] and both.skip(1).to_path() == ["/b.csv"]
    one, other = both.random_split(0.5, seed=3)
    assert sorted(one.to_path() + other.to_path()) == ["/a.csv", "/b.csv"]
    kept = both.take(1).register(workspace, "taken")
    assert Path(kept.download()[0]).read_text() == "1"
    with pytest.raises(UserErrorException, match="nowhere"):
        Dataset.File.from_files((store, "nowhere"))


def test_a_folder_of_this_computer_becomes_a_dataset(workspace, tmp_path, capsys):
    folder = tmp_path / "src"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "ä b.csv").write_text("b")
    store = Datastore.get_default(workspace)
    made = Dataset.File.upload_directory(os.fspath(folder), (store, "brought"))
    assert "Uploaded 2 files" in capsys.readouterr().out
    assert made.to_path() == ["/a.txt", "/sub/ä b.csv"]
    with pytest.raises(UserErrorException, match="overwrite=True"):
        Dataset.File.upload_directory(os.fspath(folder), (store, "brought"))
    (folder / "a.txt").write_text("changed")
    made = Dataset.File.upload_directory(os.fspath(folder), (store, "brought"), overwrite=True)
    places = made.download(os.fspath(tmp_path / "back"))
    assert [Path(place).read_text() for place in places] == ["changed", "b"]
    only = Dataset.File.upload_directory(
        os.fspath(folder), DataPath(store, "only"), pattern="**/*.csv"
    )
    assert only.to_path() == ["/sub/ä b.csv"]


@pytest.mark.parametrize("path", ["./data", "C:\\data", "file:///data", [], 7, "ftp://x/y"])
def test_a_path_of_this_computer_is_refused_with_the_way_out(path):
    with pytest.raises(UserErrorException, match="Invalid argument type for `path`"):
        Dataset.File.from_files(path)


def test_what_cannot_be_an_input_is_refused(workspace, tmp_path):
    store = stored(workspace, tmp_path, "refused", a="1")
    data = Dataset.File.from_files((store, "refused"))
    (tmp_path / "train.py").write_text("")
    config = ScriptRunConfig(os.fspath(tmp_path), "train.py", arguments=["--data", data])
    with pytest.raises(UserErrorException, match="Dataset cannot be used directly in a run"):
        Experiment(workspace, "data").submit(config)
    with pytest.raises(UserErrorException, match="letters, digits and underscores"):
        data.as_named_input("a-b")
    with pytest.raises(UserErrorException, match="modes: mount, download, direct"):
        DatasetConsumptionConfig("a", data, "hdfs")
    twice = [data.as_named_input("a").as_mount(), data.as_named_input("a").as_download()]
    config = ScriptRunConfig(os.fspath(tmp_path), "train.py", arguments=twice)
    with pytest.raises(UserErrorException, match="two inputs are called a"):
        Experiment(workspace, "data").submit(config)


def test_inputs_reach_the_script(workspace, tmp_path):
    store = stored(workspace, tmp_path, "inputs", a="1", b="2")
    data = Dataset.File.from_files((store, "inputs"))
    known = data.register(workspace, "read-by-runs")
    source = tmp_path / "src"
    source.mkdir()
    (source / "train.py").write_text(READS)
    small = known.as_named_input("small")
    arguments = ["--data-folder", data.as_mount(), "--x", 0.5, small.as_download(), small.name]
    config = ScriptRunConfig(
        os.fspath(source), "train.py", arguments=[*arguments, known.as_named_input("it")]
    )
    run = Experiment(workspace, "data").submit(config)
    details = run.wait_for_completion()
    unnamed = arguments[1].name
    assert re.fullmatch("input__[0-9a-f]{8}", unnamed)
    said = details["runDefinition"]["arguments"]
    assert said[:4] == ["--data-folder", f"DatasetConsumptionConfig:{unnamed}", "--x", "0.5"]
    inputs = {one["consumptionDetails"]["inputName"]: one for one in details["inputDatasets"]}
    assert inputs["small"]["dataset"] == {"id": "read-by-runs:1"}
    assert inputs["small"]["consumptionDetails"]["mechanism"] == "Download"
    assert inputs[unnamed]["consumptionDetails"]["mechanism"] == "Mount"
    assert run.input_datasets["small"] == known
    assert run.input_datasets[unnamed].to_path() == ["/a.csv", "/b.csv"]
    run.download_file("outputs/found.json", os.fspath(tmp_path / "found.json"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["files"] == {"a.csv": "1", "b.csv": "2"}
    assert found["datasets"]["it"] == ["read-by-runs", ["/a.csv", "/b.csv"]]
    assert found["datasets"]["small"] == found["env"] == found["ENV"] == found["arguments"][4]
    assert found["datasets"][unnamed] == found["arguments"][1]


def test_an_open_dataset_comes_from_the_catalogue(tmp_path):
    """Of a mirror here: the files are too large to be kept with the tests, and must be the real."""
    mirror = tmp_path / "mirror" / "mnist"
    mirror.mkdir(parents=True)
    names = [f"{part}-{kind}-idx{n}-ubyte.gz" for part in ("train", "t10k")
             for kind, n in (("images", 3), ("labels", 1))]  # fmt: skip
    for name in names:
        (mirror / name).write_bytes(b"not what it must be")
    own = StudioProcess(STUDIO_OPENDATA_MIRROR=os.fspath(mirror.parent))
    try:
        own.start()
        workspace = Workspace.from_config(os.fspath(own.config_folder))
        data = MNIST.get_file_dataset()
        place = "/https%3A/%2Fazureopendatastorage.azurefd.net/mnist/"
        assert data.to_path() == sorted(place + name for name in names)
        assert len(MNIST.get_file_dataset("test").to_path()) == 2
        wrong = hashlib.sha256(b"not what it must be").hexdigest()
        with pytest.raises(UserErrorException, match=f"{wrong[:6]}|SHA-256|checksum"):
            data.register(workspace, "mnist")
        with pytest.raises(UserErrorException, match="all, train, test"):
            MNIST.get_file_dataset("half")
        workspace.client.close()
    finally:
        own.remove()


def test_outside_of_a_run_there_are_no_inputs():
    assert not hasattr(Run.get_context(), "input_datasets")


MAKES = """
import os
from azureml.core import Dataset, Model, Run
run = Run.get_context()
workspace = run.experiment.workspace
os.makedirs("made")
for name in ("a", "empty", "b"):
    open("made/" + name + ".txt", "w").write("" if name == "empty" else name)
store = workspace.get_default_datastore()
store.upload("made", "made-by-a-run", overwrite=True)
made = Dataset.File.from_files((store, "made-by-a-run")).register(workspace, "made-by-a-run")
assert [open(place).read() for place in made.download("back")] == ["a", "b", ""]
Model.register(workspace, "made", "made-by-a-run")
assert Dataset.get_by_name(workspace, "made-by-a-run").id == made.id
"""


def test_a_script_makes_datasets_and_models_of_its_own(workspace, tmp_path):
    (tmp_path / "train.py").write_text(MAKES)
    run = Experiment(workspace, "data").submit(ScriptRunConfig(os.fspath(tmp_path), "train.py"))
    run.wait_for_completion()
    model = workspace.models["made-by-a-run"]
    assert [path for path, _ in model.files] == ["made/a.txt", "made/b.txt", "made/empty.txt"]
    assert model.run_id == run.id
