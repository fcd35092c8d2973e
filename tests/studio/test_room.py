"""Room on the disk is looked at before contents are written, and meanwhile; none is left half."""

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from registry import unzipping
from studio.errors import DiskFull
from studio.files import blobs, room
from studio.models import Blob

pytestmark = pytest.mark.django_db
MIB = 2**20
ROOM_MIB = 40


@pytest.fixture
def small_disk(tmp_path, settings):
    """A disk for the blobs that has 40 MiB more than what must be left."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    place = tmp_path / "small"
    place.mkdir()
    size = room.SPARE_BYTES // MIB + ROOM_MIB
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "trainyard-test", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    settings.BLOBS = place / "blobs"
    yield place
    subprocess.run(["umount", str(place)], check=True)


def kept() -> set[str]:
    found = {place for place in Path(settings.BLOBS).rglob("*") if place.is_file()}
    return {f"{place.parent.name}{place.name}" for place in found}


def pieces(count: int):
    for number in range(count):
        yield bytes([number]) * MIB


def zip_of(files: dict[str, bytes]) -> str:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return blobs.put([out.getvalue()]).sha256


def test_what_has_no_room_is_refused_before_a_byte_of_it_is_written(small_disk):
    asked = []

    def never():
        asked.append(1)
        yield b"x"

    with pytest.raises(DiskFull, match="must make room"):
        blobs.put(never(), size_bytes=(ROOM_MIB + 1) * MIB)
    assert not asked and not kept()
    assert blobs.put(pieces(ROOM_MIB - 10), size_bytes=(ROOM_MIB - 10) * MIB)


def test_what_is_too_much_in_the_end_is_refused_in_the_middle(small_disk):
    came = []
    with pytest.raises(DiskFull):
        blobs.put(came.append(piece) or piece for piece in pieces(2 * ROOM_MIB))
    assert ROOM_MIB - 10 < len(came) < ROOM_MIB + 10  # what must be left was never touched
    assert not kept() and not Blob.objects.exists()
    assert blobs.put([b"small"]).size_bytes == 5


def test_a_content_over_http_is_told_before_it_is_read(small_disk, api):
    call = api()
    (small_disk / "ballast").write_bytes(b"x" * (ROOM_MIB - 5) * MIB)
    for path, method in (("blobs/" + "0" * 64, "PUT"), ("blobs", "POST")):
        address = f"/api/v1/workspaces/{call.workspace.name}/{path}"
        reply = call.client.generic(method, address, b"x" * 9 * MIB, "application/octet-stream")
        assert (reply.status_code, reply.json()["error"]["code"]) == (507, "disk_full")
    assert not kept()


def test_a_zip_of_more_than_there_is_room_for_is_not_begun(small_disk):
    sha256 = zip_of({f"{number}.bin": bytes(3 * MIB) + bytes([number]) for number in range(20)})
    noted = []
    with pytest.raises(DiskFull, match="what is in the zip"):
        unzipping.unzip(sha256, noted.append)
    assert not noted and kept() == {sha256}


def test_a_zip_that_has_no_room_any_more_leaves_nothing(small_disk):
    files = {f"large{number}": bytes(3 * MIB) + bytes([number]) for number in range(3)}
    files |= {f"{number}": b"%d" % number for number in range(5000)}
    sha256 = zip_of(files)
    known = blobs.put([files["7"]]).sha256  # of somebody else, from before
    ballast = small_disk / "ballast"

    def somebody_writes(done: int) -> None:
        if done and not ballast.exists():
            ballast.write_bytes(bytes((ROOM_MIB + 10) * MIB))

    with pytest.raises(DiskFull):
        unzipping.unzip(sha256, somebody_writes)
    assert kept() == {sha256, known}
    assert set(Blob.objects.values_list("pk", flat=True)) == {sha256, known}
    ballast.unlink()
    tree = unzipping.unzip(sha256, lambda done: None)
    assert tree.file_count == len(files)
