"""Wheels that the studio keeps are installed from its own files: their address is never asked."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from compute.building import own_wheels
from compute.states import BuildState
from tests.compute.conftest import built, log_of
from tests.compute.packages import make_wheel
from tests.factories import make_blob
from tests.studio.test_s3 import options

pytestmark = pytest.mark.django_db
# A host that nobody can have: an answer from it would be a miracle.
STUDIO = "http://studio.invalid:8000/below/wheels"


def kept(folder: Path, name: str, version: str = "1.0", **more: str) -> str:
    """Keep a wheel as the studio does, and return its address."""
    make_wheel(folder, name, version, **more)
    file = folder / f"{name}-{version}-py3-none-any.whl"
    return f"{STUDIO}/{make_blob(file.read_bytes()).sha256}/{file.name}"


def says(build, code: str) -> str:
    python = Path(build.image.place) / "bin" / "python"
    return subprocess.check_output([python, "-c", code], text=True).strip()


@pytest.mark.parametrize("line", ["{}", "mine @ {}", "mine @ {} ; python_version > '3'"])
def test_an_address_among_the_packages_is_the_file_that_is_kept(line, shelf, tmp_path):
    make_wheel(shelf, "alpha", "1.5")
    address = kept(tmp_path / "dist", "mine", "2.0+cpu.1", requires="alpha>=1.5")
    build = built(line.format(address))
    assert build.state == BuildState.READY, build.error
    assert says(build, "import mine, alpha; print(mine.version, alpha.version)") == "2.0+cpu.1 1.5"
    sha256 = address.split("/")[-2]
    assert f"mine @ {address}" in build.lock and f"sha256:{sha256}" in build.lock
    assert "file:" not in build.lock + log_of(build)
    lock = Path(build.image.place) / "requirements.lock"
    assert lock.read_text() == build.lock


def test_what_it_needs_and_cannot_get_is_said_of_the_address(shelf, tmp_path):
    address = kept(tmp_path / "dist", "mine", requires="nowhere-to-be-found==3")
    build = built(f"mine @ {address}")
    assert build.state == BuildState.FAILED
    assert "nowhere-to-be-found" in build.error and "file:" not in build.error


def test_a_wheel_that_is_not_here_is_asked_for_at_its_address(shelf):
    nowhere = f"{STUDIO}/{hashlib.sha256(b'not sent').hexdigest()}/mine-1.0-py3-none-any.whl"
    build = built(nowhere)
    assert build.state == BuildState.FAILED and "could not be reached" in build.error


def test_bytes_that_are_no_wheel_are_not_installed(shelf):
    sha256 = make_blob(b"no wheel at all").sha256
    build = built(f"{STUDIO}/{sha256}/mine-1.0-py3-none-any.whl")
    assert build.state == BuildState.FAILED and sha256 in build.error


def test_a_wheel_in_a_bucket_is_brought_for_the_build(shelf, tmp_path, s3, settings):
    settings.BLOB_STORE = "studio.files.s3.S3"
    settings.S3_OPTIONS = options(s3, s3.bucket().name)
    address = kept(tmp_path / "dist", "mine", "4.0")
    build = built(f"mine @ {address}")
    assert build.state == BuildState.READY, build.error
    assert says(build, "import mine; print(mine.version)") == "4.0"
    lost = address.replace(address.split("/")[-2], hashlib.sha256(b"lost").hexdigest())
    assert "could not be reached" in built(lost).error


def test_addresses_are_found_in_texts():
    sha256 = "a" * 64
    one = f"https://a.b/wheels/{sha256}/x-1%2Bc-py3-none-any.whl"
    found = own_wheels.named(f'["{one}#sha256=1", "y @ {one} ; z", "http://a/wheels/1/z.whl"]')
    assert found == {one: (sha256, "x-1+c-py3-none-any.whl")}
    sly = f"https://a.b/wheels/{sha256}/..%2F..%2Fx.whl"
    assert own_wheels.named(sly) == {sly: (sha256, ".._.._x.whl")}
    job = {"own_wheels": {one: "/a b/x.whl"}}
    assert own_wheels.to_files(job, f"x @ {one}\n") == "x @ file:///a%20b/x.whl\n"
    assert own_wheels.to_addresses(job, "file:///a%20b/x.whl") == one
