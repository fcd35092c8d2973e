"""A script that leaves everything odd in its outputs: what can be kept is, the rest is named."""

import os

import pytest
from trainyard import _errors

from tests.faults.conftest import text_of

FEW = 2000
# Bytes where a name is no text; é as one character and as two; a link that leads out of the run.
SCRIPT = f"""
import os
os.makedirs("outputs/many")
for number in range({FEW}):
    with open("outputs/many/%05d.txt" % number, "w") as file:
        file.write("%d" % number)
odd = ("two\\nlines.txt", "caf\\u00e9.txt", "cafe\\u0301.txt", "back\\\\slash.txt")
for name in ("plain.txt", *odd):
    with open("outputs/" + name, "w") as file:
        file.write(repr(name))
open("outputs/empty.bin", "w").close()
open(b"outputs/\\xff\\xfe.txt", "w").close()
os.symlink("/etc/passwd", "outputs/passwd")
os.symlink("/etc", "outputs/etc")
os.symlink("..", "outputs/round")
os.symlink("plain.txt", "outputs/again.txt")
os.mkfifo("outputs/pipe")
with open("outputs/sparse.bin", "wb") as file:
    file.truncate(2**20)
with open("logs/two\\nlines.log", "w") as file:
    file.write("odd")
with open("logs/good.log", "w") as file:
    file.write("good")
"""


@pytest.fixture(scope="module")
def ended(desk):
    watched = desk.submit(SCRIPT)
    watched.until("Completed", within_s=300)
    return watched.run


def test_what_is_odd_keeps_nothing_else_back(ended):
    kept = ended.get_file_names()
    for name in ("plain.txt", "again.txt", "empty.bin", "sparse.bin"):
        assert f"outputs/{name}" in kept
    assert sum(name.startswith("outputs/many/") for name in kept) == FEW
    assert "logs/good.log" in kept
    others = {name for name in kept if name.startswith(("outputs/", "logs/"))}
    assert not [name for name in others if "\n" in name or "\\" in name]
    assert not {"outputs/passwd", "outputs/pipe", "outputs/etc/passwd"} & others


def test_names_that_look_the_same_are_both_kept_and_become_no_model_together(ended, tmp_path):
    twins = {"outputs/caf\u00e9.txt", "outputs/cafe\u0301.txt"}
    assert twins <= set(ended.get_file_names())
    said = text_of(ended, tmp_path, "azureml-logs/75_job_post.txt").splitlines()
    (line,) = [line for line in said if "look the same" in line]
    assert "'outputs/cafe\\u0301.txt' and 'outputs/caf\\xe9.txt'" in line and "rename" in line
    with pytest.raises(_errors.StudioError) as refused:
        ended.register_model("twins", "outputs")
    assert "rename one of them" in refused.value.message


def test_an_empty_file_comes_back_as_one(ended, tmp_path):
    ended.download_file("outputs/empty.bin", os.fspath(tmp_path / "empty"))
    assert (tmp_path / "empty").read_bytes() == b""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("outputs/passwd", "a link that leaves the run's folder"),
        ("outputs/two\\nlines.txt", "a control character"),
        ("outputs/back", "must have / between its parts"),
        ("\\udcff", "not valid UTF-8"),
        ("logs/two\\nlines.log", "a control character"),
    ],
)
def test_what_is_not_kept_is_named_with_the_reason(ended, tmp_path, name, why):
    said = text_of(ended, tmp_path, "azureml-logs/75_job_post.txt").splitlines()
    assert any(name in line and why in line for line in said), "\n".join(said)
