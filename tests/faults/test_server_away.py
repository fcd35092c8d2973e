"""The whole studio goes away for half a minute in the middle of a run."""

import time

from tests.faults.conftest import script_of, text_of, until

COUNTS = """
import time
from azureml.core import Run
run = Run.get_context()
end = time.monotonic() + 40
number = 0
while time.monotonic() < end:
    run.log("number", number)
    print("line", number, flush=True)
    number += 1
    time.sleep(0.02)
print("total", number)
"""
AWAY_S = 30


def test_nothing_is_lost_or_doubled_while_the_server_is_away_for_half_a_minute(
    start, live_studio, tmp_path
):
    run = start(COUNTS)
    until(lambda: run.get_metrics().get("number"), 60, "the script logs")
    script = script_of(run.id)
    live_studio.stop()
    time.sleep(AWAY_S)
    assert script.is_running(), "the script must go on without its server"
    live_studio.start()

    details = run.wait_for_completion()
    assert details["status"] == "Completed"
    lines = text_of(run, tmp_path).splitlines()
    total = int(lines[-1].removeprefix("total "))
    assert total > 500
    assert lines[:-1] == [f"line {number}" for number in range(total)]
    assert run.get_metrics()["number"] == list(range(total))
