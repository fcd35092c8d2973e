"""Zips that people upload: unpacked by the worker, and what is wrong with them said in words."""

import io
import struct
import warnings
import zipfile

import pytest

from registry import fetch_work, fetching, unzipping
from registry.models import FetchState
from studio.errors import NotFound
from studio.files import blobs, trees
from studio.models import Blob
from tests.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.FETCHES = tmp_path / "fetches"


def zip_of(entries, compression=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, bytes) pairs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice is what some of them are about
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def unpacked(content):
    """What becomes of an uploaded zip."""
    member = make_member()
    made = fetching.from_zip(member.workspace, member.user, blobs.put([content]).sha256)
    fetch_work.work(made.pk)
    made.refresh_from_db()
    return made


def paths_of(made):
    assert made.state == FetchState.COMPLETED, made.error
    return [path for path, _, _ in trees.listing(made.tree)]


def test_a_zip_becomes_a_tree_by_the_api(api, workers):
    caller = api()
    root = f"workspaces/{caller.workspace.name}"
    content = zip_of([("a.txt", b"one"), ("b/", b""), ("b/c.txt", b""), ("é.txt", b"two")])
    blob = blobs.put([content])
    asked = caller.post(f"{root}/fetches", {"zip": blob.sha256})
    assert asked.status_code == 201, asked.json()
    workers.join("fetches")
    said = caller.get(f"{root}/fetches/{asked.json()['id']}").json()
    assert (said["state"], said["error"]) == ("Completed", "")
    assert said["done_bytes"] == said["size_bytes"] == len(content)
    made = caller.post(f"{root}/datasets", {"name": "z", "fetch": said["id"]})
    assert made.json()["file_count"] == 3
    files = caller.get(f"{root}/datasets/z/1/files").json()["items"]
    assert [[path, size] for path, size, _ in files] == [["a.txt", 3], ["b/c.txt", 0], ["é.txt", 3]]


def test_a_single_top_folder_is_stepped_into_and_junk_is_left_out():
    entries = [("set/a", b"1"), ("set/b/c", b"2"), ("__MACOSX/set/._a", b"junk")]
    assert paths_of(unpacked(zip_of(entries))) == ["a", "b/c"]
    assert paths_of(unpacked(zip_of([("set/a", b"1"), ("b", b"2")]))) == ["b", "set/a"]


def link():
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    return entry


def test_many_small_files_come_out_whole_each_content_once():
    entries = [(f"set/{n % 10}/{n}", str(n % 700).encode()) for n in range(2500)]
    made = unpacked(zip_of(entries))
    assert len(paths_of(made)) == 2500
    assert Blob.objects.count() == 701  # with the zip
    for path, sha256, _ in trees.listing(made.tree)[::500]:
        assert b"".join(blobs.read(sha256)).decode() == str(int(path.rpartition("/")[2]) % 700)
    arriving = [p for p in blobs.arrivals().iterdir() if p.name.startswith(blobs.ARRIVING)]
    assert not arriving


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([("../x", b"")], '"." or ".."'),
        ([("a/../../x", b"")], '"." or ".."'),
        ([("/etc/passwd", b"")], "relative"),
        ([("C:\\x", b"")], "relative"),
        ([("a\\..\\x", b"")], "relative"),
        ([("a\nb", b"")], "control character"),
        ([(link(), b"/etc/passwd")], "symbolic link"),
        ([("a", b"1"), ("a", b"2")], "twice"),
        ([("é", b"1"), ("e\u0301", b"2")], "look the same"),
        ([("a", b"1"), ("a/b", b"2")], "both a file and a folder"),
        ([], "no file in the zip"),
    ],
)
def test_a_zip_that_cannot_be_a_tree_is_refused_and_nothing_is_kept(entries, said):
    content = zip_of(entries)
    made = unpacked(content)
    assert made.state == FetchState.FAILED
    assert said in made.error
    assert made.tree is None
    assert Blob.objects.count() == 1  # the zip itself


def damaged():
    """A zip whose first entry's bytes are others than its checksum says."""
    content = bytearray(zip_of([("a", b"content" * 100)], zipfile.ZIP_STORED))
    content[200] ^= 1
    return bytes(content)


def locked():
    """A zip that says it needs a password."""
    content = bytearray(zip_of([("a", b"content")], zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", b"PK\5\6", zip_of([("a", b"x" * 1000)])[:-30], damaged(), locked()],
    ids=["empty", "text", "cut end", "cut", "damaged", "locked"],
)
def test_what_is_no_zip_is_said_to_be_none(content):
    made = unpacked(content)
    assert made.state == FetchState.FAILED
    assert "this is not a zip that can be read" in made.error


def test_a_bomb_ends_at_its_limit(monkeypatch):
    monkeypatch.setattr(unzipping, "ALWAYS_ALLOWED_BYTES", 2**20)
    made = unpacked(zip_of([("zeros", bytes(64 * 2**20))]))
    assert made.state == FetchState.FAILED
    assert "come out of the zip" in made.error
    assert Blob.objects.count() == 1


def test_entries_that_lie_upon_each_other_are_refused():
    """One compressed content that a thousand names point to."""
    content = zip_of([("a", bytes(100_000))], zipfile.ZIP_STORED)
    start = content.rfind(b"PK\x01\x02")
    record = bytearray(content[start : content.rfind(b"PK\x05\x06")])
    records = b""
    for number in range(20):
        record[46:47] = bytes([97 + number])
        records += bytes(record)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 20, 20, len(records), start, 0)
    made = unpacked(content[:start] + records + end)
    assert made.state == FetchState.FAILED
    assert "zip bomb" in made.error or "not a zip that can be read" in made.error


def test_a_directory_too_large_for_memory_is_not_read():
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 2**31, 0, 0)
    made = unpacked(b"x" * 100 + end)
    assert made.state == FetchState.FAILED
    assert "lists more than" in made.error


def test_a_zip_has_to_be_there(api):
    caller = api()
    with pytest.raises(NotFound):
        fetching.from_zip(caller.workspace, caller.user, "0" * 64)
    path = f"workspaces/{caller.workspace.name}/fetches"
    assert caller.post(path, {"zip": "0" * 64}).status_code == 404
    assert caller.post(path, {"zip": "nothing"}).status_code == 400
    assert caller.post(path, {}).status_code == 400
