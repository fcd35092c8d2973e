"""What a chart asks the server for: ten million points at any zoom, one metric of many runs."""

import http.client
import http.server
import json
import threading
import time
from typing import Any

from benchmarks.figures import Figure, middle, percentile
from tests.fixtures.studio_process import StudioProcess

POINTS, MOST = 10_000_000, 1200
RUNS, POINTS_OF_EACH = 1000, 10_000
OVERLAID, CURVE = 100, 400
TIMES = 7
FILL = "from benchmarks.filling import {0}; print({0}({1}, {2}))"


def measure(studio: StudioProcess) -> list[Figure]:
    """Answers over HTTP, each asked for several times; the slowest of the middles is told."""
    whole = filled(studio, "one_long", POINTS, 65_536)[0]
    runs = filled(studio, "many", RUNS, POINTS_OF_EACH)
    asked = Asked(studio)
    return [*_of_one(asked, whole), *_of_many(asked, runs)]


def filled(studio: StudioProcess, what: str, *numbers: int) -> list[str]:
    """Runs with points, as benchmarks.filling makes them; their ids."""
    said = studio.manage("shell", "-v", "0", "-c", FILL.format(what, *numbers))
    return said.split()[-1].split(",")


class Asked:
    """Calls of one person on one connection, with the milliseconds that each took."""

    def __init__(self, studio: StudioProcess):
        self.address = studio.url.removeprefix("http://")
        self.headers = {
            "Authorization": f"Bearer {studio.token}", "Content-Type": "application/json"
        }  # fmt: skip
        self.server = http.client.HTTPConnection(self.address)

    def get(self, path: str) -> tuple[float, bytes]:
        return self._call("GET", f"/api/v1/{path}", None)

    def post(self, path: str, given: Any) -> tuple[float, bytes]:
        return self._call("POST", f"/api/v1/{path}", json.dumps(given))

    def _call(self, method: str, path: str, body: str | None) -> tuple[float, bytes]:
        began = time.perf_counter()
        self.server.request(method, path, body, self.headers)
        answer = self.server.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:300]!r}")
        return (time.perf_counter() - began) * 1000, content


def _of_one(asked: Asked, run_id: str) -> list[Figure]:
    path = f"runs/{run_id}/metrics/points?name=loss&most={MOST}"
    spans = [
        ("whole", ""),
        ("half", f"&from={POINTS // 4 + 77}&to={3 * POINTS // 4 + 99}"),
        ("a tenth", f"&from={POINTS // 2}&to={POINTS // 2 + POINTS // 10}"),
        ("a hundredth", f"&from=3000003&to={3000003 + POINTS // 100}"),
        ("500 points", "&from=7100000&to=7100500"),
        ("from a step on", f"&from={POINTS - 200_000}"),
    ]
    took, largest = {}, b""
    for name, span in spans:
        answers = [asked.get(path + span) for _ in range(TIMES)]
        took[name] = [milliseconds for milliseconds, _ in answers]
        largest = max(largest, answers[0][1], key=len)
    bare = middle(_ready(largest))
    first, zooms = took.pop("whole"), {name: middle(some) for name, some in took.items()}
    slowest = max(zooms, key=lambda name: zooms[name])
    words = ", ".join(f"{name} {zooms[name]:.0f}" for name in zooms)
    is_bare = "the same answer from a server that has it ready"
    return [
        Figure(
            "10,000,000 points, first view", middle(first), bare, "ms", is_bare, "≤ 150 ms",
            f"the very first {first[0]:.0f} ms, p95 {percentile(first, 0.95):.0f} ms",
        ),
        Figure(
            "10,000,000 points, slowest zoom", zooms[slowest], bare, "ms", is_bare, "≤ 150 ms",
            f"medians in ms: {words}",
        ),
    ]  # fmt: skip


def _of_many(asked: Asked, runs: list[str]) -> list[Figure]:
    ended, running = runs[:-OVERLAID], runs[-OVERLAID:]
    figures = []
    for some, what, target in (
        (ended[:OVERLAID], f"overlay of {OVERLAID} ended runs × {POINTS_OF_EACH:,}", "≤ 300 ms"),
        (running, f"overlay of {OVERLAID} running ones × {POINTS_OF_EACH:,}", "≤ 300 ms"),
        (runs, f"overlay of {RUNS:,} × {POINTS_OF_EACH:,}", "reported"),
    ):
        wanted = {"runs": some, "name": "loss", "most": CURVE}
        answers = [asked.post("workspaces/default/curves", wanted) for _ in range(TIMES)]
        took = [milliseconds for milliseconds, _ in answers]
        bare = middle(_ready(answers[0][1]))
        size = f"{len(answers[0][1]) / 1e6:.1f} MB, the very first {took[0]:.0f} ms"
        is_bare = "the same answer from a server that has it ready"
        figures.append(Figure(what, middle(took), bare, "ms", is_bare, target, size))
    return figures


def _ready(content: bytes) -> list[float]:
    """How long a server takes that does nothing but send these bytes."""

    class Ready(http.server.BaseHTTPRequestHandler):
        protocol_version, wbufsize, disable_nagle_algorithm = "HTTP/1.1", -1, True

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *unused: Any) -> None:
            """Nothing is printed."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = http.client.HTTPConnection(*server.server_address)
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            connection.request("GET", "/")
            connection.getresponse().read()
            took.append((time.perf_counter() - began) * 1000)
        connection.close()
        server.shutdown()
    return took
