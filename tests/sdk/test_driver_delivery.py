"""The studio is away, or its answers are lost: no byte and no point is lost or doubled."""

import threading
import time

from tests.sdk.driving import GATE, until

# Counts until it may go, and to 1,000 at least: a busy machine needs its time for that.
COUNTS = """
import os, time
from azureml.core import Run
run = Run.get_context()
n = 0
while n <= 1000 or not os.path.exists("go"):
    run.log("n", n)
    print("line", n, "ä" * 50)
    n += 1
    if n % 20 == 0:
        time.sleep(0.005)
open("outputs/n", "w").write(str(n))
"""


def lines(count):
    return "".join("line {} {}\n".format(number, "ä" * 50) for number in range(count))


def check_exactly_once(studio):
    n = int(studio.blobs[studio.files["outputs/n"]])
    assert n > 1000
    assert studio.text() == lines(n)
    assert studio.points["n"] == [(number, number) for number in range(n)]


def test_a_studio_that_is_away_for_a_while_gets_everything_once(driving):
    driving.studio.code(train=COUNTS)
    driving.start()
    until(lambda: driving.studio.points.get("n"))
    driving.studio.away = True
    time.sleep(1.5)
    driving.studio.away = False
    driving.go()
    assert driving.wait() == 0
    check_exactly_once(driving.studio)


def test_answers_that_are_lost_double_nothing(driving):
    studio = driving.studio
    studio.code(train=COUNTS)
    driving.start()
    until(lambda: studio.points.get("n"))
    over = threading.Event()

    def lose():
        while not over.wait(0.05):
            studio.lose_answers = 2

    thread = threading.Thread(target=lose)
    thread.start()
    time.sleep(1.5)
    over.set()
    thread.join()
    studio.lose_answers = 0
    driving.go()
    assert driving.wait() == 0
    check_exactly_once(studio)


def test_a_studio_that_is_still_away_at_the_end_gets_the_rest_when_it_is_back(driving):
    driving.studio.code(train=COUNTS)
    driving.start()
    until(lambda: driving.studio.points.get("n"))
    driving.studio.away = True
    driving.go()
    time.sleep(2.5)
    assert driving.process.poll() is None
    driving.studio.away = False
    assert driving.wait() == 0
    check_exactly_once(driving.studio)
    assert driving.studio.finished["exit_code"] == 0


def test_what_could_not_be_delivered_is_said_and_the_driver_fails(driving):
    driving.studio.code(train=COUNTS)
    driving.start(TRAINYARD_DELIVER_SECONDS="1")
    until(lambda: driving.studio.points.get("n"))
    driving.studio.away = True
    driving.go()
    assert driving.wait() != 0
    assert "not delivered" in driving.said


def test_a_log_goes_on_behind_what_an_earlier_task_wrote(driving):
    driving.studio.code(train="print('second')")
    driving.studio.logs["azureml-logs/70_driver_log.txt"] = bytearray(b"first\n")
    driving.run()
    assert driving.studio.text() == "first\nsecond\n"


def test_a_log_that_is_begun_anew_is_added_to(driving):
    driving.studio.code(train=GATE + "open('logs/a', 'w').write('one two three\\n')\ngate()\n"
                        "open('logs/a', 'w').write('four\\n')\n")  # fmt: skip
    driving.start()
    until(lambda: driving.studio.text("logs/a"))
    driving.go()
    driving.wait()
    assert driving.studio.text("logs/a") == "one two three\nfour\n"


def test_lines_and_points_arrive_while_the_script_runs(driving):
    studio = driving.studio
    studio.code(train=GATE + "from azureml.core import Run\nprint('now')\n"
                "Run.get_context().log('x', 1)\nopen('outputs/early', 'w').write('1')\n"
                "gate()\n")  # fmt: skip
    driving.start()
    until(lambda: studio.text() == "now\n" and studio.points.get("x"))
    until(lambda: "outputs/early" in studio.files)
    assert studio.finished is None and studio.heartbeats > 0
    driving.go()
    assert driving.wait() == 0


def test_a_token_that_is_refused_ends_the_script(driving):
    driving.studio.code(train="import time\nprint('on')\ntime.sleep(60)")
    driving.start()
    until(lambda: driving.studio.text())
    driving.studio.ended = True
    driving.wait()
    assert "closed this run" in driving.said


def test_a_script_that_logs_all_the_time_is_sent_in_few_batches(driving):
    """A studio that needs long for a batch is given fewer: it has other runs, and pages."""
    studio = driving.studio
    studio.batch_takes_s = 0.05
    studio.code(train=COUNTS)
    driving.start()
    until(lambda: studio.kinds)
    began = time.monotonic()
    time.sleep(3)
    driving.go()
    assert driving.wait() == 0
    took = time.monotonic() - began
    check_exactly_once(studio)
    # A pause is twice as long as the batch before it: 0.15 s for each, but for the first and last.
    assert len(studio.kinds) <= took / 0.15 + 3


def test_much_that_is_behind_is_brought_in_full_batches(driving):
    driving.studio.code(train=GATE + "from azureml.core import Run\nrun = Run.get_context()\n"
                        "gate()\nfor n in range(120000):\n    run.log('n', n)\n"
                        "run.log_list('list', range(120000))\nopen('all', 'w')\n")  # fmt: skip
    driving.studio.batch_takes_s = 0.5
    driving.start()
    until(lambda: "Running" in driving.studio.states)
    driving.studio.away = True
    driving.go()
    until((driving.work / "code" / "all").exists, 240)
    driving.studio.away = False
    assert driving.wait() == 0
    assert [value for _, value in driving.studio.points["n"]] == list(range(120000))
    assert [value for _, value in driving.studio.points["list"]] == list(range(120000))
    assert len(driving.studio.kinds) < 20
