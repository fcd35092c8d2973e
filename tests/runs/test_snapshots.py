"""Code on its way in: ignore files, the limit, zips that are not what they say."""

import io
import stat
import zipfile

import pytest

from runs import snapshots
from studio.errors import BadInput, SnapshotTooLarge, UnsafePath
from studio.files import blobs, trees
from tests.sdk.ignore_vectors import VECTORS

MIB = 1024 * 1024


def zip_of(files: dict[str, bytes]) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return blobs.put([packed.getvalue()]).sha256


def paths(tree) -> list[str]:
    return [path for path, _, _ in trees.listing(tree)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_the_server_ignores_what_the_sdk_ignores(vector):
    _, rules, ignored, kept = vector
    files = [(path, 1) for path in [*ignored, *kept]]
    assert [path for path, _ in snapshots.kept(files, {".amlignore": rules})] == kept


def test_amlignore_counts_and_then_gitignore_does_not():
    texts = {".amlignore": "a.txt", ".gitignore": "b.txt"}
    left = snapshots.kept([("a.txt", 1), ("b.txt", 1)], texts)
    assert left == [("b.txt", 1)]


def test_too_much_is_refused_before_anything_is_sent_naming_the_largest(settings):
    settings.SNAPSHOT_MAX_BYTES = 3 * MIB
    said = snapshots.check([("data/x.bin", 4 * MIB), ("train.py", 10)], {})
    assert "Your total snapshot size exceeds the limit of 3.0 MB" in said["problem"]
    assert said["largest"][0] == ("data/", 4 * MIB)
    ignoring = snapshots.check([("data/x.bin", 4 * MIB), ("train.py", 10)], {".gitignore": "data/"})
    assert ignoring["problem"] is None
    assert ignoring["kept"] == ["train.py"]


@pytest.mark.django_db
def test_a_zip_becomes_a_snapshot_below_its_single_folder():
    sent = zip_of({"proj/train.py": b"1", "proj/data/x": b"2", "proj/.amlignore": b"data/"})
    assert paths(snapshots.from_zip(sent)) == [".amlignore", "train.py"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["../evil.py", "/etc/cron.d/x", "a/../../b", "C:\\x", "a\\..\\b"])
def test_a_path_that_leaves_the_zip_is_refused_by_name(path):
    with pytest.raises(UnsafePath):
        snapshots.from_zip(zip_of({path: b"x", "train.py": b"1"}))


@pytest.mark.django_db
def test_a_link_in_a_zip_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafePath, match="symbolic link"):
        snapshots.from_zip(blobs.put([packed.getvalue()]).sha256)


@pytest.mark.django_db
def test_a_zip_bomb_ends_at_the_limit(settings):
    settings.SNAPSHOT_MAX_BYTES = MIB
    with pytest.raises(SnapshotTooLarge):
        snapshots.from_zip(zip_of({"zeros.bin": b"\0" * (2 * MIB)}))


@pytest.mark.django_db
def test_what_is_no_zip_is_refused():
    with pytest.raises(BadInput, match="not a zip"):
        snapshots.from_zip(blobs.put([b"PK but no"]).sha256)


@pytest.mark.django_db
def test_an_empty_folder_is_refused():
    with pytest.raises(BadInput, match="no file to run"):
        snapshots.make([])
