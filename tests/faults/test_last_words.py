"""A script that kills its own driver: what it had made until then is kept, in every attempt."""

import os

from tests.faults.conftest import text_of
from tests.faults.watching import LOG, SOON_S, stopwatch
from tests.fixtures.waiting import until

KILLS = """
import os, time
from azureml.core import Run
Run.get_context().log("number", 1)
os.makedirs("outputs", exist_ok=True)
with open("outputs/last.txt", "a") as file:
    file.write("of a start;")
time.sleep(1.5)
print("last words", flush=True)
os.kill(os.getppid(), 9)
time.sleep(60)
"""
LAST = "outputs/last.txt"


def test_the_last_words_of_a_script_are_kept_when_its_driver_is_killed(desk, tmp_path):
    watched = desk.submit(KILLS)
    watched.until("Running", "Failed")
    since = stopwatch()
    watched.until("Failed")
    assert since() < SOON_S + 1.5, "it is lost 1.5 s after its start"
    assert "killed by signal 9" in watched.words
    until(lambda: LAST in watched.run.get_file_names(), what="its file is kept")
    assert text_of(watched.run, tmp_path, LOG) == "last words\n"


def test_a_second_start_goes_on_after_the_last_words_of_the_first(desk, tmp_path):
    watched = desk.submit(KILLS, max_retries=1)
    watched.until("Failed")
    assert "started again, 1 of 1" in watched.all_words
    said = "last words\n" * 2
    until(lambda: text_of(watched.run, tmp_path, LOG) == said, what="both are kept")
    watched.run.download_file(LAST, os.fspath(tmp_path / "last.txt"))
    assert (tmp_path / "last.txt").read_text() == "of a start;" * 2


HALF = """
import os, sys, time
os.makedirs("outputs", exist_ok=True)
with open("outputs/model.bin", "w") as file:
    file.write("whole")
while not os.path.exists(sys.argv[1] + ".end"):
    time.sleep(0.05)
with open("outputs/model.bin", "w") as file, open("outputs/other.bin", "w") as other:
    for name in (file, other):
        name.write("ha")
        name.flush()
    os.kill(os.getppid(), 9)
    time.sleep(60)
"""


def test_a_file_that_was_being_written_is_not_kept_for_whole(desk, tmp_path):
    watched = desk.submit(HALF)
    until(lambda: "outputs/model.bin" in watched.run.get_file_names(), what="the whole is kept")
    watched.end()
    watched.until("Failed")
    names = watched.run.get_file_names()
    assert "outputs/model.bin" in names and "outputs/other.bin" not in names
    watched.run.download_file("outputs/model.bin", os.fspath(tmp_path / "model.bin"))
    assert (tmp_path / "model.bin").read_text() == "whole"
