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
