"""What the pages of datasets show and refuse; what happens on them is in tests/browser."""

import io
import re
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import datasets
from registry.views import dataset_files
from studio.files import trees
from studio.models import Role
from tests.factories import make_blob, make_member

CONTENT = {"README.txt": "cats\n", "a/one.png": "1", "a/b/two.png": "22", "c/three.csv": "x\n1\n"}


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def show(member, as_user):
    """Return the page below /w/<workspace>/data/ as its text; `status` is what it must answer."""
    client = as_user(member.user)

    def get(path="", status=200, **headers):
        reply = client.get(f"/w/{member.workspace.name}/data/{path}", headers=headers)
        assert reply.status_code == status, reply.content[:2000]
        return reply.content.decode()

    return get


def make_tree(content):
    return trees.make((path, make_blob(text.encode()).sha256) for path, text in content.items())


def make(member, name="cats", content=None, **words):
    """The next version of a dataset."""
    wanted = {"name": name, "tree": make_tree(content or CONTENT), "create_new_version": True}
    return datasets.register(member.workspace, member.user, **{**wanted, **words})[0]


def names(text):
    """The names in a table of a page, in order."""
    return re.findall(r'<a class="name"[^>]*>([^<]*)</a>', text)


def test_the_list_has_the_newest_version_of_each_and_finds_by_words(member, show):
    make(member, "dogs", description="from the shelter")
    make(member)
    make(member, content={"new.txt": "x"})
    text = show()
    assert names(text) == ["cats", "dogs"]
    assert 'aria-label="cats:2"' in text
    assert names(show("?q=shelter")) == ["dogs"]
    assert names(show("?q=shelter+DOG")) == ["dogs"]
    assert "None here holds" in show("?q=mice")


def test_a_page_of_the_list_costs_as_many_queries_as_one_row(member, show):
    make(member)
    with CaptureQueriesContext(connection) as one:
        show()
    for number in range(60):
        make(member, f"data{number:02}", content={f"{number}.txt": str(number)})
    with CaptureQueriesContext(connection) as many:
        first = show()
    assert len(many) == len(one)
    assert len(names(first)) == 50
    following = re.search(r'href="\?(cursor=[^"]+)">Next', first)
    assert len(names(show(f"?{following[1]}"))) == 11


def test_an_empty_list_says_what_belongs_there_and_the_archived_are_on_their_own(member, show):
    assert "No dataset yet" in show() and "upload_directory" in show()
    datasets.archive(make(member).asset, True)
    assert "No dataset yet" in show()
    assert names(show("?archived=1")) == ["cats"]
    assert 'data-act="restore"' in show("cats/")


def test_a_dataset_has_its_versions_and_a_version_says_which_is_newest(member, show):
    make(member)
    make(member, content={"new.txt": "x"})
    assert names(show("cats/")) == ["cats:2", "cats:1"]
    assert "newest is 2" in show("cats/1/")
    assert "has no version 3" in show("cats/3/", 404)
    assert "datasets: cats" in show("mice/", 404)


def test_files_are_shown_folder_by_folder(member, show):
    make(member)
    assert names(show("cats/1/?tab=files")) == ["a/", "c/", "README.txt"]
    assert names(show("cats/1/?tab=files&path=a")) == ["b/", "one.png"]
    assert names(show("cats/1/?tab=files&path=a/b/")) == ["two.png"]
    # What is only like a folder's name is none.
    show("cats/1/?tab=files&path=READ", 404)


def test_a_folder_of_many_is_paged_without_losing_one(member, show):
    many = {f"d{number:03}/x": str(number) for number in range(130)}
    many |= {f"f{number:03}": str(number) for number in range(130)}
    make(member, content=many)
    path, seen = "cats/1/?tab=files", []
    while path:
        text = show(path)
        seen += names(text)
        assert len(names(text)) <= dataset_files.ON_A_PAGE
        found = re.search(r'href="(\?tab=files[^"]*cursor=[^"]+)">Next', text)
        path = found and f"cats/1/{found[1].replace('&amp;', '&')}"
    assert seen == [f"d{n:03}/" for n in range(130)] + [f"f{n:03}" for n in range(130)]
    show("cats/1/?tab=files&cursor=bad!", 400)


def test_pictures_are_shown_first_and_text_is_shown_as_text(member, show):
    make(member, content={**CONTENT, "note.html": "<script>alert(1)</script>"})
    text = show("cats/1/")
    assert re.findall(r'<img src="([^"]+)"', text) == [
        f"/api/v1/workspaces/{member.workspace.name}/datasets/cats/1/files/{path}"
        for path in ("a/b/two.png", "a/one.png")
    ]
    shown = show("cats/1/?tab=preview&path=note.html")
    assert "&lt;script&gt;alert(1)" in shown and "<script>alert" not in shown
    assert "gone" in show("cats/1/?tab=preview&path=gone", 404)


def test_names_of_files_cannot_break_out_of_the_page(member, show):
    odd = 'a"><b>&x=1?#%2f.txt'
    make(member, content={odd: "odd\n", f"{odd}.png": "1"})
    for tab in ("files", "preview"):
        assert '"><b>&' not in show(f"cats/1/?tab={tab}")
    link = re.search(r'href="(\?tab=preview&amp;path=[^"]+\.txt)"', show("cats/1/?tab=files"))
    assert "odd\n" in show(f"cats/1/{link[1].replace('&amp;', '&')}")


def test_a_folder_is_downloaded_as_a_zip(member, as_user):
    make(member)
    page = f"/w/{member.workspace.name}/data/cats/1/_zip/"
    reply = as_user(member.user).get(f"{page}?path=a")
    assert 'filename="a.zip"' in reply["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(reply.streaming_content))) as archive:
        assert archive.read("a/b/two.png") == b"22"
        assert sorted(archive.namelist()) == ["a/b/two.png", "a/one.png"]


def test_what_deleting_frees_counts_what_nothing_else_has(member, show):
    make(member)
    make(member, content={"a/one.png": "1", "more.txt": "123"})
    make(member, "dogs", content={"same.txt": "cats\n"})
    # Of the contents "1", "22", the table's and "123" none is elsewhere; "cats" is of dogs as well.
    freed = re.sub(r"<[^>]+>", "", show("cats/_freed/"))
    assert "frees 10 B in 4 files" in freed


def test_a_name_is_told_before_it_is_taken(member, show):
    make(member)
    assert '"newest": 1' in show("_name/?name=cats")
    assert '"newest": 0' in show("_name/?name=mice")
    assert "is not allowed" in show("_name/?name=-mice")


def test_a_version_is_begun_from_another(member, show):
    make(member, tags={"team": "vision"}, form="tabular", reading={"format": "parquet"})
    text = show("new/?from=cats:1")
    assert "New version of cats" in text
    assert '"tags": {"team": "vision"}' in text and '"format": "parquet"' in text


def test_who_may_only_read_can_look_and_not_make(member, as_user):
    make(member)
    reader = as_user(make_member(workspace=member.workspace, role=Role.READER).user)
    home = f"/w/{member.workspace.name}/data/"
    assert reader.get(f"{home}cats/1/").status_code == 200
    assert reader.get(f"{home}new/").status_code == 403


def test_a_stranger_sees_nothing(member, as_user):
    make(member)
    stranger = as_user(make_member().user)
    for path in (
        "",
        "new/",
        "cats/",
        "cats/1/",
        "cats/1/_zip/",
        "cats/_freed/",
        "_name/?name=cats",
    ):
        assert stranger.get(f"/w/{member.workspace.name}/data/{path}").status_code == 404
