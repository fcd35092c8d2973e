"""What a script may count on, and what the studio is told of it."""

PRINTS = """
import os, sys
print("arguments", sys.argv[1:], flush=True)
print("here", sorted(os.listdir(".")))
print("from stderr", file=sys.stderr)
names = [n for n in os.environ if n.startswith("AZUREML_")]
print(len(names) >= 10, os.environ["AZUREML_RUN_ID"], os.environ["GREETING"])
open("logs/own.txt", "w").write("in a log of its own")
open("outputs/model.bin", "wb").write(b"m" * 1000)
"""


def test_a_script_that_knows_no_sdk_runs_logs_and_finishes(driving):
    studio = driving.studio
    studio.code(train=PRINTS)
    studio.job.update(arguments=["--lr", "0.1", ""], variables={"GREETING": "hello"})
    assert driving.run() == 0
    assert studio.text() == (
        "arguments ['--lr', '0.1', '']\nhere ['logs', 'outputs', 'train.py']\nfrom stderr\n"
        "True exp_1_abcdef01 hello\n"
    )
    assert studio.text("logs/own.txt") == "in a log of its own"
    assert list(studio.files) == ["outputs/model.bin"]
    assert studio.states == ["Running", "Finalizing"]
    assert studio.finished == {
        "exit_code": 0, "signal": None, "error": None, "canceled": False, "undelivered": "",
        "rank": None, "told": "",
    }  # fmt: skip
    assert "code laid out: 1 files" in studio.text("azureml-logs/65_job_prep.txt")
    assert "exit code 0" in studio.text("azureml-logs/75_job_post.txt")


def test_a_python_path_of_the_environment_comes_behind_code_and_client(driving):
    code = "import sys\nfrom azureml.core import Run\nprint('client', sys.path.index('/x') > 1)\n"
    driving.studio.code(train=code)
    driving.studio.job.update(arguments=[], variables={"PYTHONPATH": "/x"})
    assert driving.run() == 0
    assert driving.studio.text() == "client True\n"


def test_a_failure_tells_the_last_line_of_its_traceback(driving):
    driving.studio.code(train="def f():\n    raise ValueError('bad\\nluck')\ntry:\n    1 / 0\n"
                        "except ZeroDivisionError:\n    f()\n")  # fmt: skip
    assert driving.run() == 0
    finished = driving.studio.finished
    assert finished["exit_code"] == 1
    assert finished["error"]["type"] == "ValueError"
    assert finished["error"]["message"] == "ValueError: bad"
    assert finished["error"]["traceback"].endswith("ValueError: bad\nluck")


def test_a_script_that_does_not_parse_says_so(driving):
    driving.studio.code(train="print('x'\nprint(")
    driving.run()
    assert driving.studio.finished["error"]["type"] == "SyntaxError"


def test_an_exit_code_of_its_own_is_told_without_an_error(driving):
    driving.studio.code(train="import traceback\ntry:\n    1 / 0\nexcept Exception:\n"
                        "    traceback.print_exc()\nraise SystemExit(3)")  # fmt: skip
    driving.run()
    assert (driving.studio.finished["exit_code"], driving.studio.finished["error"]) == (3, None)


def test_a_signal_is_told_as_a_signal(driving):
    driving.studio.code(train="import os\nos.kill(os.getpid(), 9)")
    driving.run()
    finished = driving.studio.finished
    assert (finished["exit_code"], finished["signal"]) == (None, 9)


def test_a_shell_script_is_run_by_bash(driving):
    driving.studio.add_file("sub/go.sh", 'echo "in $PWD: $1" > outputs/said.txt')
    driving.studio.job.update(script="sub/go.sh", arguments=["a b"])
    driving.run()
    content = driving.studio.blobs[driving.studio.files["outputs/said.txt"]].decode()
    assert content.endswith("code: a b\n")


def test_modules_beside_the_script_and_in_the_root_can_be_imported(driving):
    driving.studio.code(shared="X = 1", sub__beside="Y = 2")
    driving.studio.add_file("sub/train.py", "import shared, beside\nprint(shared.X + beside.Y)")
    driving.studio.job["script"] = "sub/train.py"
    driving.run()
    assert driving.studio.text() == "3\n"


def test_earlier_outputs_are_there_again_and_not_sent_again(driving):
    driving.studio.code(train="print(open('outputs/checkpoint').read())")
    driving.studio.add_file("outputs/checkpoint", "epoch 3", where="outputs")
    driving.run()
    assert driving.studio.text() == "epoch 3\n"
    assert not [call for call in driving.studio.calls if call[0] == "PUT"]


def test_a_path_that_leads_out_is_not_laid_out(driving):
    driving.studio.add_file("../../evil.py", "x")
    assert driving.run() == 0
    assert driving.studio.finished["exit_code"] is None
    assert "../../evil.py" in driving.studio.finished["error"]["message"]
    assert not list(driving.work.parent.rglob("evil.py"))


def test_code_that_is_missing_in_the_studio_fails_the_start(driving):
    driving.studio.code(train="print()")
    driving.studio.blobs.clear()
    driving.run()
    assert driving.studio.finished["error"]["type"] == "StartFailed"
    assert "could not be fetched" in driving.studio.finished["error"]["message"]


def test_content_that_is_not_what_was_promised_fails_the_start(driving):
    driving.studio.code(train="print(1)")
    driving.studio.blobs = dict.fromkeys(driving.studio.blobs, b"print(2)")
    driving.run()
    assert "other content" in driving.studio.finished["error"]["message"]


def test_a_file_uploaded_by_name_is_kept(driving):
    driving.studio.code(train="from azureml.core import Run\nrun = Run.get_context()\n"
                        "run.upload_file('extra/me.py', 'train.py')\nimport io\n"
                        "run.upload_file('extra/b', io.BytesIO(b'123'))\n")  # fmt: skip
    driving.run()
    files = driving.studio.files
    assert sorted(files) == ["extra/b", "extra/me.py"]
    assert driving.studio.blobs[files["extra/b"]] == b"123"
