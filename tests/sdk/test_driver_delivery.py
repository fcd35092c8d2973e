"""The studio is away, or its answers are lost: no byte and no point is lost or doubled."""

import threading
import time

from tests.sdk.driving import until

COUNTS = """
import sys, time
from azureml.core import Run
run = Run.get_context()
end = time.time() + {seconds}
n = 0
while time.time() < end:
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
    driving.studio.code(train=COUNTS.format(seconds=3))
    driving.start()
    until(lambda: driving.studio.points.get("n"))
    driving.studio.away = True
    time.sleep(1.5)
    driving.studio.away = False
    assert driving.wait() == 0
    check_exactly_once(driving.studio)


def test_answers_that_are_lost_double_nothing(driving):
    studio = driving.studio
    studio.code(train=COUNTS.format(seconds=2))
    driving.start()
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
    assert driving.wait() == 0
    check_exactly_once(studio)


def test_a_studio_that_is_still_away_at_the_end_gets_the_rest_when_it_is_back(driving):
    driving.studio.code(train=COUNTS.format(seconds=1))
    driving.start()
    until(lambda: driving.studio.points.get("n"))
    driving.studio.away = True
    time.sleep(2.5)
    assert driving.process.poll() is None
    driving.studio.away = False
    assert driving.wait() == 0
    check_exactly_once(driving.studio)
    assert driving.studio.finished["exit_code"] == 0


def test_what_could_not_be_delivered_is_said_and_the_driver_fails(driving):
    driving.studio.code(train=COUNTS.format(seconds=1))
    driving.start(TRAINYARD_DELIVER_SECONDS="1")
    until(lambda: driving.studio.points.get("n"))
    driving.studio.away = True
    assert driving.wait() != 0
    assert "not delivered" in driving.said


def test_a_log_goes_on_behind_what_an_earlier_task_wrote(driving):
    driving.studio.code(train="print('second')")
    driving.studio.logs["azureml-logs/70_driver_log.txt"] = bytearray(b"first\n")
    driving.run()
    assert driving.studio.text() == "first\nsecond\n"


def test_a_log_that_is_begun_anew_is_added_to(driving):
    driving.studio.code(train="import time\nopen('logs/a', 'w').write('one two three\\n')\n"
                        "time.sleep(1.2)\nopen('logs/a', 'w').write('four\\n')\n")  # fmt: skip
    driving.run()
    assert driving.studio.text("logs/a") == "one two three\nfour\n"


def test_lines_and_points_arrive_while_the_script_runs(driving):
    studio = driving.studio
    studio.code(train="import time\nfrom azureml.core import Run\nprint('now')\n"
                "Run.get_context().log('x', 1)\nopen('outputs/early', 'w').write('1')\n"
                "time.sleep(6)\n")  # fmt: skip
    driving.start()
    until(lambda: studio.text() == "now\n" and studio.points.get("x"), 5)
    until(lambda: "outputs/early" in studio.files, 5)
    assert studio.finished is None and studio.heartbeats > 0


def test_a_token_that_is_refused_ends_the_script(driving):
    driving.studio.code(train="import time\nprint('on')\ntime.sleep(60)")
    driving.start()
    until(lambda: driving.studio.text())
    driving.studio.ended = True
    driving.wait(10)
    assert "closed this run" in driving.said


def test_a_script_that_logs_all_the_time_is_sent_in_few_batches(driving):
    """A studio that needs long for a batch is given fewer: it has other runs, and pages."""
    studio = driving.studio
    studio.batch_takes_s = 0.05
    studio.code(train=COUNTS.format(seconds=3))
    assert driving.run() == 0
    check_exactly_once(studio)
    # A pause is twice as long as the batch before it: 3 s of 0.15 s each, the first and the last.
    assert len(studio.kinds) <= 20 + 2


def test_much_that_is_behind_is_brought_in_full_batches(driving):
    driving.studio.code(train="from azureml.core import Run\nrun = Run.get_context()\n"
                        "for n in range(120000):\n    run.log('n', n)\n"
                        "run.log_list('list', range(120000))\n")  # fmt: skip
    driving.studio.batch_takes_s = 0.5
    assert driving.run() == 0
    assert [value for _, value in driving.studio.points["n"]] == list(range(120000))
    assert [value for _, value in driving.studio.points["list"]] == list(range(120000))
    assert len(driving.studio.kinds) < 20
