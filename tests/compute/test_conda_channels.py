"""Channels over the network: one that is silent, one that is slow, one behind a password."""

import functools
import http.server
import shutil
import socket
import threading

import pytest

from compute.building import channels
from compute.states import BuildState
from tests.compute import channel
from tests.compute.conftest import built_by_conda, log_of

pytestmark = pytest.mark.django_db
BULK_BYTES = 3 * 2**20


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files; a large one in pieces, so that a download takes its time."""

    def log_message(self, *_):
        pass

    def copyfile(self, source, outputfile):
        while piece := source.read(256 * 1024):
            outputfile.write(piece)
            if "bulky" in self.path:
                threading.Event().wait(0.06)


@pytest.fixture
def served(forge, settings):
    """The channel at an address with a user, a password and a token."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Handler, directory=str(forge.parent))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    hidden = forge.parent / "t" / "tok-123"
    hidden.mkdir(parents=True)
    (hidden / "forge").symlink_to(forge)
    settings.CONDA_CHANNEL_ALIAS = f"http://me:secret@127.0.0.1:{server.server_port}/t/tok-123"
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_channel_that_cannot_be_reached_is_said_and_pypi_is_taken(settings):
    settings.CONDA_CHANNEL_ALIAS = "http://127.0.0.1:9"
    build = built_by_conda("six=1.16")
    assert build.state == BuildState.READY
    log = log_of(build)
    assert "channels could not be reached (127.0.0.1:9: Connection refused): PyPI is taken" in log
    assert "six=1.16 → six==1.16.*" in log


def test_a_channel_that_takes_the_call_and_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/forge"
        assert channels.silent([url]).endswith("no answer within 0.2 s")


def test_secrets_of_the_address_are_in_no_lock_and_no_log(forge, served):
    channel.make_package(forge, "small")
    channel.index(forge)
    build = built_by_conda("small")
    assert build.state == BuildState.READY
    assert f"http://127.0.0.1:{served}/forge/linux-64/small-1.0-0" in build.lock
    missing = built_by_conda("small", channels=("nope",))
    assert f"there is no channel nope at http://127.0.0.1:{served}/nope" in missing.error
    for text in (build.lock, log_of(build), missing.error, log_of(missing)):
        assert "secret" not in text
        assert "tok-123" not in text


def test_a_download_is_told_in_bytes_and_a_wrong_one_is_refused(forge, served, settings):
    bulk = {"share/bulk": "".join(map(str, range(BULK_BYTES // 6)))}
    file = channel.make_package(forge, "bulky", files=bulk)
    channel.index(forge)
    build = built_by_conda("bulky")
    assert "Downloaded " in log_of(build)
    shutil.rmtree(build.image.place)
    shutil.rmtree(settings.CONDA_CACHE)
    file.write_bytes(file.read_bytes() + b"\n")
    again = built_by_conda("bulky")
    assert again.state == BuildState.FAILED
    assert "its checksum differs" in again.error
