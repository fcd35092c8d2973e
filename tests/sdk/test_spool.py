"""run.log: what a point becomes, and that nothing is lost by forks, threads, kills, full disks."""

import enum
import math
import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from trainyard import _errors
from trainyard._driver.metrics import Reader
from trainyard._driver.points import Lines, as_json
from trainyard._spool import Spool

from tests.sdk.driving import SDK


def points(folder):
    """Return [(kind, step, value, name)] of every spool file, as the driver reads them."""
    found = []
    for place in sorted((Path(folder) / "metrics").glob("*.points")):
        for line in place.read_bytes().split(b"\n")[:-1]:
            if not line:
                continue
            reader = Lines()
            series, count = reader.read([line], 1)
            assert not reader.malformed and count == 1 and series[0].times[0] > 1e9
            said = as_json("w", 1, series)["series"][0]
            kind, name = line.split(b"\t")[0].decode(), line.split(b"\t")[4].decode()
            found.append((kind, said["steps"][0], said["values"][0], name))
    return found


@pytest.fixture
def spool(tmp_path):
    return Spool(os.fspath(tmp_path))


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    GOOD = "good"


class Silent:
    """Of a library with a fault."""

    def __repr__(self):
        raise RuntimeError("no words")


SILENT = "<Silent without a text: RuntimeError>"


class Scalar:
    """As torch's and jax's: a number behind item()."""

    def __init__(self, value):
        self.value = value

    def item(self):
        return self.value


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        (0.1, "f", 0.1), (1e-300, "f", 1e-300), (math.nan, "f", "NaN"), (math.inf, "f", "Infinity"),
        (-math.inf, "f", "-Infinity"), (7, "i", 7), (-(2**60), "i", -(2**60)), (True, "b", 1),
        ("fein\tä\n", "t", "fein\tä\n"), ("\ud800", "t", "?"), (np.float32(0.5), "f", 0.5),
        (np.float64(0.1), "f", 0.1), (np.int64(3), "i", 3), (np.bool_(True), "b", 1),
        (np.array(2.5), "f", 2.5), (np.str_("x"), "t", "x"), (Scalar(0.25), "f", 0.25),
        (Decimal("0.5"), "f", 0.5), (None, "t", "None"), (Fraction(1, 4), "f", 0.25),
        (Fraction(10**400), "f", "Infinity"), (-(10**400), "i", "-Infinity"),
        (Scalar(10**5000), "i", "Infinity"), (np.longdouble(0.5), "f", 0.5),
        (np.array([7]), "i", 7),
        (Level.HIGH, "i", 3), (Word.GOOD, "t", "good"), (1j, "t", "1j"), (Silent(), "t", SILENT),
    ],
)  # fmt: skip
def test_values_keep_their_kind(spool, value, kind, kept):
    spool.point("m", value)
    assert points(spool._folder) == [(kind, 0, kept, '"m"')]


@pytest.mark.parametrize("value", [[1], (1, 2), range(3), {"a": 1}, (x for x in "ab"), np.zeros(3)])
def test_a_list_is_refused_in_words(spool, tmp_path, value):
    with pytest.raises(_errors.UserErrorException, match=r"Use run\.log_list instead"):
        spool.point("m", value)
    assert not (tmp_path / "metrics").exists()


def test_steps_count_from_zero_for_each_name_unless_given(spool, tmp_path):
    for name, step in [("a", None), ("a", None), ("b", None), ("a", 10), ("a", None)]:
        spool.point(name, 1.0, step)
    steps = [(name, step) for _, step, _, name in points(tmp_path)]
    assert steps == [('"a"', 0), ('"a"', 1), ('"b"', 0), ('"a"', 10), ('"a"', 2)]


def test_odd_names_and_steps_stop_no_training(spool, tmp_path, capsys):
    spool.point("x" * 300, 1.0)
    spool.point("tab\there\0\ud800", 1.0, step="later")
    spool.point(["a", 1], 7, step=math.inf)
    spool.point(" ", 1.0, step=2**70)
    spool.point("", 1.0, step=10**5000)
    spool.point(None, 1.0, step=math.nan)
    found = [(step, name) for _, step, _, name in points(tmp_path)[:3]]
    assert found == [(0, f'"{"x" * 255}"'), (0, '"tab\\there?"'), (0, "\"['a', 1]\"")]
    said = capsys.readouterr().err
    assert "no whole number" in said and said.count("cut at 255") == 1


@pytest.mark.parametrize(
    "step", [5, 5.0, np.int64(5), np.float32(5), "5", np.array(5), Fraction(5)]
)
def test_a_step_is_any_whole_number(spool, tmp_path, step, capsys):
    spool.point("a", 1.0, step)
    spool.point("word", "w", step)
    assert [found[1] for found in points(tmp_path)] == [5, 5]
    assert not capsys.readouterr().err


def test_a_step_between_two_is_cut_and_said(spool, tmp_path, capsys):
    spool.point("a", 1.0, 2.5)
    assert points(tmp_path)[0][1] == 2 and "2.5 is taken as 2" in capsys.readouterr().err


def test_a_name_used_for_another_sort_is_said_in_the_script(spool, capsys):
    spool.point("a", 1.0)
    spool.point("a", 2)
    assert not capsys.readouterr().err
    spool.point("a", "text")
    spool.points("b", "i", ["1"], "list")
    spool.points("b", "t", ['"x"'], "list")
    spool.point("t", "text")
    spool.point("t", 5)
    said = capsys.readouterr().err
    assert said.count("Conflicting metric types, logged metric of type: ") == 3


def test_threads_lose_and_mix_nothing(spool, tmp_path):
    def work(number):
        for _ in range(2000):
            spool.point("shared", 1.0)
            spool.point(f"own-{number}", 2.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = points(tmp_path)
    assert sorted(step for _, step, _, name in found if name == '"shared"') == list(range(8000))
    assert len(found) == 16000 and len(list((tmp_path / "metrics").iterdir())) == 1


FORKS = """
import os, sys
from trainyard._spool import Spool
spool = Spool(sys.argv[1])
spool.point("a", 1.0)
child = os.fork()
for _ in range(100):
    spool.point("a", 2.0 if child else 3.0)
if child:
    os.waitpid(child, 0)
"""


def run_script(text, *arguments):
    return subprocess.run(
        [sys.executable, "-c", text, *arguments], env={"PYTHONPATH": os.fspath(SDK)}, check=False
    )


def test_a_fork_writes_its_own_file_and_counts_its_own_steps(tmp_path):
    assert run_script(FORKS, os.fspath(tmp_path)).returncode == 0
    assert len(list((tmp_path / "metrics").glob("*.points"))) == 2
    found = points(tmp_path)
    assert sorted(step for _, step, value, _ in found if value == 3.0) == list(range(100))
    assert sorted(step for _, step, value, _ in found if value != 3.0) == list(range(101))


def test_a_killed_script_loses_nothing_that_it_logged(tmp_path):
    text = (
        "import os, sys\nfrom trainyard._spool import Spool\nspool = Spool(sys.argv[1])\n"
        "for n in range(1000):\n    spool.point('n', n)\nos.kill(os.getpid(), 9)"
    )
    assert run_script(text, os.fspath(tmp_path)).returncode == -signal.SIGKILL
    assert [step for _, step, _, _ in points(tmp_path)] == list(range(1000))


def test_a_full_disk_costs_points_and_nothing_else(spool, tmp_path, capsys):
    spool.point("a", 1.0)
    good, spool._handle = spool._handle, os.open("/dev/full", os.O_WRONLY)
    for _ in range(10):
        spool.point("a", 1.0)
    os.close(spool._handle)
    spool._handle = good
    spool.point("a", 2.0)
    assert [value for _, _, value, _ in points(tmp_path)] == [1.0, 2.0]
    assert capsys.readouterr().err.count("points are lost") == 1


def test_a_torn_line_costs_itself_only(spool, tmp_path):
    spool.point("a", 1.0)
    os.write(spool._handle, b"f\t1\t17")
    spool._is_torn = True
    spool.point("a", 2.0)
    spool.point("a", 3.0)
    lines = Path(spool._path).read_bytes().split(b"\n")
    assert [line.count(b"\t") for line in lines] == [4, 2, 4, 4, 0]
    os.remove(spool._path)


@pytest.mark.parametrize("room", range(1, 400, 7))
def test_a_disk_that_is_full_in_the_middle_of_lines_doubles_none(tmp_path, monkeypatch, room):
    spool = Spool(os.fspath(tmp_path))
    whole, real = [], os.write

    def write(handle, data):
        """As a disk with so much room behaves, where a little comes free afterwards."""
        if whole:
            return real(handle, data)
        whole.append(data)
        return real(handle, data[:room])

    monkeypatch.setattr("trainyard._spool.write", write)
    spool.points("a", "i", [str(number) for number in range(10)], "list")
    if room >= len(whole[0]):
        return
    monkeypatch.undo()
    reader = Lines()
    series, _ = reader.read(Path(spool._path).read_bytes().split(b"\n")[:-1], 9)
    assert list(series[0].values) == list(range(10)) and len(reader.malformed) <= 1


def test_a_spool_that_could_not_be_opened_is_tried_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("trainyard._spool.RETRY_S", 0)
    spool = Spool(os.fspath(tmp_path))
    (tmp_path / "metrics").write_text("in the way")
    for _ in range(3):
        spool.point("a", 1.0)
    (tmp_path / "metrics").unlink()
    spool.point("a", 2.0)
    spool.point("a", 3.0)
    assert [value for _, _, value, _ in points(tmp_path)][-1:] == [3.0]
    assert capsys.readouterr().err.count("points are lost") == 1


def test_flush_waits_for_what_the_driver_says(spool, tmp_path):
    assert spool.flush(0)
    spool.point("a", 1.0)
    assert not spool.flush(0.05)
    reader = Reader(spool._path)
    Path(spool._path.replace(".points", ".at")).write_text(str(reader.size()))
    assert spool.flush(0)
