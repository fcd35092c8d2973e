"""A builder killed in the middle of a download leaves nothing; the next one fetches it whole."""

import http.server
import threading
from functools import partial
from pathlib import Path

import pytest
from django.utils.timezone import now

from compute import images, recipes
from compute.states import BuildState
from tests.compute.conftest import log_of, wait_for
from tests.compute.packages import make_wheel
from tests.compute.test_images_after_a_kill import LATER

WHEEL = "alpha-1.0-py3-none-any.whl"


class SlowIndex(http.server.BaseHTTPRequestHandler):
    """An index of one wheel, of which the first who asks gets only a half."""

    def __init__(self, *args, shelf: Path, mark: Path, go: threading.Event):
        self.shelf, self.mark, self.go = shelf, mark, go
        super().__init__(*args)

    def do_GET(self):
        wheel = (self.shelf / WHEEL).read_bytes()
        page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
        body = wheel if self.path == f"/{WHEEL}" else page
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if body is page else "application/zip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is wheel and not self.go.is_set():
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.mark.write_text("half of it is there")
            self.go.wait(60)
            return
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def index(shelf, tmp_path):
    """The address of a slow index, and what lets it go on."""
    go = threading.Event()
    make_wheel(tmp_path / "far", "alpha")
    handler = partial(SlowIndex, shelf=tmp_path / "far", mark=tmp_path / "half", go=go)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple", go
    go.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.django_db(transaction=True)
def test_a_builder_killed_while_it_downloads(index, settings, tmp_path, worker):
    address, go = index
    text = f"--index-url {address}\nalpha\n"
    build = images.ensure(recipes.from_definition({"pip": text}))
    ours = worker(build)
    wait_for(tmp_path / "half")
    ours.kill()
    ours.wait()
    go.set()
    assert images.abandoned(now() + LATER) == [build]
    images.build(build.pk)
    build.refresh_from_db()
    assert (build.state, build.error) == (BuildState.READY, "")
    assert "Attempt 2" in log_of(build)
    left = {path.name for path in Path(settings.IMAGES).iterdir()}
    assert left == {build.image.digest, ".locks"}
