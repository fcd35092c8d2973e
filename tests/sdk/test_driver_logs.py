"""Everything that a script writes below ./logs is there while it runs, byte by byte."""

import os
import time

from tests.sdk.driving import GATE, until

NODE = "azureml-logs/55_azureml-execution.txt"
OWN = [
    NODE,
    "azureml-logs/65_job_prep.txt",
    "azureml-logs/70_driver_log.txt",
    "azureml-logs/75_job_post.txt",
]


def own(studio):
    with studio.lock:
        return {path: bytes(text) for path, text in studio.logs.items() if path[:5] == "logs/"}


def test_the_logs_of_a_job_say_what_was_done_before_and_after_it(driving):
    studio = driving.studio
    node = {"size": "1cpu-2gib", "backend": "docker", "image": "trainyard/x", "gpus": [0, 2]}
    studio.job.update(node=node, attempt=2)
    studio.code(train="open('outputs/a', 'w').write('12345')")
    assert driving.run() == 0
    assert sorted(studio.logs) == OWN
    said = studio.text(NODE)
    assert "run exp_1_abcdef01 on node 1 of cpu-cluster, started again: attempt 2" in said
    assert "size 1cpu-2gib, by the backend docker" in said
    assert "image trainyard/x" in said
    assert "GPUs of the machine: 0, 2" in said
    assert "starting: " in studio.text("azureml-logs/65_job_prep.txt")
    assert "1 files kept, 5 bytes" in studio.text("azureml-logs/75_job_post.txt")


def test_files_that_appear_and_grow_arrive_while_the_script_runs(driving):
    studio = driving.studio
    studio.code(train=GATE + "os.makedirs('logs/deep/er')\n"
                      "one = open('logs/one.txt', 'w')\none.write('first\\n')\none.flush()\n"
                      "gate()\nopen('logs/deep/er/two.txt', 'w').write('two')\n"
                      "gate()\none.write('second\\n')\none.flush()\n"
                      "time.sleep(600)\n")  # fmt: skip
    driving.start()
    until(lambda: own(studio).get("logs/one.txt") == b"first\n")
    driving.go()
    until(lambda: own(studio).get("logs/deep/er/two.txt") == b"two")
    time.sleep(4)  # what did not grow for 3 s is looked at less often
    driving.go()
    until(lambda: own(studio).get("logs/one.txt") == b"first\nsecond\n")
    studio.cancel = True
    assert driving.wait() == 0


def test_a_log_that_is_begun_anew_or_turned_over_loses_nothing(driving):
    """The new file is longer than what was read of the old one: its size alone says nothing."""
    studio = driving.studio
    studio.code(train=GATE + "open('logs/a', 'w').write('one\\n')\ngate()\n"
                      "os.rename('logs/a', 'logs/a.1')\n"
                      "open('logs/a', 'w').write('two and three\\n')\n"
                      "gate()\nopen('logs/a', 'w').write('4\\n')\n")  # fmt: skip
    driving.start()
    until(lambda: own(studio).get("logs/a") == b"one\n")
    driving.go()
    until(lambda: own(studio).get("logs/a") == b"one\ntwo and three\n")
    driving.go()
    assert driving.wait() == 0
    assert own(studio) == {"logs/a": b"one\ntwo and three\n4\n", "logs/a.1": b"one\n"}


def test_bytes_that_are_no_text_come_as_they_are(driving):
    content = bytes(range(256)) * 3000 + b"\xf0\x9f"
    code = "open('logs/raw', 'wb').write(bytes(range(256)) * 3000 + b'\\xf0\\x9f')"
    driving.studio.code(train=code)
    assert driving.run() == 0
    assert own(driving.studio) == {"logs/raw": content}


def test_two_thousand_files_all_arrive_and_cost_little_while_nothing_is_written(driving):
    studio = driving.studio
    studio.code(train="import time\nfor n in range(2000):\n"
                      "    open('logs/%d.txt' % n, 'w').write('number %d' % n)\n"
                      "print('written', flush=True)\ntime.sleep(600)\n")  # fmt: skip
    driving.start()
    until(lambda: len(own(studio)) == 2000, 240)
    used = cpu_s(driving.process.pid)
    until(lambda: studio.heartbeats and sleeps(driving))
    before, beats, began = cpu_s(driving.process.pid), studio.heartbeats, time.monotonic()
    until(lambda: studio.heartbeats >= beats + 5)
    half = (time.monotonic() - began) / 2  # of a core
    assert cpu_s(driving.process.pid) - before < half, f"of {used} s before"
    studio.cancel = True
    assert driving.wait() == 0
    wanted = {f"logs/{n}.txt": b"number %d" % n for n in range(2000)}
    assert own(studio) == wanted


def cpu_s(pid):
    """Seconds of CPU that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def sleeps(driving):
    """Whether the driver has no log to bring any more: nobody calls it but for heartbeats."""
    before = sum(1 for call in driving.studio.calls if call[1].endswith("/log"))
    beats = driving.studio.heartbeats
    until(lambda: driving.studio.heartbeats >= beats + 2)
    return before == sum(1 for call in driving.studio.calls if call[1].endswith("/log"))
