"""Contents in a bucket, on a real S3 server of our own."""

import contextlib
import hashlib
import io
import socket
import subprocess
import sys
import time
import zipfile
from datetime import timedelta

import boto3
import pytest
from django.conf import settings as ours
from django.utils.timezone import now

from studio.errors import BadInput, NotFound
from studio.files import blobs, collecting, trees, uploads
from studio.files.collecting import PREFIXES, Place, step
from studio.models import Blob
from tests.factories import make_member, make_run

pytestmark = pytest.mark.django_db
LARGE = bytes(range(256)) * 4 * 10_000  # ten mebibytes: S3 takes it in parts


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def endpoint():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture(params=["", "below/this"], ids=["at the top", "below a prefix"])
def bucket(request, endpoint, settings):
    name = f"bucket-{time.monotonic_ns()}"
    keys = {"region_name": "us-east-1", "endpoint_url": endpoint}
    credentials = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    made = boto3.resource("s3", **keys, **credentials).create_bucket(Bucket=name)
    settings.BLOB_STORE = "studio.files.s3.S3"
    settings.S3_OPTIONS = {
        "bucket_name": name, "location": request.param, "access_key": "a", "secret_key": "b", **keys
    }  # fmt: skip
    return made


def keys_in(bucket) -> set[str]:
    return {found.key for found in bucket.objects.all()}


def nothing_arrives() -> bool:
    return not list(ours.BLOBS.glob("*"))


def test_bytes_come_back_whole_and_in_ranges(bucket):
    blob = blobs.put([LARGE[:99], LARGE[99:]], sha(LARGE))
    assert [key.removeprefix("below/this/") for key in keys_in(bucket)] == [
        f"{blob.sha256[:2]}/{blob.sha256[2:]}"
    ]
    assert nothing_arrives()
    assert b"".join(blobs.read(blob.sha256)) == LARGE
    assert b"".join(blobs.read_range(blob.sha256, 5_000_001, 7)) == LARGE[5_000_001:5_000_008]
    assert b"".join(blobs.read_range(blob.sha256, 5, 0)) == b""
    assert blobs.local_path(blob.sha256) is None
    assert blobs.put([LARGE]).pk == blob.pk
    empty = blobs.put([b""])
    assert b"".join(blobs.read(empty.sha256)) == b""


def test_a_zip_in_a_bucket_is_read_by_its_parts(bucket):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("train.py", "print('hello')")
        archive.writestr("large", LARGE)
    blob = blobs.put([packed.getvalue()])
    with blobs.open_blob(blob.sha256) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("train.py") == b"print('hello')"
        assert archive.read("large") == LARGE


def test_an_upload_in_pieces_ends_in_the_bucket(bucket):
    member = make_member()
    upload = uploads.begin(member.workspace, member.user, size_bytes=len(LARGE))
    uploads.append(upload, 0, [LARGE[:1000]])
    uploads.append(upload, 1000, [LARGE[1000:]])
    assert b"".join(blobs.read(uploads.finish(upload).sha256)) == LARGE
    assert nothing_arrives() and len(keys_in(bucket)) == 1


def test_a_lie_about_the_hash_leaves_nothing_there(bucket):
    with pytest.raises(BadInput):
        blobs.put([b"damaged"], sha(b"whole"))
    assert nothing_arrives() and not keys_in(bucket)


def test_what_is_gone_is_said(bucket):
    gone = sha(b"never there")
    for ask in (blobs.open_blob, lambda name: blobs.read_range(name, 0, 1)):
        with pytest.raises(NotFound, match="not in the blob store"):
            ask(gone)


def test_what_nobody_names_leaves_the_bucket(bucket, monkeypatch):
    kept = blobs.put([b"kept"]).sha256
    make_run(snapshot=trees.make([("a", kept)]))
    blobs.put([b"nobody's"])
    blobs.put([b"left by a kill"])
    Blob.objects.filter(pk=sha(b"left by a kill")).delete()
    monkeypatch.setattr(ours, "KEEP_UNUSED_HOURS", 0)
    place = Place()
    for _ in range(PREFIXES):
        step(now() + timedelta(hours=1), place)
    assert [key[-62:] for key in keys_in(bucket)] == [kept[2:]]
    assert b"".join(blobs.read(kept)) == b"kept"


def test_what_is_collected_while_it_is_put_is_brought_again(bucket, monkeypatch):
    """Between the sending and the row, the walk through the bucket finds bytes without a row."""
    from_s3 = type(blobs.store())
    brought, real = [], from_s3.bring

    def bring(self, file, sha256):
        real(self, file, sha256)
        if not brought:
            collecting.remove_bytes(sha256)
        brought.append(sha256)

    monkeypatch.setattr(from_s3, "bring", bring)
    blob = blobs.put([b"raced"])
    assert len(brought) == 2
    assert b"".join(blobs.read(blob.sha256)) == b"raced"
