"""The workspace's store: paths that may be replaced, and patterns that become trees."""

import pytest
from django.db import connection

from registry import store
from registry.models import StoredFile
from tests.factories import make_blob

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(api):
    return Caller(api())


class Caller:
    def __init__(self, api):
        self.api, self.root = api, f"workspaces/{api.workspace.name}/store"

    def put(self, *, overwrite=False, **files):
        pairs = [[path, make_blob(text.encode()).sha256] for path, text in files.items()]
        return self.api.post(self.root, {"files": pairs, "overwrite": overwrite})

    def paths(self, **query):
        return [item["path"] for item in self.api.get(self.root, **query).json()["items"]]

    def tree(self, *patterns):
        return self.api.post(f"{self.root}/tree", {"patterns": list(patterns)})

    def tree_paths(self, *patterns):
        made = self.tree(*patterns)
        assert made.status_code == 200, made.json()
        place = self.root.removesuffix("store")
        files = self.api.get(f"{place}trees/{made.json()['tree']}/files").json()["items"]
        return [path for path, _, _ in files]


def test_files_are_stored_kept_and_replaced(caller):
    first = caller.put(**{"data/a.txt": "one", "data/b.txt": "two"})
    assert first.json() == {"stored": 2, "skipped": []}
    second = caller.put(**{"data/a.txt": "new", "data/c.txt": "x"})
    assert second.json() == {"stored": 1, "skipped": ["data/a.txt"]}
    one = caller.api.get(f"{caller.root}/data/a.txt")
    assert b"".join(one.streaming_content) == b"one"
    third = caller.put(overwrite=True, **{"data/a.txt": "new"})
    assert third.json() == {"stored": 1, "skipped": []}
    one = caller.api.get(f"{caller.root}/data/a.txt")
    assert b"".join(one.streaming_content) == b"new"
    assert caller.paths() == ["data/a.txt", "data/b.txt", "data/c.txt"]
    assert caller.paths(prefix="data/b") == ["data/b.txt"]


def test_files_and_folders_are_removed(caller):
    caller.put(**{"data/a": "1", "data/b/c": "2", "database": "3", "tree": "4"})
    for path in ("data/a", "data"):
        gone = caller.api.delete(f"{caller.root}/{path}").json()
        assert gone == {"removed": 1, "freed_files": 1, "freed_bytes": 1}
    assert caller.paths() == ["database", "tree"]
    assert b"".join(caller.api.get(f"{caller.root}/tree").streaming_content) == b"4"
    assert caller.api.delete(f"{caller.root}/tree").json()["removed"] == 1
    assert caller.api.delete(f"{caller.root}/nothing").status_code == 404


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("set", ["a.csv", "deep/b.csv", "deep/er/c.txt", "x.txt"]),
        ("set/", ["a.csv", "deep/b.csv", "deep/er/c.txt", "x.txt"]),
        ("/set/deep", ["b.csv", "er/c.txt"]),
        ("set/a.csv", ["a.csv"]),
        ("set/*.csv", ["a.csv"]),
        ("set/**/*.csv", ["a.csv", "deep/b.csv"]),
        ("set/**", ["a.csv", "deep/b.csv", "deep/er/c.txt", "x.txt"]),
        ("set/*/*.csv", ["deep/b.csv"]),
        ("set/de*/b.csv", ["deep/b.csv"]),
        ("**/*.txt", ["set/deep/er/c.txt", "set/x.txt", "settings/y.txt"]),
        ("s*/y.txt", ["settings/y.txt"]),
        ("", ["set/a.csv", "set/deep/b.csv", "set/deep/er/c.txt", "set/x.txt", "settings/y.txt"]),
    ],
)
def test_a_pattern_names_files_below_its_folder(caller, pattern, found):
    caller.put(
        **{
            "set/a.csv": "1",
            "set/x.txt": "2",
            "set/deep/b.csv": "3",
            "set/deep/er/c.txt": "4",
            "settings/y.txt": "5",
        }
    )
    if pattern:
        assert caller.tree_paths(pattern) == found
    else:
        assert caller.tree_paths("**") == found


def test_patterns_that_name_nothing_or_two_things_are_refused(caller):
    caller.put(**{"a/x": "1", "b/x": "2", "c.d": "3", "(+)": "4"})
    assert caller.tree("nothing/*").status_code == 404
    twice = caller.tree("a", "b")
    assert (twice.status_code, "two of the patterns" in twice.json()["error"]["message"]) == (
        400,
        True,
    )
    assert caller.tree().status_code == 400
    assert caller.tree("c?d").status_code == 404
    assert caller.tree_paths("(+)*") == ["(+)"]
    assert caller.tree("*" * 900 + "z").status_code == 404


def test_a_path_is_a_file_or_a_folder_and_never_both(caller):
    caller.put(**{"a/b": "1", "file": "2"})
    below = caller.put(**{"file/x": "1"})
    assert (below.status_code, "is a file in the store" in below.json()["error"]["message"]) == (
        409,
        True,
    )
    above = caller.put(a="1")
    assert (above.status_code, "is a folder" in above.json()["error"]["message"]) == (409, True)
    assert caller.put(**{"../x": "1"}).status_code == 400
    assert caller.paths() == ["a/b", "file"]


def test_a_dataset_keeps_what_it_had_when_the_store_changes(caller):
    caller.put(**{"set/a": "old"})
    before = caller.tree("set").json()["tree"]
    caller.put(overwrite=True, **{"set/a": "new"})
    assert caller.tree("set").json()["tree"] != before
    caller.api.delete(f"{caller.root}/set")
    place = caller.root.removesuffix("store")
    assert caller.api.get(f"{place}trees/{before}/files").json()["items"][0][1] == 3


def test_a_store_belongs_to_its_workspace(caller, api):
    caller.put(a="1")
    stranger = api()
    assert stranger.get(caller.root).status_code == 404
    assert stranger.get(f"workspaces/{stranger.workspace.name}/store").json()["items"] == []


# --- many at once --------------------------------------------------------------------------------
def portions(monkeypatch, size):
    """Have so few files in one transaction; return the list of what is stored in each."""
    done, put = [], store._put

    def noted(workspace, wanted, *given):
        opened.add(connection.savepoint_ids[outside])  # each has one of its own
        done.append(sorted(wanted))
        assert len(opened) == len(done)
        return put(workspace, wanted, *given)

    outside, opened = len(connection.savepoint_ids), set()
    monkeypatch.setattr(store, "WRITTEN_AT_ONCE", size)
    monkeypatch.setattr(store, "_put", noted)
    return done


def test_many_files_are_stored_a_portion_at_a_time(caller, monkeypatch):
    caller.put(**{"d/b": "old", "d/c": "same", "d/e": "old"})
    before = {row.path: row.updated_at for row in StoredFile.objects.all()}
    done = portions(monkeypatch, 2)
    new = {f"d/{name}": "new" for name in "abde"} | {"d/c": "same"}
    kept = {"stored": 2, "skipped": ["d/b", "d/c", "d/e"]}
    assert caller.put(**new).json() == kept
    assert caller.put(overwrite=True, **new).json() == {"stored": 5, "skipped": []}
    assert done == [["d/a", "d/b"], ["d/c", "d/d"], ["d/e"]] * 2
    rows = {row.path: row for row in StoredFile.objects.select_related("blob")}
    assert {path for path, row in rows.items() if row.blob.size_bytes == 3} == set(new) - {"d/c"}
    assert rows["d/c"].updated_at == before["d/c"] and rows["d/b"].updated_at > before["d/b"]


@pytest.mark.parametrize("clash", ["d/z/inside", "d"])
def test_what_cannot_be_is_refused_before_any_portion_is_stored(caller, monkeypatch, clash):
    caller.put(**{clash: "x"})
    done = portions(monkeypatch, 1)
    refused = caller.put(overwrite=True, **{"d/a": "1", "d/b": "2", "d/z": "3"})
    assert refused.json()["error"]["code"] == "conflict"
    assert (caller.paths(), done) == ([clash], [])


def test_a_folder_is_found_under_any_of_many_files(caller):
    caller.put(**{"d/f0777/inside": "x"})
    sha256 = make_blob(b"1").sha256
    files = [[f"d/f{number:04}", sha256] for number in range(900)]
    refused = caller.api.post(caller.root, {"files": files, "overwrite": True})
    assert "d/f0777 is a folder in the store" in refused.json()["error"]["message"]
    assert caller.paths() == ["d/f0777/inside"]


@pytest.mark.parametrize(
    ("came", "words"), [("d/z/inside", "d/z is a folder"), ("d/y", "d/y is a file")]
)
def test_what_comes_between_two_portions_is_no_file_and_folder(caller, monkeypatch, came, words):
    newest, calls, sha256 = store._newest, [], make_blob(b"x").sha256

    def slow():
        calls.append(newest())
        if len(calls) == 2:  # the first portion is in, the second one is not
            StoredFile.objects.create(workspace=caller.api.workspace, path=came, blob_id=sha256)
        return calls[-1]

    monkeypatch.setattr(store, "WRITTEN_AT_ONCE", 1)
    monkeypatch.setattr(store, "_newest", slow)
    refused = caller.put(**{"d/a": "1", "d/y/b": "2", "d/z": "3"})
    assert words in refused.json()["error"]["message"]
    assert caller.paths() == ["d/a", came]
