"""Passwords of package indexes serve a build in the engine and are not in what comes of it."""

import base64
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.compute.docker.conftest import Ask, says
from tests.compute.packages import make_wheel

USER, PASSWORD = "reader", "s3cret-of-the-index"


class Index(SimpleHTTPRequestHandler):
    """A package index that lets in who knows the password."""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(base, settings, tmp_path) -> Iterator[str]:
    """The address of an index with the package `alpha`, as containers reach this machine."""
    (tmp_path / "index").mkdir()
    make_wheel(tmp_path / "index" / "alpha", "alpha")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        way_out.connect(("10.255.255.255", 9))  # sends nothing, but chooses an address of ours
        ours = way_out.getsockname()[0]
    server = ThreadingHTTPServer((ours, 0), partial(Index, directory=tmp_path / "index"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.INDEX_URL = f"http://{USER}:{PASSWORD}@{ours}:{server.server_port}/"
    yield settings.INDEX_URL
    server.shutdown()
    server.server_close()


def test_the_password_of_an_index_is_in_no_image_and_no_log(docker: Ask, index, tmp_path):
    build = docker(pip="alpha")
    place = build.made.place
    assert says(place, "import alpha; print('here')") == "here"
    assert PASSWORD not in build.log + build.lock + build.made.dockerfile
    about = subprocess.run(
        f"docker inspect {place}; docker history --no-trunc {place}",
        shell=True, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert PASSWORD not in about
    assert PASSWORD.encode() not in everything_in(place, tmp_path)


def test_the_password_in_an_address_that_fails_is_not_in_the_log(docker: Ask, index):
    with pytest.raises(Exception, match="no package of this name") as raised:
        docker(pip="beta")
    assert PASSWORD not in str(raised.value) + raised.value.__notes__[0]


def everything_in(place, tmp_path) -> bytes:
    """What the layers above the base hold, file by file, with the names."""
    saved, found = tmp_path / "image.tar", []
    subprocess.run(["docker", "save", "-o", saved, place], check=True)
    with tarfile.open(saved) as image:
        layers = [one for one in image.getnames() if one.endswith("layer.tar")]
        for name in layers:
            with tarfile.open(fileobj=image.extractfile(name)) as layer:
                names = layer.getnames()
                if "etc/debian_version" in names or "./etc/debian_version" in names:
                    continue
                files = [layer.extractfile(one) for one in layer.getmembers() if one.isfile()]
                found += [*(name.encode() for name in names), *(file.read() for file in files)]
    assert any(b"alpha" in one for one in found)
    return b"\n".join(found)
