"""Output datasets as the script finds them: an empty folder; and what becomes of its files."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK, Driving, until
from tests.sdk.fake_studio import TOKEN, FakeStudio, _error

WRITES = """
import json, os, sys
place = sys.argv[2]
print(json.dumps([sys.argv[1:], os.listdir(place), os.environ["AZUREML_DATASET_FILE_OUTPUTS"],
                  os.environ["AZUREML_DATAREFERENCE_out"], os.environ["OUT"], os.environ["out"]]))
os.makedirs(place + "/deep")
for name, text in (("a.csv", "x,y"), ("deep/b.txt", "two"), ("deep/c.csv", "1")):
    with open(os.path.join(place, name), "w") as file:
        file.write(text)
"""
END = "azureml-logs/75_job_post.txt"


class Studio(FakeStudio):
    """Also takes what was written: `written` is what was said of each output, call by call."""

    def __init__(self):
        super().__init__()
        self.written, self.refuses, self.lost = [], "", set()
        self.hates = b""  # no content may hold it

    def answer(self, method, path, query, body):
        name = path.removeprefix("/api/v1/driver/output-datasets/")
        if name == path:
            return super().answer(method, path, query, body)
        said = json.loads(body)
        lost = self.lost & {sha256 for _, sha256 in said["files"]}
        if lost:
            self.lost -= lost
            for sha256 in lost:
                del self.blobs[sha256]
        missing = [sha256 for _, sha256 in said["files"] if sha256 not in self.blobs]
        if missing:
            return _error(409, "missing_blobs", "missing", missing=missing)
        self.written.append((name, {p: self.blobs[s].decode() for p, s in said["files"]}, said))
        if self.refuses:
            return _error(400, "bad_input", self.refuses)
        return 200, {"file_count": len(said["files"]), "text": said["text"]}

    def _blob(self, method, sha256, body):
        if method != "GET" and self.hates and self.hates in body:
            return _error(422, "too_odd", "this is no content for a studio")
        return super()._blob(method, sha256, body)

    def output(self, name="out", mode="upload", path="", **more):
        one = {"name": name, "mode": mode, "path": path, "globs": [], "destination": "some/where"}
        self.job.setdefault("output_datasets", []).append({**one, **more})


@pytest.fixture
def driving(tmp_path):
    started = Driving(tmp_path, studio=Studio())
    yield started
    started.end()


def run(driving, code=WRITES, arguments=("--out", "DatasetOutputConfig:out")):
    driving.studio.code(train=code)
    driving.studio.job["arguments"] = list(arguments)
    assert driving.run() == 0
    return driving.studio.finished


def said(driving):
    lines = driving.studio.text().splitlines()
    return json.loads(next(line for line in lines if line.startswith("[[")))


def test_the_script_gets_an_empty_folder_told_three_ways_and_its_files_are_brought(driving):
    driving.studio.output()
    assert run(driving)["exit_code"] == 0
    place = str(driving.work / "written" / "out")
    assert said(driving) == [["--out", place], [], "out", place, place, place]
    ((name, files, _),) = driving.studio.written
    assert (name, files) == ("out", {"a.csv": "x,y", "deep/b.txt": "two", "deep/c.csv": "1"})
    text = driving.studio.text()
    assert f"Output 'out': what is written to {place} goes to some/where in the store." in text
    assert "with arguments: ['--out', '$out']" in text
    assert "output out: 3 files, 7 bytes" in driving.studio.text(END)
    assert driving.studio.files == {}  # they are no files of ./outputs


@pytest.mark.parametrize("python", pythons()[:1])
def test_it_works_under_the_oldest_python(python, tmp_path):
    driving = Driving(tmp_path, python, studio=Studio())
    try:
        driving.studio.output(globs=["**"])
        assert run(driving)["exit_code"] == 0, driving.studio.text()
        assert len(driving.studio.written[0][1]) == 3
    finally:
        driving.end()


def test_patterns_say_which_files_are_brought(driving):
    driving.studio.output(globs=["**/*.csv"])
    run(driving)
    assert sorted(driving.studio.written[0][1]) == ["a.csv", "deep/c.csv"]


def test_a_pattern_with_one_star_stays_in_its_folder(driving):
    driving.studio.output(globs=["*.csv", "deep/?.txt"])
    run(driving)
    assert sorted(driving.studio.written[0][1]) == ["a.csv", "deep/b.txt"]


@pytest.mark.parametrize(("mode", "names"), [("upload", []), ("mount", ["out"])])
def test_of_a_script_that_fails_only_a_mount_is_kept(driving, mode, names):
    driving.studio.output(mode=mode)
    finished = run(driving, WRITES + "raise SystemExit(4)")
    assert finished["exit_code"] == 4
    assert [name for name, _, _ in driving.studio.written] == names
    if not names:
        assert "output out: not kept, for the script did not end well" in driving.studio.text(END)


def test_of_a_canceled_script_a_mount_is_kept(driving):
    driving.studio.output(mode="mount")
    driving.studio.code(train=WRITES + "import time\nprint('there', flush=True)\ntime.sleep(600)")
    driving.studio.job["arguments"] = ["--out", "DatasetOutputConfig:out"]
    driving.start()
    until(lambda: "there" in driving.studio.text())
    driving.studio.cancel = True
    assert driving.wait() == 0
    assert driving.studio.finished["canceled"]
    assert len(driving.studio.written[0][1]) == 3


def test_an_output_that_the_studio_refuses_fails_the_run_in_its_words(driving):
    driving.studio.output()
    driving.studio.refuses = "output out: a.csv is in the store already"
    finished = run(driving)
    assert finished["exit_code"] == 0
    assert finished["error"] == {
        "type": "OutputNotKept", "message": "output out: a.csv is in the store already",
    }  # fmt: skip
    assert "a.csv is in the store already" in driving.studio.text(END)


def test_what_cannot_be_delivered_in_time_fails_the_run_in_words(driving):
    driving.studio.output()
    driving.studio.takes_blobs = False
    driving.studio.code(train="import sys\nopen(sys.argv[2] + '/a', 'w').write('x')\n")
    driving.studio.job["arguments"] = ["--out", "DatasetOutputConfig:out"]
    assert driving.run(TRAINYARD_DELIVER_SECONDS="1") == 0
    error = driving.studio.finished["error"]
    assert error["type"] == "OutputNotKept"
    assert error["message"].startswith("output out: not delivered: ")


def test_a_refused_mount_hides_not_why_the_script_failed(driving):
    driving.studio.output(mode="mount")
    driving.studio.refuses = "no"
    finished = run(driving, WRITES + "raise ValueError('a bad day')")
    assert (finished["exit_code"], finished["error"]["type"]) == (1, "ValueError")


def test_nothing_written_is_said_and_told(driving):
    driving.studio.output()
    assert run(driving, "print(1)")["error"] is None
    assert driving.studio.written[0][1] == {}
    assert "output out: nothing, 0 bytes" in driving.studio.text(END)


def test_links_that_leave_the_run_are_left_out_in_words(driving, tmp_path):
    (tmp_path / "secret").write_text("of another")
    driving.studio.output()
    code = (
        "import os, sys\n"
        f"os.symlink({str(tmp_path / 'secret')!r}, sys.argv[2] + '/secret')\n"
        "open('outputs/model', 'w').write('weights')\n"
        "os.symlink(os.path.abspath('outputs/model'), sys.argv[2] + '/model')\n"
    )
    run(driving, code)
    ((_, files, told),) = driving.studio.written
    assert files == {"model": "weights"}
    assert told["text"] == "left out, for reasons in 75_job_post.txt: secret"
    assert "'secret' was not kept: it is a link that leaves the run's folder" in (
        driving.studio.text(END)
    )


@pytest.mark.parametrize("size", [9, 300_000])  # small ones go together, large ones alone
def test_a_file_that_the_studio_refuses_fails_the_output_and_is_named(driving, size):
    driving.studio.output()
    driving.studio.hates = b"odd"
    code = WRITES + f"open(place + '/bad.bin', 'w').write('odd' * {size // 3})\n"
    finished = run(driving, code)
    assert (finished["exit_code"], finished["error"]) == (0, {
        "type": "OutputNotKept",
        "message": "output out: not kept: 'bad.bin' (this is no content for a studio)",
    })  # fmt: skip
    ((_, files, told),) = driving.studio.written  # the others are kept
    assert sorted(files) == ["a.csv", "deep/b.txt", "deep/c.csv"]
    assert told["text"] == "left out, for reasons in 75_job_post.txt: bad.bin"
    assert "'bad.bin' was not kept: this is no content" in driving.studio.text(END)


def test_of_a_script_that_fails_a_refused_file_is_left_out_of_its_mount(driving):
    driving.studio.output(mode="mount")
    driving.studio.hates = b"two"
    finished = run(driving, WRITES + "raise ValueError('a bad day')")
    assert finished["error"]["type"] == "ValueError"
    ((_, files, told),) = driving.studio.written
    assert (sorted(files), told["text"]) == (
        ["a.csv", "deep/c.csv"], "left out, for reasons in 75_job_post.txt: deep/b.txt",
    )  # fmt: skip


def test_a_content_that_is_lost_and_then_refused_fails_the_output(driving):
    studio = driving.studio
    studio.output()
    studio.lost = {hashlib.sha256(b"two").hexdigest()}
    taking = studio._batch

    def takes_once(body):
        studio.hates = b"two"
        return taking(body)

    studio._batch = takes_once
    error = run(driving)["error"]
    assert error["message"].startswith("output out: not kept: 'deep/b.txt' (this is no")
    assert sorted(studio.written[-1][1]) == ["a.csv", "deep/c.csv"]


CLOSED = """
os.makedirs(place + "/closed")
for name in ("closed/in.csv", "shut.csv"):
    open(os.path.join(place, name), "w").close()
os.chmod(os.path.join(place, sys.argv[3]), 0)
"""


@pytest.fixture
def driving_without_power(tmp_path):
    """Of a user who may not read what is closed to everybody: root can in most places."""
    python = tmp_path / "python"
    python.write_text(
        f"#!{sys.executable}\nimport ctypes, os, sys\n"
        "for power in (1, 2):  # to pass over permissions, and to read in spite of them\n"
        "    ctypes.CDLL(None).prctl(24, power, 0, 0, 0)\n"
        "os.execv(sys.executable, [sys.executable] + sys.argv[1:])\n"
    )
    python.chmod(0o755)
    started = Driving(tmp_path, str(python), studio=Studio())
    yield started
    started.end()
    (started.work / "written" / "out" / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("closed", "globs", "words"),
    [
        ("shut.csv", [], "'shut.csv' (Permission denied)"),
        ("closed", [], "'closed/' (it may not be read: permission denied)"),
        ("closed", ["*.csv", "closed/*"], "'closed/' (it may not be read: permission denied)"),
        ("closed", ["*.csv"], ""),  # they name nothing of what is in it
        ("shut.csv", ["deep/*"], ""),
    ],
)
def test_what_cannot_be_read_fails_the_output(driving_without_power, closed, globs, words):
    driving = driving_without_power
    driving.studio.output(globs=globs)
    arguments = ("--out", "DatasetOutputConfig:out", closed)
    error = run(driving, WRITES + CLOSED, arguments)["error"]
    assert error == ({"type": "OutputNotKept", "message": f"output out: not kept: {words}"}
                     if words else None)  # fmt: skip
    assert driving.studio.written[0][1]  # the others


@pytest.mark.parametrize(
    ("path", "why"),
    [("/tmp/out", "outside the run's own folder"), ("train.py", "which is no folder")],
)
def test_a_folder_that_cannot_be_is_said_and_the_usual_one_taken(driving, path, why):
    driving.studio.output(path=path)
    run(driving)
    assert said(driving)[0][1] == str(driving.work / "written" / "out")
    assert why in driving.studio.text()


def test_a_folder_of_ones_own_lies_beside_the_code(driving):
    driving.studio.output(path="./made/here")
    run(driving)
    assert said(driving)[0][1] == str(driving.work / "code" / "made" / "here")
    assert len(driving.studio.written[0][1]) == 3


def test_contents_that_the_studio_lost_are_sent_again(driving):
    driving.studio.output()
    driving.studio.lost = {hashlib.sha256(b"two").hexdigest()}
    assert run(driving)["error"] is None
    assert driving.studio.written[-1][1]["deep/b.txt"] == "two"


def test_a_large_file_goes_by_itself(driving):
    driving.studio.output()
    code = "import sys\nopen(sys.argv[2] + '/big', 'w').write('x' * 3000000)\n"
    run(driving, code)
    assert len(driving.studio.written[0][1]["big"]) == 3000000


def test_a_mount_of_a_driver_that_was_killed_is_brought_by_its_heir(driving):
    driving.studio.output(mode="mount")
    code = WRITES + (
        "import time\ntime.sleep(1.5)\nis_said = False\n"
        "while True:\n"  # for what was left alone for a second counts as whole
        "    open(place + '/late.txt', 'w').write('maybe half')\n"
        "    is_said = is_said or print('there', flush=True) is None\n"
        "    time.sleep(0.02)\n"
    )
    driving.studio.code(train=code)
    driving.studio.job["arguments"] = ["--out", "DatasetOutputConfig:out"]
    driving.start()
    until(lambda: "there" in driving.studio.text())
    driving.process.kill()
    driving.process.communicate()
    assert driving.studio.written == []
    bring_rest(driving)
    ((name, files, told),) = driving.studio.written
    assert (name, sorted(files)) == ("out", ["a.csv", "deep/b.txt", "deep/c.csv"])
    assert told["text"].endswith("75_job_post.txt: late.txt")


def bring_rest(driving):
    environ = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(SDK), "TRAINYARD_URL": driving.studio.url,
        "TRAINYARD_WORK": str(driving.work), "TRAINYARD_REST_OF": driving.task,
        "AZUREML_RUN_TOKEN": TOKEN, "AZUREML_RUN_ID": "exp_1_abcdef01",
    }  # fmt: skip
    command = [sys.executable, "-m", "trainyard._driver.rest"]
    subprocess.run(command, env=environ, check=True)
