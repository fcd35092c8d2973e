"""Models over HTTP: registered from files, trees and versions; aliases; words; archive; delete."""

import pytest

from registry.models import Alias, Kind, Version
from registry.versions import register as register_version
from studio.files import trees
from studio.models import Role
from tests.factories import make_blob, make_member, make_tree


@pytest.fixture
def lab(api):
    return api()


def path(lab, rest=""):
    return f"workspaces/{lab.workspace.name}/models{rest}"


def add(lab, name="digits", content=b"weights", **words):
    files = [["model.bin", make_blob(content).sha256]]
    return lab.post(path(lab), {"name": name, "files": files, **words})


def put(lab, alias, number, name="digits"):
    where = f"/api/v1/{path(lab, f'/{name}/aliases/{alias}')}"
    return lab.client.put(where, {"version": number}, format="json")


def test_an_alias_stands_for_one_version_wherever_a_number_may(lab):
    add(lab, content=b"one"), add(lab, content=b"two")
    assert put(lab, "champion", 1).json()["aliases"] == ["champion"]
    assert lab.get(path(lab, "/digits"), version="champion").json()["version"] == 1
    assert lab.get(path(lab, "/digits/versions/champion")).json()["version"] == 1
    reply = lab.get(path(lab, "/digits/versions/champion/files/model.bin"))
    assert b"".join(reply.streaming_content) == b"one"
    assert put(lab, "champion", 2).json()["version"] == 2
    assert lab.get(path(lab, "/digits"), version="champion").json()["version"] == 2
    assert Alias.objects.count() == 1
    assert lab.get(path(lab, "/digits"), version=1).json()["aliases"] == []


@pytest.mark.parametrize("name", ["latest", "2", "2nd", "-x", "a b", "x" * 101])
def test_a_name_that_could_be_a_number_or_no_name_is_refused(lab, name):
    add(lab)
    assert put(lab, name, 1).status_code == 400


def test_an_alias_that_is_not_there_is_told_with_those_that_are(lab):
    add(lab)
    put(lab, "champion", 1)
    reply = lab.get(path(lab, "/digits"), version="challenger")
    assert reply.status_code == 404
    assert "champion" in reply.json()["error"]["message"]
    assert put(lab, "champion", 9).status_code == 404
    assert lab.delete(path(lab, "/digits/aliases/other")).status_code == 404
    assert lab.delete(path(lab, "/digits/aliases/champion")).status_code == 204
    assert not Alias.objects.exists()


def test_a_reader_changes_nothing_and_a_stranger_sees_nothing(lab, api):
    add(lab)
    member = make_member(workspace=lab.workspace, role=Role.READER)
    reader = api(member.user, lab.workspace)
    assert reader.get(path(lab, "/digits")).status_code == 200
    assert put(reader, "champion", 1).status_code == 403
    assert reader.delete(path(lab, "/digits")).status_code == 403
    assert add(reader).status_code == 403
    assert reader.patch(path(lab, "/digits/versions/1"), {"description": "x"}).status_code == 403
    assert api().get(path(lab, "/digits")).status_code == 404


def test_a_model_is_made_of_files_a_tree_or_another_version_and_of_one_of_them(lab):
    first = add(lab, tags={"team": "vision"}, framework="PyTorch", framework_version="2.5")
    assert (first.status_code, first.json()["id"]) == (201, "digits:1")
    assert first.json()["files"] == [["model.bin", 7]]
    tree = make_tree(a="1", b="22")
    second = lab.post(path(lab), {"name": "digits", "tree": tree.sha256})
    assert (second.json()["version"], second.json()["file_count"]) == (2, 2)
    copy = lab.post(path(lab), {"name": "best", "copy_of": "digits:1", "description": "the one"})
    assert copy.json()["tags"] == {"team": "vision"}
    assert copy.json()["properties"] == {"copied_from": "digits:1"}
    assert (copy.json()["framework"], copy.json()["description"]) == ("PyTorch", "the one")
    for wrong in ({}, {"tree": tree.sha256, "copy_of": "digits"}):
        reply = lab.post(path(lab), {"name": "x", **wrong})
        assert reply.status_code == 400 and "one of" in reply.json()["error"]["message"]
    assert lab.post(path(lab), {"name": "x", "tree": "0" * 64}).status_code == 404
    missing = lab.post(path(lab), {"name": "x", "files": [["a", "0" * 64]]})
    assert missing.json()["error"]["code"] == "missing_blobs"
    unsafe = lab.post(path(lab), {"name": "x", "files": [["../a", make_blob(b"x").sha256]]})
    assert unsafe.json()["error"]["code"] == "unsafe_path"


def test_what_is_written_on_a_version_changes_and_what_it_holds_does_not(lab):
    add(lab, tags={"a": "1", "b": "2"}, properties={"p": "1", "run_id": "somewhere"})
    words = {
        "description": "better",
        "tags": {"a": None, "c": 3},
        "properties": {"q": "2"},
        "framework": "ONNX",
        "framework_version": "1.17",
    }
    said = lab.patch(path(lab, "/digits/versions/1"), words).json()
    assert said["description"] == "better"
    assert said["tags"] == {"b": "2", "c": "3"}
    assert said["properties"] == {"p": "1", "q": "2", "run_id": "somewhere"}
    assert (said["framework"], said["framework_version"]) == ("ONNX", "1.17")
    assert lab.get(path(lab, "/digits")).json() == said
    for wrong in ({"files": []}, {"properties": {"run_id": "other"}}, {"framework": "x" * 61}):
        assert lab.patch(path(lab, "/digits/versions/1"), wrong).status_code == 400


def test_an_archived_model_leaves_the_lists_and_comes_back(lab):
    add(lab)

    def names(**query):
        return [item["name"] for item in lab.get(path(lab), **query).json()["items"]]

    assert lab.patch(path(lab, "/digits"), {"archived": True}).json()["archived"] is True
    assert (names(), names(archived=1)) == ([], ["digits"])
    assert lab.get(path(lab, "/digits")).status_code == 200
    lab.patch(path(lab, "/digits"), {"archived": False})
    assert (names(), names(archived=1)) == (["digits"], [])


def test_a_deleted_version_frees_its_own_files_and_keeps_its_number(lab):
    add(lab, content=b"shared"), add(lab, content=b"shared"), add(lab, content=b"alone")
    put(lab, "champion", 3)
    assert lab.delete(path(lab, "/digits/versions/1")).json()["freed_bytes"] == 0
    gone = lab.delete(path(lab, "/digits/versions/champion")).json()
    assert gone == {"deleted": ["digits:3"], "freed_files": 1, "freed_bytes": 5}
    reply = lab.get(path(lab, "/digits"), version=3)
    assert "was deleted; the newest is 2" in reply.json()["error"]["message"]
    assert lab.get(path(lab, "/digits")).json()["version"] == 2
    assert not Alias.objects.exists()
    assert add(lab, content=b"new").json()["version"] == 4


def test_a_model_that_is_deleted_as_a_whole_is_gone_and_its_name_counts_on(lab):
    add(lab, content=b"one"), add(lab, content=b"two!")
    gone = lab.delete(path(lab, "/digits")).json()
    assert gone == {"deleted": ["digits:2", "digits:1"], "freed_files": 2, "freed_bytes": 7}
    assert lab.get(path(lab, "/digits")).status_code == 404
    assert lab.delete(path(lab, "/digits")).status_code == 404
    assert lab.get(path(lab)).json()["items"] == []
    assert add(lab).json()["version"] == 3
    assert Version.objects.count() == 3


def test_a_run_puts_no_model_away_and_what_it_registers_names_it(lab, api):
    from_run = api(lab.user, lab.workspace)
    token = from_run.user.tokens.latest("pk")
    token.kind, token.subject = "run", "a_run_1"
    token.save()
    made = add(from_run)
    assert (made.status_code, made.json()["run_id"]) == (201, "a_run_1")
    assert from_run.delete(path(lab, "/digits")).status_code == 403
    assert from_run.delete(path(lab, "/digits/versions/1")).status_code == 403
    assert from_run.patch(path(lab, "/digits"), {"archived": True}).status_code == 403
    assert put(from_run, "champion", 1).status_code == 200


def test_names_of_other_kinds_are_not_models(lab):
    tree = make_tree()
    register_version(
        lab.workspace, lab.user, kind=Kind.DATASET, name="data", digest=tree.sha256,
        add_detail=lambda version: None,
    )  # fmt: skip
    assert lab.get(path(lab, "/data")).status_code == 404
    assert trees.listing(tree)
