"""Datasets: names, numbers, files; what is the same is one version, and what runs read stays."""

import pytest

from registry import datasets
from registry.models import Version
from runs.models import RunInput
from studio import tokens
from studio.errors import NotFound
from studio.files import trees
from studio.models import Role, TokenKind
from tests.factories import make_blob, make_experiment, make_member, make_run, make_tree
from tests.runs.conftest import client_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(api):
    """Calls below a workspace of one's own."""
    return Caller(api())


class Caller:
    def __init__(self, api):
        self.api, self.root = api, f"workspaces/{api.workspace.name}"

    def get(self, path, /, **query):
        return self.api.get(f"{self.root}/{path}", **query)

    def post(self, path, words=None):
        return self.api.post(f"{self.root}/{path}", words)

    def patch(self, path, words):
        return self.api.patch(f"{self.root}/{path}", words)

    def delete(self, path):
        return self.api.delete(f"{self.root}/{path}")

    def add(self, name, *, create_new_version=False, files=None, **words):
        files = files or {"a.txt": "one", "b/c.txt": "two"}
        pairs = [[path, make_blob(text.encode()).sha256] for path, text in files.items()]
        body = {"name": name, "files": pairs, "create_new_version": create_new_version, **words}
        return self.post("datasets", body)


def test_registered_files_come_back_by_name_number_and_path(caller):
    made = caller.add("digits", description="d", tags={"a": 1}, source=["upload"])
    assert made.status_code == 201, made.json()
    said = made.json()
    assert (said["name"], said["version"], said["id"]) == ("digits", 1, "digits:1")
    assert (said["file_count"], said["size_bytes"], said["form"]) == (2, 6, "file")
    assert (said["description"], said["tags"], said["source"]) == ("d", {"a": "1"}, ["upload"])
    assert said["versions"] == [1]
    assert caller.get("datasets/digits").json() == said
    assert caller.get("datasets").json()["items"][0]["id"] == "digits:1"
    files = caller.get("datasets/digits/1/files").json()
    assert [[path, size] for path, size, _ in files["items"]] == [["a.txt", 3], ["b/c.txt", 3]]
    one = caller.get("datasets/digits/1/files/b/c.txt")
    assert b"".join(one.streaming_content) == b"two"
    part = caller.api.client.get(
        f"/api/v1/{caller.root}/datasets/digits/1/files/b/c.txt", headers={"Range": "bytes=1-"}
    )
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"wo")
    assert caller.get("datasets/digits/1/zip")["Content-Type"] == "application/zip"
    assert caller.get("datasets/digits/1/files/nothing").status_code == 404
    assert caller.get("datasets/digits", version=7).status_code == 404


def test_a_name_that_is_taken_needs_create_new_version(caller):
    caller.add("digits")
    again = caller.add("digits", files={"a.txt": "other"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert again.json()["error"]["message"] == (
        'There is already a dataset registered under name "digits". Specify'
        " `create_new_version=True` to register the dataset as a new version."
    )
    newer = caller.add("digits", files={"a.txt": "other"}, create_new_version=True)
    assert (newer.status_code, newer.json()["version"]) == (201, 2)


def test_the_same_content_is_the_same_version(caller):
    first = caller.add("digits").json()
    caller.add("digits", files={"x": "y"}, create_new_version=True)
    again = caller.add("digits", create_new_version=True, description="later")
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert again.json()["description"] == first["description"]
    # Read another way it is another one.
    reading = {"format": "delimited"}
    table = caller.add("digits", create_new_version=True, form="tabular", reading=reading)
    assert (table.status_code, table.json()["version"]) == (201, 3)


@pytest.mark.parametrize("name", ["new", "a b", "", "-x", "a/b", "x" * 256])
def test_a_name_that_cannot_be_is_refused(caller, name):
    refused = caller.add(name)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_input")
    assert not Version.objects.exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ({"files": []}, 400, "at least one file"),
        ({"files": [["a", "f" * 64]]}, 409, "not sent yet"),
        ({"files": [["../a", "f" * 64]]}, 400, "cannot be kept"),
        ({"files": [["a"]]}, 400, "pairs"),
        ({"tree": "f" * 64}, 404, "no tree"),
        ({"fetch": 99}, 404, "no fetch"),
        ({}, 400, "exactly one way"),
        ({"tree": "a", "fetch": 1}, 400, "exactly one way"),
    ],
)
def test_what_cannot_be_registered_says_why(caller, words, status, said):
    reply = caller.post("datasets", {"name": "digits", **words})
    assert reply.status_code == status, reply.json()
    assert said in reply.json()["error"]["message"]
    assert not Version.objects.exists()


def test_words_change_and_archived_names_are_free_again(caller):
    caller.add("digits", tags={"a": "1"})
    changed = caller.patch("datasets/digits", {"description": "new", "tags": {"a": None, "b": 2}})
    assert (changed.json()["description"], changed.json()["tags"]) == ("new", {"b": "2"})
    assert caller.patch("datasets/digits", {"form": "tabular"}).status_code == 400
    assert caller.delete("datasets/digits").status_code == 204
    assert caller.get("datasets").json()["items"] == []
    assert [one["name"] for one in caller.get("datasets", archived=1).json()["items"]] == ["digits"]
    assert caller.get("datasets/digits").json()["archived"] is True
    assert caller.patch("datasets/digits", {"archived": False}).json()["archived"] is False
    caller.delete("datasets/digits")
    assert caller.add("digits", files={"z": "z"}).json()["version"] == 2


def test_what_a_run_reads_is_not_deleted_and_the_run_is_named(caller):
    caller.add("digits")
    caller.add("free")
    version = datasets.get(caller.api.workspace, "digits")
    run = make_run(experiment=make_experiment(workspace=caller.api.workspace))
    RunInput.objects.create(run=run, name="data", version=version, tree=version.dataset.tree)
    refused = caller.delete("datasets/digits?forever=1")
    assert refused.status_code == 409
    assert run.run_id in refused.json()["error"]["message"]
    assert caller.get("datasets/digits").status_code == 200
    assert caller.delete("datasets/free?forever=1").status_code == 204
    assert caller.get("datasets/free").status_code == 404


def test_a_run_may_archive_a_dataset_but_not_delete_it(caller):
    caller.add("digits")
    place = caller.api.workspace
    user = make_member(workspace=place).user
    _, secret = tokens.issue(user, place, name="run", kind=TokenKind.RUN, subject="a_1_2")
    client = client_with(secret)
    address = f"/api/v1/workspaces/{place.name}/datasets/digits"
    assert client.delete(f"{address}?forever=1").status_code == 403
    assert client.delete(address).status_code == 204
    assert caller.get("datasets/digits").json()["archived"] is True


def test_files_are_paged_below_a_prefix(caller):
    files = {f"{folder}/{n:03d}": "x" for folder in ("a", "ab", "B") for n in range(30)}
    caller.add("many", files=files)
    seen, cursor = [], None
    while True:
        query = {"prefix": "a/", "count": 7} | ({"cursor": cursor} if cursor else {})
        page = caller.get("datasets/many/1/files", **query).json()
        seen += [path for path, _, _ in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == sorted(path for path in files if path.startswith("a/"))
    assert caller.get("datasets/many/1/files", cursor="%%%").status_code == 400
    assert caller.get("datasets/many/1/files", count="x").status_code == 400
    assert len(caller.get("datasets/many/1/files", prefix="A").json()["items"]) == 0


def test_a_list_costs_the_same_whatever_is_in_it(caller, django_assert_max_num_queries):
    for number in range(12):
        caller.add(f"digits{number}", files={"a": str(number)})
    with django_assert_max_num_queries(8):
        assert len(caller.get("datasets").json()["items"]) == 12


def test_versions_are_listed_and_named_latest(caller):
    for text in ("1", "2", "3"):
        caller.add("digits", files={"a": text}, create_new_version=True)
    versions = caller.get("datasets/digits/versions").json()["items"]
    assert [one["version"] for one in versions] == [3, 2, 1]
    assert caller.get("datasets/digits", version="latest").json()["version"] == 3
    assert caller.get("datasets/digits/2/files").status_code == 200


def test_a_dataset_is_found_by_name_by_version_and_by_tree(caller):
    caller.add("digits", files={"a": "1"})
    caller.add("digits", files={"a": "2"}, create_new_version=True)
    place = caller.api.workspace
    assert datasets.resolve(place, {"dataset": "digits"})[0].number == 2
    version, tree = datasets.resolve(place, {"dataset": "digits:1"})
    assert (version.number, trees.listing(tree)[0][0]) == (1, "a")
    assert datasets.resolve(place, {"tree": tree.sha256}) == (None, tree)
    with pytest.raises(NotFound):
        datasets.resolve(place, {"dataset": "digits:9"})
    assert datasets.tree_files(tree)[0][2] == 1


def test_trees_without_a_name(caller):
    tree = make_tree()
    files = [[path, sha256] for path, sha256, _ in trees.listing(tree)]
    made = caller.post("trees", {"files": files}).json()
    assert made == {"tree": tree.sha256, "file_count": 1, "size_bytes": tree.size_bytes}
    assert caller.get(f"trees/{tree.sha256}/files").json()["items"][0][0] == "train.py"
    assert caller.post("trees", {"files": []}).status_code == 400


def test_strangers_see_nothing_and_readers_change_nothing(caller, api):
    caller.add("digits")
    stranger = api()
    assert stranger.get(f"{caller.root}/datasets/digits").status_code == 404
    member = make_member(workspace=caller.api.workspace, role=Role.READER)
    reader = Caller(api(member.user, caller.api.workspace))
    assert reader.get("datasets/digits").status_code == 200
    assert reader.add("more").status_code == 403
    assert reader.delete("datasets/digits").status_code == 403
    assert reader.patch("datasets/digits", {"description": "x"}).status_code == 403
