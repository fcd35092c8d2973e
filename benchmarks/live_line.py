"""From `print()` in the script to a page that listens to the log."""

import http.cookiejar
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from websockets.sync.client import connect

from benchmarks.figures import Figure, middle, percentile
from benchmarks.runs import DRIVER_LOG, SCRIPTS, submit, workspace_of
from tests.fixtures.studio_process import StudioProcess

LINES = 150


def measure(studio: StudioProcess) -> list[Figure]:
    """Lines that carry the clock, heard on a page's socket; a pipe's reader beside it."""
    with workspace_of(studio) as workspace:
        cookies = _signed_in(studio)
        run = submit(workspace, "clock.py", LINES)
        topic = f"run:{run.id}:log:{DRIVER_LOG}"
        late = sorted(_heard(studio, cookies, topic))
    bare = sorted(_through_a_pipe())
    return [
        Figure(
            "print() → page's socket, median", middle(late) * 1000, middle(bare) * 1000, "ms",
            "a pipe's reader", "≤ 150 ms",
            f"p95 {percentile(late, 0.95) * 1000:.0f} ms of {len(late)} lines (target ≤ 500 ms)",
        )
    ]  # fmt: skip


def _signed_in(studio: StudioProcess) -> str:
    """Sign in by a one-time link, as a person does; return the cookies."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    link = studio.sign_in_link()
    opener.open(link).read()
    secret = next(c.value for c in jar if c.name.startswith("trainyard-csrf")) or ""
    body = urllib.parse.urlencode({"csrfmiddlewaretoken": secret}).encode()
    opener.open(urllib.request.Request(link, body, {"Referer": link})).read()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def _heard(studio: StudioProcess, cookies: str, topic: str) -> list[float]:
    address = studio.url.replace("http:", "ws:") + "/live/"
    headers = {"Cookie": cookies, "Origin": studio.url}
    late: list[float] = []
    with connect(address, additional_headers=headers) as page:
        # The log may not exist yet, and a topic that does not is refused: ask until it is there.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(late) < LINES - 20:
            page.send(json.dumps({"listen": [topic]}))
            try:
                event = json.loads(page.recv(timeout=3))
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


def _through_a_pipe() -> list[float]:
    command = [sys.executable, str(SCRIPTS / "clock.py"), "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        return [time.time() - float(line) for line in script.stdout]
