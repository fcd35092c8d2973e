"""Blobs and trees: content addressed, checked, whole or not there."""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings

from studio.errors import BadInput, MissingBlobs, UnsafePath
from studio.files import blobs, trees
from studio.models import Blob

pytestmark = pytest.mark.django_db


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def arriving() -> list[Path]:
    return list(Path(settings.BLOBS).glob(".arriving-*"))


def test_bytes_come_back_as_they_went():
    blob = blobs.put([b"ab", b"c"])
    assert blob.sha256 == sha(b"abc")
    assert b"".join(blobs.read(blob.sha256)) == b"abc"
    assert blobs.put([b"abc"], sha(b"abc")).pk == blob.pk


def test_bytes_with_another_hash_leave_nothing_behind():
    with pytest.raises(BadInput, match="send it again"):
        blobs.put([b"damaged"], sha(b"whole"))
    assert not Blob.objects.filter(pk=sha(b"whole")).exists()
    assert arriving() == []


def test_an_upload_that_breaks_off_leaves_nothing_behind():
    def broken():
        yield b"first"
        raise ConnectionError("cut")

    with pytest.raises(ConnectionError):
        blobs.put(broken())
    assert arriving() == []


def test_the_same_files_are_the_same_tree_whatever_their_order():
    one, two = blobs.put([b"1"]).sha256, blobs.put([b"2"]).sha256
    first = trees.make([("a.py", one), ("b/c.py", two)])
    assert trees.make([("b/c.py", two), ("a.py", one)]).pk == first.pk
    assert trees.listing(first) == [("a.py", one, 1), ("b/c.py", two, 1)]


def test_a_tree_names_the_contents_it_misses():
    with pytest.raises(MissingBlobs) as refused:
        trees.make([("a", sha(b"never sent"))])
    assert refused.value.facts["missing"] == [sha(b"never sent")]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../../b",
        "a//b",
        "./a",
        "a/",
        "C:/x",
        "a\\b",
        "a\0b",
        "a\nb",
        "a/" + "ä" * 128,
    ],
)
def test_an_unsafe_path_is_refused_by_name(path):
    with pytest.raises(UnsafePath):
        trees.safe_path(path)


def test_a_file_cannot_also_be_a_folder():
    one = blobs.put([b"1"]).sha256
    with pytest.raises(UnsafePath, match="both a file and a folder"):
        trees.make([("a", one), ("a/b", one)])
