"""Contents in a bucket, on a real S3 server of our own."""

import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.conf import settings as ours
from django.utils.timezone import now

from compute import mounts
from studio.errors import BadInput, NotFound, StorageAway
from studio.files import blobs, collecting, many, trees, uploads
from studio.files.collecting import PREFIXES, Place, step
from studio.models import Blob
from tests.factories import make_member, make_run
from tests.fixtures.s3 import Line

pytestmark = pytest.mark.django_db
LARGE = bytes(range(256)) * 4 * 10_000  # ten mebibytes: S3 takes it in parts


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(params=["", "below/this"], ids=["at the top", "below a prefix"])
def bucket(request, s3, settings):
    made = s3.bucket()
    settings.BLOB_STORE = "studio.files.s3.S3"
    settings.S3_OPTIONS = options(s3, made.name, request.param)
    return made


def options(s3, name: str, location: str = "") -> dict:
    """Settings for this bucket."""
    return {
        "bucket_name": name,
        "location": location,
        "endpoint_url": s3.url,
        "region_name": "us-east-1",
        "access_key": s3.access_key,
        "secret_key": s3.secret_key,
    }


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


def test_many_at_once_end_in_the_bucket(bucket):
    contents = [b"%d" % number for number in range(40)]
    names = many.put_many(contents)
    assert len(keys_in(bucket)) == 40 and nothing_arrives()
    assert [b"".join(blobs.read(name)) for name in names] == contents
    assert Blob.objects.count() == 40


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"bucket_name": "none-of-this-name"}, "NoSuchBucket"),
        ({"access_key": "nobody"}, "InvalidAccessKeyId"),
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_bucket_that_refuses_is_named_with_its_reason(bucket, settings, wrong, words):
    blobs.store().check()
    assert not keys_in(bucket)
    settings.S3_OPTIONS = {**settings.S3_OPTIONS, **wrong}
    name = settings.S3_OPTIONS["bucket_name"]
    with pytest.raises(blobs.Refused, match=f"{name}.*{words}.*STUDIO_BUCKET_"):
        blobs.store().check()


def test_a_bucket_that_is_away_is_named_and_nothing_is_left(bucket, settings, s3):
    kept = blobs.put([b"kept"]).sha256
    line = Line(s3.port)
    settings.S3_OPTIONS = {**settings.S3_OPTIONS, "endpoint_url": line.url}
    assert b"".join(blobs.read(kept)) == b"kept"
    line.cut()
    for ask in (
        blobs.store().check,
        lambda: blobs.put([b"new"]),
        lambda: blobs.put([LARGE]),
        lambda: many.put_many([b"1", b"2"]),
        lambda: blobs.open_blob(kept),
        lambda: blobs.read_range(kept, 0, 1),
    ):
        with pytest.raises(StorageAway, match=f"{bucket.name}.*Nothing is lost"):
            ask()
    assert nothing_arrives() and Blob.objects.count() == 1
    line.mend()
    assert b"".join(blobs.read(blobs.put([b"new"]).sha256)) == b"new"
    line.close()


def test_a_dataset_waits_for_a_bucket_that_is_away_and_fails_for_one_that_refuses(
    bucket, settings, s3, tmp_path
):
    settings.CACHE = tmp_path / "cache"
    tree = trees.make([("a", blobs.put([b"one"]).sha256), ("b", blobs.put([LARGE]).sha256)])
    line, right = Line(s3.port), settings.S3_OPTIONS
    settings.S3_OPTIONS = {**right, "endpoint_url": line.url}
    line.cut()
    assert not mounts.lay(tree, set())
    assert "Nothing is lost" in mounts.waits_for(tree) and not mounts.trouble_of(tree)
    assert not (mounts.place(tree) / "part").exists()
    line.mend()
    settings.S3_OPTIONS = {**right, "secret_key": "wrong"}
    with pytest.raises(mounts.NotLaidOut, match=r"403.*STUDIO_BUCKET_"):
        mounts.lay(tree, set())
    assert not mounts.waits_for(tree)
    mounts.forget_trouble(tree)
    settings.S3_OPTIONS = {**right, "endpoint_url": line.url}
    assert mounts.lay(tree, set())
    assert (mounts.ready(tree) / "b").read_bytes() == LARGE
    line.close()
