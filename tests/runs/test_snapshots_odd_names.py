"""Zips and listings made to do harm: each is refused in words, and nothing of it is left."""

import io
import stat
import struct
import unicodedata
import zipfile
from pathlib import Path

import pytest

from runs import snapshots
from studio.errors import BadInput, SnapshotTooLarge, UnsafePath
from studio.files import blobs, trees
from studio.models import Tree, TreeFile
from studio.previewing import zips

MIB = 1024 * 1024


def packed(*files: tuple[str, bytes], attributes: int = 0) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = attributes << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def refused(data: bytes, error: type[Exception], words: str, settings) -> None:
    """The zip is refused so, and leaves no tree and no file that is half there."""
    sent = blobs.put([data]).sha256
    with pytest.raises(error, match=words):
        snapshots.from_zip(sent)
    assert not Tree.objects.exists() and not TreeFile.objects.exists()
    left = [path.name for path in Path(settings.BLOBS).rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith(".")]


COMPOSED, APART = (unicodedata.normalize(form, "données/é.csv") for form in ("NFC", "NFD"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["train.py", "Train.py"], "are one name where"),
        ([COMPOSED, APART], "are one name where"),
        (["data/a.csv", "Data/b.csv"], '"data" and "Data" are one name'),
        (["straße.py", "STRASSE.py"], "are one name where"),
        (["line\nbreak.py", "a.py"], "control character"),
        (["tab\tand\x1b[31m.py", "a.py"], "control character"),
        (["a", "a/b.py"], "both a file and a folder"),
        (["../../etc/cron.d/x", "a.py"], "may not have"),
        (["/etc/passwd", "a.py"], "must be relative"),
        (["C:/x.py", "a.py"], "must be relative"),
        (["a/" * 600 + "x.py", "b.py"], "longer than"),
    ],
)
def test_names_that_would_do_harm_are_refused_by_name(names, words, settings):
    refused(packed(*((name, b"x") for name in names)), UnsafePath, words, settings)
    listing = [(name, blobs.put([b"x"]).sha256) for name in names]
    with pytest.raises(UnsafePath, match=words):
        snapshots.make(listing)


@pytest.mark.django_db
def test_names_that_only_look_alike_are_kept(settings):
    names = ["é.py", "e.py", "a/é.py", "Ä.txt", "日本.py"]
    tree = snapshots.from_zip(blobs.put([packed(*((name, b"x") for name in names))]).sha256)
    assert sorted(path for path, _, _ in trees.listing(tree)) == sorted(names)


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_in_a_zip_is_refused(settings):
    refused(packed(("a.py", b"1"), ("a.py", b"2")), BadInput, "in the zip twice", settings)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "words"), [(stat.S_IFLNK, "symbolic link"), (stat.S_IFIFO, "device or a pipe")]
)
def test_links_and_pipes_in_a_zip_are_refused(kind, words, settings):
    data = packed(("link", b"/etc/passwd"), attributes=kind | 0o777)
    refused(data, UnsafePath, words, settings)


@pytest.mark.django_db
def test_a_bomb_that_lies_about_its_size_ends_at_the_limit(settings):
    settings.SNAPSHOT_MAX_BYTES = MIB
    data = packed(("a.bin", b"\0" * (4 * MIB)))
    size = struct.pack("<L", 4 * MIB)
    assert data.count(size) == 2
    lying = data.replace(size, struct.pack("<L", 10))
    refused(lying, BadInput, "not a zip that can be read|exceeds the limit", settings)
    refused(data, SnapshotTooLarge, "exceeds the limit", settings)


@pytest.mark.django_db
def test_a_zip_of_a_hundred_thousand_names_is_refused_by_its_count(settings):
    settings.SNAPSHOT_MAX_FILES = 1000
    data = packed(*((f"{number}.txt", b"") for number in range(5000)))
    refused(data, SnapshotTooLarge, "file limit of 1,000", settings)


@pytest.mark.django_db
def test_a_list_of_members_too_long_for_memory_is_not_read(settings, monkeypatch):
    monkeypatch.setattr(zips, "MOST_LIST_BYTES", 100_000)
    data = packed(*((f"{number:0100d}.txt", b"") for number in range(1000)))
    refused(data, BadInput, "list of its files takes", settings)


@pytest.mark.django_db
@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_zip_that_was_cut_off_is_refused(cut, settings):
    data = packed(("a.py", b"print(1)\n" * 100), ("b.py", b"print(2)\n" * 100))
    refused(data[:-cut], BadInput, "not a zip that can be read", settings)


@pytest.mark.django_db
def test_damaged_contents_are_refused(settings):
    data = bytearray(packed(("a.py", bytes(range(256)) * 40)))
    data[60] ^= 0xFF
    refused(bytes(data), BadInput, "not a zip that can be read", settings)
