"""Single versions of datasets: aliases that people move, and deleting one, its cost told before."""

import pytest

from registry import datasets, removing
from registry.models import Alias, DatasetVersion
from runs.models import RunInput
from studio.models import Role
from tests.factories import make_blob, make_experiment, make_member, make_run


@pytest.fixture
def lab(api):
    return api()


def at(lab, rest=""):
    return f"workspaces/{lab.workspace.name}/datasets{rest}"


def add(lab, name="digits", **files):
    pairs = [[path, make_blob(text.encode()).sha256] for path, text in files.items()]
    body = {"name": name, "files": pairs, "create_new_version": True}
    reply = lab.post(at(lab), body)
    assert reply.status_code == 201, reply.content
    return datasets.get(lab.workspace, name, reply.json()["version"])


def put(lab, alias, number, name="digits"):
    where = f"/api/v1/{at(lab, f'/{name}/aliases/{alias}')}"
    return lab.client.put(where, {"version": number}, format="json")


def used(version, **words):
    run = make_run(experiment=make_experiment(workspace=version.asset.workspace))
    words = {"run": run, "name": "data", "version": version, "tree": version.dataset.tree, **words}
    RunInput.objects.create(**words)
    return run


def test_an_alias_stands_for_one_version_wherever_a_number_may(lab):
    add(lab, a="one"), add(lab, a="two")
    assert put(lab, "golden", 1).json()["aliases"] == ["golden"]
    assert lab.get(at(lab, "/digits"), version="golden").json()["version"] == 1
    assert lab.get(at(lab, "/digits/golden")).json()["id"] == "digits:1"
    reply = lab.get(at(lab, "/digits/golden/files/a"))
    assert b"".join(reply.streaming_content) == b"one"
    assert put(lab, "golden", 2).json()["version"] == 2
    assert datasets.resolve(lab.workspace, {"dataset": "digits:golden"})[0].number == 2
    items = lab.get(at(lab, "/digits/versions")).json()["items"]
    assert [(item["version"], item["aliases"]) for item in items] == [(2, ["golden"]), (1, [])]
    assert lab.delete(at(lab, "/digits/aliases/golden")).status_code == 204
    assert lab.get(at(lab, "/digits/golden")).status_code == 404


@pytest.mark.parametrize("name", ["latest", "2", "versions", "aliases", "a b"])
def test_a_name_with_another_meaning_is_no_alias(lab, name):
    add(lab, a="one")
    assert put(lab, name, 1).status_code == 400
    assert not Alias.objects.exists()


def test_an_alias_of_a_dataset_is_none_of_a_model_of_that_name(lab):
    add(lab, a="one")
    put(lab, "golden", 1)
    where = f"workspaces/{lab.workspace.name}/models/digits/aliases/golden"
    assert lab.delete(where).status_code == 404
    assert Alias.objects.count() == 1


def test_one_version_goes_with_its_own_files_and_its_number_stays_taken(lab):
    add(lab, a="shared"), add(lab, a="shared", b="alone!"), add(lab, a="shared", c="new")
    put(lab, "golden", 2)
    gone = lab.delete(at(lab, "/digits/golden"))
    assert gone.json() == {"deleted": ["digits:2"], "freed_files": 1, "freed_bytes": 6}
    reply = lab.get(at(lab, "/digits"), version=2)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
    assert "was deleted; the newest is 3" in reply.json()["error"]["message"]
    assert lab.get(at(lab, "/digits")).json()["versions"] == [3, 1]
    assert not Alias.objects.exists()
    assert lab.delete(at(lab, "/digits/3")).status_code == 200
    assert lab.get(at(lab, "/digits")).json()["version"] == 1
    assert add(lab, d="later").number == 4


def test_a_dataset_without_a_version_leaves_the_lists_and_counts_on(lab):
    add(lab, a="one")
    assert lab.delete(at(lab, "/digits/1")).status_code == 200
    assert lab.get(at(lab)).json()["items"] == []
    assert lab.delete(at(lab, "/digits/1")).status_code == 404
    again = lab.post(at(lab), {"name": "digits", "files": [["a", make_blob(b"two").sha256]]})
    assert (again.status_code, again.json()["version"]) == (201, 2)


def test_a_version_that_a_run_reads_stays_and_the_others_go(lab):
    first, second = add(lab, a="one"), add(lab, a="two")
    run = used(first)
    refused = lab.delete(at(lab, "/digits/1"))
    assert (refused.status_code, refused.json()["error"]["used_by"]) == (409, [str(run)])
    assert run.run_id in refused.json()["error"]["message"]
    assert lab.get(at(lab, "/digits/1")).status_code == 200
    assert lab.delete(at(lab, "/digits/2")).status_code == 200
    assert DatasetVersion.objects.get().version == first
    assert second.asset == first.asset


def test_who_uses_a_version_is_told_in_few_queries(lab, django_assert_max_num_queries):
    version = add(lab, a="one")
    runs = [used(version) for _ in range(7)]
    with django_assert_max_num_queries(12):
        needed = removing.users(version)
    assert needed.count == 7 and set(needed.names) == {str(run) for run in runs}
    assert needed.words.endswith("and 2 more")


def test_a_reader_changes_nothing(lab, api):
    add(lab, a="one")
    member = make_member(workspace=lab.workspace, role=Role.READER)
    reader = api(member.user, lab.workspace)
    assert put(reader, "golden", 1).status_code == 403
    assert reader.delete(at(lab, "/digits/1")).status_code == 403
    assert reader.get(at(lab, "/digits/1")).status_code == 200
    assert api().get(at(lab, "/digits/1")).status_code == 404


def page(as_user, lab, rest, **headers):
    reply = as_user(lab.user).get(f"/w/{lab.workspace.name}/data/digits/{rest}", headers=headers)
    return reply.status_code, reply.content.decode()


def test_the_question_before_says_what_goes_or_who_needs_it(lab, as_user):
    first, _ = add(lab, a="one"), add(lab, a="two!")
    run = used(first)
    _, text = page(as_user, lab, "_freed/?version=1")
    assert run.run_id in text and "cannot be deleted" in text
    _, text = page(as_user, lab, "_freed/?version=2")
    assert "never given again" in text and "4 B" in text
    _, text = page(as_user, lab, "_freed/")
    assert run.run_id in text and "archive the dataset instead" in text


def test_pages_know_aliases_and_leave_out_what_was_deleted(lab, as_user):
    add(lab, a="one"), add(lab, a="two"), add(lab, a="three")
    put(lab, "golden", 1)
    status, text = page(as_user, lab, "golden/")
    assert status == 200 and '<h1 title="digits:1">' in text and "newest is 3" in text
    lab.delete(at(lab, "/digits/3"))
    _, text = page(as_user, lab, "")
    assert "digits:3" not in text and "digits:2" in text and "golden" in text
    assert page(as_user, lab, "3/")[0] == 404
    _, part = page(as_user, lab, "1/?part=about", **{"HX-Request": "true"})
    assert part.startswith("<header>") and 'data-removes-alias="golden"' in part
