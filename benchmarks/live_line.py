"""From `print()` in the script to a page that listens to the log."""

import subprocess
import sys
import time

from benchmarks.figures import Figure, middle, percentile
from benchmarks.runs import DRIVER_LOG, SCRIPTS, submit, workspace_of
from tests.fixtures.page_sockets import page_socket, signed_in
from tests.fixtures.studio_process import StudioProcess

LINES = 150


def measure(studio: StudioProcess) -> list[Figure]:
    """Lines that carry the clock, heard on a page's socket; a pipe's reader beside it."""
    with workspace_of(studio) as workspace:
        cookies = signed_in(studio)
        run = submit(workspace, "clock.py", LINES)
        topic = f"run:{run.id}:log:{DRIVER_LOG}"
        late = sorted(_heard(studio, cookies, topic))
    bare = sorted(through_a_pipe())
    return [
        Figure(
            "print() → page's socket, median", middle(late) * 1000, middle(bare) * 1000, "ms",
            "a pipe's reader", "≤ 150 ms",
            f"p95 {percentile(late, 0.95) * 1000:.0f} ms of {len(late)} lines (target ≤ 500 ms)",
        )
    ]  # fmt: skip


def _heard(studio: StudioProcess, cookies: str, topic: str) -> list[float]:
    late: list[float] = []
    with page_socket(studio, cookies) as page:
        # The log may not exist yet, and a topic that does not is refused: ask until it is there.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(late) < LINES - 20:
            page.say(listen=[topic])
            try:
                event = page.hear(3)
            except TimeoutError:
                break
            now = time.time()
            if event["event"] == "text":
                late += [now - float(line) for line in event["text"].split()]
            elif event["event"] == "refused":
                time.sleep(0.05)
    if not late:
        raise RuntimeError(f"nothing was heard of {topic}")
    return late


def through_a_pipe() -> list[float]:
    """Seconds from a print() to who reads it at once, without a studio."""
    command = [sys.executable, str(SCRIPTS / "clock.py"), "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        return [time.time() - float(line) for line in script.stdout]
