"""What is said of a failed script: the traceback's last line, read from the end of its log."""

import os

import pytest
from trainyard._driver import failure

HEAD = (
    'before\nTraceback (most recent call last):\n  File "t.py", line 3, in <module>\n    step(3)\n'
)


@pytest.mark.parametrize(
    ("end", "kind", "message"),
    [
        ("ValueError: bad\n", "ValueError", "ValueError: bad"),
        ("KeyboardInterrupt\n", "KeyboardInterrupt", "KeyboardInterrupt"),
        ("a.b.Odd: two\nlines\n", "a.b.Odd", "a.b.Odd: two"),
        (
            "azureml.UserErrorException: UserErrorException:\n\tMessage: no such model\n",
            "azureml.UserErrorException",
            "azureml.UserErrorException: UserErrorException: Message: no such model",
        ),
        ("Empty:\n", "Empty", "Empty:"),
    ],
)
def test_the_last_line_is_the_message(tmp_path, end, kind, message):
    log = tmp_path / "log.txt"
    log.write_text(HEAD + end)
    error = failure.of_log(os.fspath(log))
    assert (error["type"], error["message"].strip()) == (kind, message)


def test_a_log_without_a_traceback_says_nothing(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("ValueError: only printed\nbye\n")
    assert failure.of_log(os.fspath(log)) is None


def test_a_traceback_that_names_its_rank_is_one(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("".join(f"[rank2]: {line}\n" for line in (HEAD + "ValueError: bad").split("\n")))
    error = failure.of_log(os.fspath(log))
    assert error["message"] == "ValueError: bad"
    assert error["traceback"].startswith("Traceback")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys\nprint('on')\nsys.exit('no such data: x.csv')",
         "exit code 1; the last line of its log: no such data: x.csv"),
        ("import argparse\nargparse.ArgumentParser('t').parse_args(['--lr'])",
         "exit code 2; the last line of its log: t: error: unrecognized arguments: --lr"),
    ],
    ids=["sys.exit", "argparse"],
)  # fmt: skip
def test_a_script_that_ends_with_words_has_them_told(driving, code, words):
    driving.studio.code(train=code)
    driving.run()
    assert driving.studio.finished["error"] == {"type": "ScriptFailed", "message": words}


def test_a_script_that_ends_without_a_word_has_none_told(driving):
    driving.studio.code(train="import sys\nsys.exit(1)")
    driving.run()
    assert driving.studio.finished["error"] is None
