"""The inputs of a run as its script finds them: a path, variables, and files nobody may change."""

import hashlib
import json
import os

import pytest

from tests.sdk.driving import Driving, until
from tests.sdk.fake_studio import FakeStudio

SHOWS = """
import json, os, sys
names = ("AZUREML_DATASET_ENVIRONMENT_VARS", "AZUREML_DATAREFERENCE_mnist", "MNIST", "mnist")
files = {}
for below, _, found in os.walk(sys.argv[2]):
    for name in found:
        path = os.path.join(below, name)
        files[os.path.relpath(path, sys.argv[2])] = open(path).read()
print(json.dumps([sys.argv[1:], [os.environ.get(name) for name in names], files]))
"""
WAITING = {"state": "waiting", "place": "", "text": "it is laid out"}


class Studio(FakeStudio):
    """Also has inputs: `answers` are told one after the other, `pages` are the files."""

    def __init__(self):
        super().__init__()
        self.answers, self.pages, self.asked = [], {}, []

    def answer(self, method, path, query, body):
        name = path.removeprefix("/api/v1/driver/inputs/")
        if name == path:
            return super().answer(method, path, query, body)
        if method == "GET":
            files, following = self.pages[query.get("cursor", [""])[0]]
            return 200, {"files": files, "next": following}
        self.asked.append((name, json.loads(body)))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return 200, answer

    def input(self, name="mnist", mode="mount", path="", **more):
        one = {"name": name, "mode": mode, "path": path, "title": "mnist:3", "tree": "a" * 64}
        self.job.setdefault("inputs", []).append({**one, **more})

    def keep(self, content: bytes):
        sha256 = hashlib.sha256(content).hexdigest()
        self.blobs[sha256] = content
        return sha256


@pytest.fixture
def driving(tmp_path):
    started = Driving(tmp_path, studio=Studio())
    yield started
    started.end()


@pytest.fixture
def laid(tmp_path, driving):
    """A folder of this machine with the files, as the studio lays it out."""
    folder = tmp_path / "cache" / "tree"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "a.txt").write_text("one")
    (folder / "labels.txt").write_text("two")
    for place in folder.rglob("*.txt"):
        place.chmod(0o444)
    driving.studio.answers = [{"state": "ready", "place": str(folder), "text": ""}]
    return folder


def run(driving, code=SHOWS, arguments=("--data", "DatasetConsumptionConfig:mnist")):
    driving.studio.code(train=code)
    driving.studio.job["arguments"] = list(arguments)
    assert driving.run() == 0
    assert driving.studio.finished["exit_code"] == 0, driving.studio.text()
    return json.loads(driving.studio.text().splitlines()[-1])


def test_a_mount_is_a_path_to_the_shared_folder_told_three_ways(driving, laid):
    driving.studio.input(file_count=2, size_bytes=6)
    arguments, variables, files = run(driving)
    place = str(driving.work / "inputs" / "mnist")
    assert arguments == ["--data", place]
    assert variables == ["mnist:mount,", place, place, place]
    assert files == {"train/a.txt": "one", "labels.txt": "two"}
    assert os.path.realpath(place) == str(laid)
    lines = driving.studio.text().splitlines()
    assert lines[:6] == [
        "Processing 'mnist'.",
        "Processing dataset FileDataset mnist:3: 2 files, 6 bytes",
        f"Mounting mnist to {place}.",
        f"Mounted mnist to {place} as folder.",
        "Preparing to call script [ train.py ] with arguments: ['--data', '$mnist']",
        "After variable expansion, calling script [ train.py ] with arguments:"
        f" ['--data', '{place}']",
    ]
    assert "inputs laid out in" in driving.studio.text("azureml-logs/65_job_prep.txt")


def test_only_a_whole_argument_stands_for_an_input(driving, laid):
    driving.studio.input()
    place = str(driving.work / "inputs" / "mnist")
    words = ["DatasetConsumptionConfig:mnist", "--d=DatasetConsumptionConfig:mnist"]
    arguments, _, _ = run(driving, arguments=["x", *words])
    assert arguments == ["x", place, "--d=DatasetConsumptionConfig:mnist"]


def test_a_download_is_a_copy_that_the_script_may_change(driving, laid):
    driving.studio.input(mode="download")
    code = "import sys\nopen(sys.argv[2] + '/train/a.txt', 'a').write('!')\n" + SHOWS
    _, variables, files = run(driving, code)
    assert variables[0] == "mnist:download,"
    assert files["train/a.txt"] == "one!"
    assert (laid / "train" / "a.txt").read_text() == "one"
    assert "Downloaded mnist to" in driving.studio.text()


def test_a_direct_input_is_the_id_of_its_dataset(driving):
    driving.studio.input(mode="direct", form="tabular")
    code = SHOWS.replace("sys.argv[2]", "'.'", 2)
    arguments, variables, _ = run(driving, code)
    assert arguments == ["--data", "mnist:3"]
    assert variables == ["mnist:direct,", "mnist:3", "mnist:3", "mnist:3"]
    assert driving.studio.asked == []


def test_a_path_of_ones_own_is_kept_inside_the_runs_folder(driving, laid):
    driving.studio.input(path="data/mnist")
    arguments, _, files = run(driving)
    assert arguments[1] == str(driving.work / "code" / "data" / "mnist")
    assert len(files) == 2


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/tmp/mnist", "outside the run's own folder"),
        ("../../mnist", "outside the run's own folder"),
        ("outputs/mnist", "kept as what the run made"),
        ("train.py", "there already"),
    ],
)
def test_a_path_that_cannot_be_is_said_and_the_usual_one_taken(driving, laid, path, why):
    driving.studio.input(path=path)
    arguments, _, files = run(driving)
    assert arguments[1] == str(driving.work / "inputs" / "mnist")
    assert len(files) == 2
    assert why in driving.studio.text()
    assert driving.studio.files == {}


def test_an_input_takes_no_variable_away_that_is_there(driving, laid):
    driving.studio.input(name="path")
    driving.studio.input(name="pythonpath")
    driving.studio.input(name="ld_preload")
    code = (
        "import json, os\n"
        "print(json.dumps([os.environ['PATH'], 'inputs' in os.environ['PYTHONPATH'],"
        " 'LD_PRELOAD' in os.environ, os.environ['AZUREML_DATAREFERENCE_ld_preload'],"
        " os.environ['AZUREML_DATASET_ENVIRONMENT_VARS']]))"
    )
    found = run(driving, code, arguments=[])
    place = str(driving.work / "inputs" / "ld_preload")
    vars = "path:mount,pythonpath:mount,ld_preload:mount,"
    assert found == [os.environ["PATH"], False, False, place, vars]


def test_it_waits_for_files_that_are_laid_out_and_says_so_meanwhile(driving, laid):
    ready = driving.studio.answers[0]
    driving.studio.answers = [WAITING]
    driving.studio.input()
    driving.studio.code(train="print('[]')")
    driving.start()
    until(lambda: "Mounting mnist to" in driving.studio.text("azureml-logs/65_job_prep.txt"))
    assert driving.studio.finished is None
    driving.studio.answers = [ready]
    assert driving.wait() == 0
    assert driving.studio.finished["exit_code"] == 0
    assert [said["first"] for _, said in driving.studio.asked][:2] == [True, False]


def test_a_cancel_ends_the_wait_before_the_script_began(driving):
    driving.studio.answers = [WAITING]
    driving.studio.input()
    driving.studio.code(train="open('outputs/began', 'w')")
    driving.start()
    until(lambda: driving.studio.asked)
    driving.studio.cancel = True
    assert driving.wait() == 0
    assert driving.studio.finished["canceled"]
    assert driving.studio.files == {}


def test_files_that_cannot_be_laid_out_fail_the_run_with_the_studios_words(driving):
    driving.studio.answers = [{"state": "failed", "place": "", "text": "the disk is full"}]
    driving.studio.input()
    driving.studio.code(train="")
    driving.run()
    assert driving.studio.finished["error"] == {
        "type": "StartFailed",
        "message": "the input mnist: the disk is full",
    }


def test_a_machine_that_shares_no_folder_fetches_the_files_page_by_page(driving):
    studio = driving.studio
    studio.answers = [{"state": "fetch", "place": "", "text": ""}]
    one, two = studio.keep(b"one"), studio.keep(b"two")
    studio.pages = {
        "": ([["a.txt", one, 3], ["deep/b.txt", two, 3]], "deep/b.txt"),
        "deep/b.txt": ([["z.txt", one, 3]], None),
    }
    studio.input()
    _, _, files = run(driving)
    assert files == {"a.txt": "one", "deep/b.txt": "two", "z.txt": "one"}
    assert (driving.work / "inputs" / "mnist" / "z.txt").stat().st_mode & 0o777 == 0o444


def test_a_silent_script_that_fails_is_not_said_to_have_printed_our_lines(driving, laid):
    driving.studio.input()
    driving.studio.code(train="raise SystemExit(2)")
    driving.studio.job["arguments"] = []
    driving.run()
    assert (driving.studio.finished["exit_code"], driving.studio.finished["error"]) == (2, None)
