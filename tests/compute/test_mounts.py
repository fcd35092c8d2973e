"""Trees laid out for tasks: whole or absent, nobody's to change, shared, and removed by a quota."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from compute import mounts
from studio.files import blobs, trees
from tests.factories import make_blob, make_tree

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cache(settings, tmp_path):
    settings.CACHE = tmp_path / "cache"
    return settings.CACHE / "trees"


def tree_of(**files: bytes):
    pairs = (
        (name.replace("__", "/"), make_blob(content).sha256) for name, content in files.items()
    )
    return trees.make(pairs)


def test_a_tree_is_laid_out_read_only_and_found_again():
    tree = tree_of(a=b"one", deep__b=b"two", deep__er__empty=b"", copy=b"one")
    assert mounts.ready(tree) is None
    assert mounts.lay(tree, set())
    folder = mounts.ready(tree)
    assert folder == mounts.place(tree) / "tree"
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert found == {"a": b"one", "deep/b": b"two", "deep/er/empty": b"", "copy": b"one"}
    modes = {oct(p.stat().st_mode & 0o777) for p in [folder, *folder.rglob("*")]}
    assert modes == {"0o444", "0o555"}
    before = (folder / "a").stat().st_ino
    assert mounts.lay(tree, set())
    assert (folder / "a").stat().st_ino == before


def test_a_script_that_writes_into_it_changes_no_blob_and_the_next_run_gets_it_whole():
    tree = tree_of(a=b"one", b=b"two")
    mounts.lay(tree, set())
    folder = mounts.ready(tree)
    for spoil in (_write_over, _add, _remove):
        (folder / "a").chmod(0o644)
        folder.chmod(0o755)
        spoil(folder)
        assert mounts.ready(tree) is None, spoil
        assert mounts.lay(tree, set())
        assert sorted(os.listdir(mounts.ready(tree))) == ["a", "b"]
        assert (folder / "a").read_bytes() == b"one"
    assert b"".join(blobs.read(make_blob(b"one").sha256)) == b"one"


def _write_over(folder):
    """Same size, same time: only the kernel's own record of the change differs."""
    status = (folder / "a").stat()
    (folder / "a").write_bytes(b"0ne")
    os.utime(folder / "a", ns=(status.st_atime_ns, status.st_mtime_ns))


def _add(folder):
    (folder / "c").write_bytes(b"three")


def _remove(folder):
    (folder / "b").unlink()


def test_of_two_who_lay_out_one_tree_at_once_one_does_it(cache):
    """The other is another program: it holds the lock, and lets it go when it is killed."""
    tree = tree_of(a=b"one")
    mounts.place(tree)
    (cache / ".locks").mkdir(exist_ok=True)
    holds = (
        "import fcntl, sys, time; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX);"
        " print('held', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", holds, cache / ".locks" / tree.sha256], stdout=subprocess.PIPE
    )
    try:
        assert other.stdout.readline() == b"held\n"
        assert mounts.is_being_laid_out(tree)
        assert not mounts.lay(tree, set())
        assert mounts.ready(tree) is None
    finally:
        other.kill()
        other.communicate()
    assert not mounts.is_being_laid_out(tree)
    assert mounts.lay(tree, set())


def test_many_who_ask_at_once_have_it_looked_at_once_for_all(monkeypatch):
    tree = tree_of(a=b"one")
    mounts.lay(tree, set())
    looks, digest, asked, place = [], mounts._digest, threading.Semaphore(0), mounts.place

    def counted(folder):
        looks.append(folder)
        return digest(folder)

    def asking(tree):
        asked.release()
        return place(tree)

    monkeypatch.setattr(mounts, "_digest", counted)
    monkeypatch.setattr(mounts, "place", asking)
    with ThreadPoolExecutor(8) as pool:
        with mounts._checks[str(place(tree))].lock:
            answers = [pool.submit(mounts.ready, tree) for _ in range(8)]
            assert all(asked.acquire(timeout=60) for _ in answers)
        assert {answer.result() for answer in answers} == {place(tree) / "tree"}
    assert len(looks) == 1
    (place(tree) / "tree" / "a").chmod(0o644)
    assert mounts.ready(tree) is None  # asked later: it is looked at again


def test_so_many_are_laid_out_at_once_and_no_more(monkeypatch):
    monkeypatch.setattr(mounts, "LAID_AT_ONCE", 1)
    tree = tree_of(a=b"one")
    with mounts._lock("slot-0"):
        assert not mounts.lay(tree, set())
    assert mounts.lay(tree, set())


def test_what_cannot_be_laid_out_leaves_nothing_half_and_says_why(cache):
    tree = tree_of(a=b"one", b=b"two")
    blobs.path_of(make_blob(b"two").sha256).unlink()
    with pytest.raises(mounts.NotLaidOut, match="not in the blob store"):
        mounts.lay(tree, set())
    assert "not in the blob store" in mounts.trouble_of(tree)
    assert mounts.ready(tree) is None
    assert not (cache / tree.sha256 / "part").exists()
    make_blob(b"two")  # it comes back
    mounts.forget_trouble(tree)
    assert mounts.lay(tree, set())
    assert mounts.trouble_of(tree) == ""


def test_a_disk_without_room_says_so_before_anything_is_written(monkeypatch, cache):
    tree = make_tree()
    monkeypatch.setattr(mounts, "_size_on_disk", lambda tree: 2**62)
    with pytest.raises(mounts.NotLaidOut, match=r"has no room for its 1 files .* make room there"):
        mounts.lay(tree, set())
    assert not (cache / tree.sha256 / "tree").exists()


def test_what_a_killed_worker_left_half_is_begun_anew(cache):
    tree = tree_of(a=b"one")
    half = mounts.place(tree) / "part"
    half.mkdir()
    (half / "other").write_bytes(b"x")
    assert mounts.lay(tree, set())
    assert os.listdir(mounts.ready(tree)) == ["a"]


def test_the_least_recently_used_go_and_never_one_in_use(settings, cache):
    made = [tree_of(a=f"{number}".encode()) for number in range(4)]
    for age, tree in enumerate(made):
        mounts.lay(tree, set())
        os.utime(mounts.place(tree) / "used", (0, time.time() - 1000 + age))
    settings.CACHE_MAX_BYTES = 2 * 4097  # two of the four
    assert mounts.prune({made[0].sha256}) == 2
    left = {folder.name for folder in cache.iterdir() if not folder.name.startswith(".")}
    assert left == {made[0].sha256, made[3].sha256}
