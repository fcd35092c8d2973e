"""Odd names, odd sizes, many files, and several who send the same at once."""

import hashlib
import threading
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from studio.errors import UnsafePath
from studio.files import blobs, trees
from studio.models import Blob, TreeFile

MANY = 100_000
COMPOSED, DECOMPOSED = "caf\u00e9.txt", "cafe\u0301.txt"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.django_db
def test_names_that_only_differ_in_how_letters_are_composed_are_refused_together():
    one = blobs.put([b"1"]).sha256
    with pytest.raises(UnsafePath, match="rename one of them"):
        trees.make([(COMPOSED, one), (DECOMPOSED, one)])
    with pytest.raises(UnsafePath, match="both a file and a folder"):
        trees.make([(COMPOSED, one), (f"{DECOMPOSED}/a", one)])
    for name in (COMPOSED, DECOMPOSED):  # alone each is kept as it was written
        assert trees.listing(trees.make([(name, one)]))[0][0] == name


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2028", "\u2029", "\x1b", "\x7f"])
def test_a_name_is_one_line_wherever_it_is_written(end):
    with pytest.raises(UnsafePath, match="control character"):
        trees.safe_path(f"a{end}b")


@pytest.mark.django_db
def test_empty_files_are_files():
    empty = blobs.put([])
    assert (empty.sha256, empty.size_bytes) == (sha(b""), 0)
    tree = trees.make([("a/__init__.py", empty.sha256), ("b/__init__.py", empty.sha256)])
    assert (tree.file_count, tree.size_bytes) == (2, 0)
    assert b"".join(blobs.read(empty.sha256)) == b""
    assert b"".join(blobs.read_range(empty.sha256, 0, 0)) == b""


@pytest.mark.django_db
def test_a_hundred_thousand_files_are_a_tree_in_bearable_time():
    contents = [sha(b"%d" % number) for number in range(MANY)]
    Blob.objects.bulk_create([Blob(sha256=name, size_bytes=1) for name in contents])
    listing = [(f"{number % 100:02}/{number:06}", name) for number, name in enumerate(contents)]
    began = time.monotonic()
    with CaptureQueriesContext(connection) as asked:
        tree = trees.make(listing)
    assert (tree.file_count, tree.files.count()) == (MANY, MANY)
    assert len(asked) < 500
    assert time.monotonic() - began < 300
    with CaptureQueriesContext(connection) as again:
        assert trees.make(listing) == tree
    assert len(again) < 300
    assert TreeFile.objects.count() == MANY


@pytest.mark.django_db(transaction=True)
def test_several_who_send_one_content_at_once_all_succeed():
    content = [bytes([number]) * 65536 for number in range(20)]
    expected = sha(b"".join(content))
    together, found = threading.Barrier(6), []

    def send() -> None:
        try:
            together.wait()
            found.append(blobs.put(iter(content), expected).sha256)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 6
    assert Blob.objects.count() == 1
    assert b"".join(blobs.read(expected)) == b"".join(content)
    assert not list(Path(settings.BLOBS).glob(".arriving-*"))
