"""Files of ./outputs are shown once they are whole: never the half of one, whatever ends a run."""

import hashlib

from tests.sdk.driving import GATE, until

END = "azureml-logs/75_job_post.txt"


def has_had(studio, content):
    """Whether the studio was ever sent this content."""
    return hashlib.sha256(content).hexdigest() in studio.blobs


def kept(studio, path):
    sha256 = studio.files.get(path)
    return studio.blobs[sha256] if sha256 else None


def test_a_file_that_stays_open_in_the_middle_is_not_shown_by_its_half(driving):
    studio = driving.studio
    studio.code(train="import time\nfile = open('outputs/model', 'wb')\nfile.write(b'half')\n"
                      "file.flush()\ntime.sleep(4)\nfile.write(b' whole')\nfile.close()\n"
                      "open('outputs/done', 'w').close()\ntime.sleep(60)\n")  # fmt: skip
    driving.start()
    until(lambda: "outputs/done" in studio.files and "outputs/model" in studio.files)
    assert kept(studio, "outputs/model") == b"half whole"
    assert not has_had(studio, b"half")
    studio.cancel = True
    assert driving.wait() == 0


def test_a_file_that_gets_its_name_when_it_is_whole_is_shown_under_that_alone(driving):
    studio = driving.studio
    studio.code(train="import os, time\nfile = open('outputs/model.tmp', 'wb')\n"
                      "for _ in range(4):\n    file.write(b'piece ')\n    file.flush()\n"
                      "    time.sleep(0.7)\nfile.close()\n"
                      "os.rename('outputs/model.tmp', 'outputs/model')\n"
                      "time.sleep(600)\n")  # fmt: skip
    driving.start()
    until(lambda: "outputs/model" in studio.files)
    assert kept(studio, "outputs/model") == b"piece " * 4
    assert "outputs/model.tmp" not in studio.files
    studio.cancel = True
    assert driving.wait() == 0


GROWS = """
open('outputs/t.csv', 'w').write('a,b\\n')
gate()
file = open('outputs/t.csv', 'a')
while True:
    file.write('1,2\\n')
    file.flush()
    time.sleep(4)
"""


def test_a_table_that_stays_open_is_shown_as_it_grows(driving):
    studio = driving.studio
    # A file that is open is shown once it was left alone for ten seconds: a table need not be.
    studio.code(train=GATE + GROWS)
    driving.start()
    until(lambda: kept(studio, "outputs/t.csv") == b"a,b\n")
    driving.go()
    until(lambda: kept(studio, "outputs/t.csv").startswith(b"a,b\n1,2\n"))
    studio.cancel = True
    assert driving.wait() == 0


REWRITES = f"""{GATE}
import signal
open('outputs/model', 'w').write('the whole of the first')
open('outputs/log.csv', 'w').write('one,')
gate()
model, log = open('outputs/model', 'w'), open('outputs/log.csv', 'a')
model.write('the half')
log.write('two,')
model.flush(), log.flush()
open('outputs/new', 'w').write('made at the end')
open('logs/at', 'w').write('there')
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_script_that_is_killed_while_it_writes_a_file_anew_leaves_the_version_before(driving):
    studio = driving.studio
    studio.code(train=REWRITES)
    driving.start()
    until(lambda: "outputs/model" in studio.files)
    driving.go()
    assert driving.wait() == 0
    assert studio.finished["signal"] == 9
    assert kept(studio, "outputs/model") == b"the whole of the first"
    assert not has_had(studio, b"the half")
    assert kept(studio, "outputs/log.csv") == b"one,two,"
    assert kept(studio, "outputs/new") == b"made at the end"
    said = studio.text(END)
    assert "'outputs/model' was not kept: it was being written when the script was killed" in said
    assert "'outputs/new' may be half" in said


def test_a_cancel_keeps_what_was_finished_a_moment_before(driving):
    """What the script has open is looked at before it is ended: the rest is whole."""
    studio = driving.studio
    code = REWRITES.replace("os.kill(os.getpid(), signal.SIGKILL)", "time.sleep(600)")
    code = code.replace("open('logs/at'", "open('outputs/other', 'w').write('2')\nopen('logs/at'")
    code = code.replace("\ngate()", "\nopen('outputs/other', 'w').write('1')\ngate()")
    studio.code(train=code)
    driving.start()
    until(lambda: {"outputs/other", "outputs/model"} <= studio.files.keys())
    driving.go()
    until(lambda: studio.text("logs/at") == "there")
    studio.cancel = True
    assert driving.wait() == 0
    assert studio.finished["canceled"]
    assert kept(studio, "outputs/model") == b"the whole of the first"
    assert kept(studio, "outputs/other") == b"2"
    assert kept(studio, "outputs/log.csv") == b"one,two,"
    assert kept(studio, "outputs/new") == b"made at the end"


def test_a_failed_script_leaves_everything(driving):
    studio = driving.studio
    studio.code(train="open('outputs/model', 'w').write('1')\nraise ValueError('no')\n")
    driving.run()
    assert studio.finished["exit_code"] == 1
    assert kept(studio, "outputs/model") == b"1"
