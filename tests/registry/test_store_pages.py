"""Pages of the store: its folders, and what deleting something of it frees."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import store
from studio.files import trees
from studio.models import Role
from tests.factories import make_blob, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(as_user):
    member = make_member()
    return member.workspace, as_user(member.user)


def put(workspace, **files):
    pairs = [(path, make_blob(text.encode()).sha256) for path, text in files.items()]
    store.put(workspace, pairs, overwrite=False)


def names(text):
    return re.findall(r'data-key="([^"]+)"', text)


def page(lab, **asked):
    return lab[1].get(f"/w/{lab[0].name}/store/", asked)


def test_folders_come_first_with_what_is_in_them(lab):
    put(lab[0], **{"a.txt": "1", "set/x": "22", "set/deep/y": "333"})
    put(make_member().workspace, other="no")
    text = page(lab).content.decode()
    assert names(text) == ["set", "a.txt"] and "5 B" in text
    assert names(page(lab, path="set").content.decode()) == ["set/deep", "set/x"]
    assert page(lab, path="nothing").status_code == 404


def test_a_large_folder_comes_in_pages_and_costs_the_same_queries(lab):
    put(lab[0], **{"few/a": "1"})
    with CaptureQueriesContext(connection) as few:
        page(lab, path="few")
    put(lab[0], **{f"many/{n:03}": "1" for n in range(230)})
    with CaptureQueriesContext(connection) as many:
        text = page(lab, path="many").content.decode()
    assert len(many) <= len(few)
    found = names(text)
    while cursor := re.search(r'cursor=([\w-]+)">Next', text):
        text = page(lab, path="many", cursor=cursor[1]).content.decode()
        found += names(text)
    assert found == [f"many/{n:03}" for n in range(230)]


def test_the_dialog_and_the_answer_say_what_is_freed(lab, api):
    workspace, _ = lab
    put(workspace, **{"set/own": "o" * 100, "set/twice": "t" * 30, "again": "t" * 30})
    put(workspace, **{"set/kept": "k" * 500})
    trees.make([("kept", make_blob(b"k" * 500).sha256)])  # as a dataset has it
    words = lab[1].get(f"/w/{workspace.name}/store/_freed/", {"path": "set/"}).content.decode()
    assert "<b>3</b> files leave the store" in words
    assert "<b>100 B</b> in <b>1</b> content;" in words
    nothing = lab[1].get(f"/w/{workspace.name}/store/_freed/", {"path": "again"}).content.decode()
    assert "frees nothing now" in nothing and "<b>1</b> file leaves" in nothing
    caller = api(workspace.members.get().user, workspace)
    gone = caller.delete(f"workspaces/{workspace.name}/store/set/")
    assert gone.json() == {"removed": 3, "freed_files": 1, "freed_bytes": 100}
    assert caller.delete(f"workspaces/{workspace.name}/store/again").json() == {
        "removed": 1, "freed_files": 1, "freed_bytes": 30
    }  # fmt: skip


def test_a_folder_that_is_named_with_its_slash_spares_the_file_of_its_name(lab):
    put(lab[0], **{"data/a": "1", "database": "2"})
    assert store.removal(lab[0], "data/").removed == 1
    assert store.removal(lab[0], "data").removed == 1
    with pytest.raises(store.NotFound):
        store.removal(lab[0], "/")


def test_a_reader_sees_no_way_to_delete_and_a_stranger_nothing(lab, as_user):
    put(lab[0], a="1")
    reader = as_user(make_member(workspace=lab[0], role=Role.READER).user)
    assert 'class="reader"' in reader.get(f"/w/{lab[0].name}/store/").content.decode()
    assert reader.delete(f"/api/v1/workspaces/{lab[0].name}/store/a").status_code == 403
    stranger = as_user(make_member().user)
    assert stranger.get(f"/w/{lab[0].name}/store/").status_code == 404
