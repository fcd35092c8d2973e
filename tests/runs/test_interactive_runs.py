"""Runs that are on no cluster: they log by their own token, have children, and end when told."""

import hashlib

import pytest

from runs.models import Run
from runs.states import State
from studio.models import Role
from tests.factories import make_member, make_run
from tests.fixtures.requests import Api
from tests.runs.conftest import client_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(api):
    return api()


def place(lab):
    return f"workspaces/{lab.workspace.name}/"


def start(lab, **wanted):
    reply = lab.post(place(lab) + "runs/interactive", {"experiment": "notes", **wanted})
    assert reply.status_code == 201, reply.content
    return reply.json()


def by_run(lab, run):
    """Return a caller with a run's own token."""
    return Api(client_with(run["token"]), lab.user, lab.workspace)


def points(name, *values):
    steps = list(range(len(values)))
    return {
        "name": name, "kind": "float", "form": "scalar",
        "steps": steps, "times": [1e9] * len(steps), "values": list(values),
    }  # fmt: skip


def test_it_runs_at_once_takes_points_and_files_and_completes(lab, workers):
    run = start(lab, name="try", tags={"a": "b"})
    assert (run["state"], run["cluster"], run["interactive"]) == ("Running", "own computer", True)
    own = by_run(lab, run)
    batch = {"writer": "w", "sequence": 1, "series": [points("loss", 0.5, 0.25)]}
    assert own.post("driver/metrics", batch).status_code == 200
    sha256 = hashlib.sha256(b"hello").hexdigest()
    own.put(f"driver/blobs/{sha256}", b"hello")
    own.post("driver/files", {"files": [["outputs/a.txt", sha256]]})
    ended = lab.post(f"runs/{run['run_id']}/end", {}).json()
    assert (ended["state"], ended["reason"]) == ("Completed", "succeeded")
    workers.join("runs")
    assert Run.objects.get(run_id=run["run_id"]).cleaned_at is not None
    listed = lab.get(f"runs/{run['run_id']}/metrics").json()["series"]
    assert [(one["name"], one["count"], one["last"]) for one in listed] == [("loss", 2, 0.25)]
    # Its token is good for nothing any more, and a second end changes nothing.
    assert own.post("driver/metrics", {**batch, "sequence": 2}).status_code == 401
    again = lab.post(f"runs/{run['run_id']}/end", {"error": {"message": "no"}})
    assert again.json()["state"] == "Completed"


def test_it_fails_with_the_words_that_were_given(lab, workers):
    run = start(lab)
    said = {"error": {"type": "UserError", "message": "diverged"}}
    failed = lab.post(f"runs/{run['run_id']}/end", said).json()
    assert (failed["state"], failed["error"]["message"]) == ("Failed", "diverged")


def test_a_cancel_ends_it(lab, workers):
    run = start(lab)
    lab.post(f"runs/{run['run_id']}/cancel")
    workers.join("runs")
    assert Run.objects.get(run_id=run["run_id"]).state == State.CANCELED


def test_a_run_of_a_cluster_is_not_ended_so(lab):
    home = make_run(user=lab.user).experiment
    home.workspace = lab.workspace
    home.save()
    run = make_run(experiment=home, user=lab.user, state=State.RUNNING)
    reply = lab.post(f"runs/{run.run_id}/end", {})
    assert reply.status_code == 409 and "cancel it" in reply.json()["error"]["message"]


def test_children_are_found_by_their_parent_and_log_by_tokens_of_their_own(lab):
    parent = start(lab)
    path = f"runs/{parent['run_id']}/children"
    # The script itself makes them, by its run's token.
    order = {"items": [{"tags": {"fold": str(n)}} for n in range(3)]}
    made = by_run(lab, parent).post(path, order).json()["items"]
    assert [one["tags"]["fold"] for one in made] == ["0", "1", "2"]
    assert len({one["token"] for one in made}) == 3
    found = lab.get(path).json()["items"]
    assert {one["run_id"] for one in found} == {one["run_id"] for one in made}
    mark = parent["run_id"]
    assert found[0]["properties"] == {"parent_run_id": mark, "root_run_id": mark}
    listed = lab.get(place(lab) + "runs?experiment=notes&children=0").json()["items"]
    assert [one["run_id"] for one in listed] == [parent["run_id"]]
    # A child's token does not reach its parent.
    child = made[0]["run_id"]
    assert by_run(lab, made[0]).post(path, {"items": [{}]}).status_code == 403
    # The other way round it does, also below its child; but not to a run beside it.
    [below] = by_run(lab, made[0]).post(f"runs/{child}/children", {"items": [{}]}).json()["items"]
    root = by_run(lab, parent)
    assert root.get(f"runs/{below['run_id']}").json()["state"] == "Running"
    assert root.post(f"runs/{child}/end").json()["state"] == "Completed"
    assert root.get(f"runs/{start(lab)['run_id']}").status_code == 403


def test_children_are_of_who_begins_them(lab, api):
    """Their tokens speak for that person: never for the one whose run it is."""
    parent = start(lab)
    other = api(make_member(workspace=lab.workspace, role=Role.CONTRIBUTOR).user, lab.workspace)
    [child] = below(other, parent, {}).json()["items"]
    assert Run.objects.get(run_id=child["run_id"]).created_by == other.user


@pytest.mark.parametrize(
    ("query", "names"),
    [("tag=kind%3Dgood", ["one"]), ("tag=kind", ["two", "one"]), ("property=p%3D1", ["two"]),
     ("tag=kind%3Dgood&property=p", []), ("state=Running", ["three", "two", "one"]),
     ("state=Failed", []), ("tag=5%3Dx", ["three"]), ("tag=5", ["three"])],
)  # fmt: skip
def test_a_list_is_narrowed_by_tags_properties_and_state(lab, query, names):
    start(lab, name="one", tags={"kind": "good"})
    start(lab, name="two", tags={"kind": "bad"}, properties={"p": "1"})
    start(lab, name="three", tags={"5": "x"})
    found = lab.get(place(lab) + "runs?" + query).json()["items"]
    assert [one["name"] for one in found] == names


@pytest.mark.parametrize("query", ["tag=", "tag=%3Dx", "state=Gone", "&".join(["tag=a"] * 11)])
def test_what_cannot_be_looked_for_is_refused(lab, query):
    assert lab.get(place(lab) + "runs?" + query).status_code == 400


@pytest.mark.parametrize(
    "order", [{"experiment": "no spaces"}, {"experiment": "x", "snapshot": "0" * 64},
              {"experiment": "x", "tags": {"a": ["list"]}}, {}],
)  # fmt: skip
def test_an_order_that_cannot_be_read_makes_nothing(lab, order):
    assert lab.post(place(lab) + "runs/interactive", order).status_code in (400, 404)
    assert not Run.objects.exists()


def test_a_reader_and_a_stranger_start_none(lab, api):
    reader = make_member(workspace=lab.workspace, role=Role.READER)
    order, where = {"experiment": "x"}, place(lab) + "runs/interactive"
    assert api(reader.user, lab.workspace).post(where, order).status_code == 403
    assert api().post(where, order).status_code == 404


def test_its_page_opens_and_names_no_cluster(lab, as_user):
    run = start(lab, script="notebook.ipynb")
    page = as_user(lab.user).get(f"/runs/{run['run_id']}/", follow=True)
    text = page.content.decode()
    assert page.status_code == 200 and "own computer" in text
    assert not [
        one for one in ("(deleted)", "Docker image", "Run again", "Node size") if one in text
    ]


def test_properties_are_added_and_do_not_change(lab):
    run = start(lab, properties={"data": "v1"})
    address = f"runs/{run['run_id']}"
    more = {"data": "v1", "code": "abc", "description": "first words"}
    assert lab.patch(address, {"properties": more}).json()["properties"] == more
    refused = lab.patch(address, {"properties": {"new": "1", "data": "v2"}})
    assert refused.status_code == 409
    assert 'the property data = "v1" already' in refused.json()["error"]["message"]
    assert lab.get(address).json()["properties"] == more
    changed = lab.patch(address, {"properties": {"description": "better words"}})
    assert changed.json()["properties"]["description"] == "better words"


def test_tags_are_taken_away_by_their_names(lab):
    run = start(lab, tags={"a": "1", "b": "2"})
    changed = lab.patch(f"runs/{run['run_id']}", {"remove_tags": ["a", "gone"], "tags": {"c": "3"}})
    assert changed.json()["tags"] == {"b": "2", "c": "3"}
    assert lab.get(place(lab) + "runs?tag=a").json()["items"] == []
    wrong = lab.patch(f"runs/{run['run_id']}", {"remove_tags": "a"})
    assert wrong.status_code == 400


def below(lab, run, *items):
    return lab.post(f"runs/{run['run_id']}/children", {"items": list(items)})


def test_a_child_has_the_id_that_was_chosen_for_it(lab):
    run = start(lab)
    [child] = below(lab, run, {"run_id": "fold_1-a"}).json()["items"]
    assert (child["run_id"], child["name"]) == ("fold_1-a", "run_fold_1-a")
    assert lab.get("runs/fold_1-a").json()["properties"]["parent_run_id"] == run["run_id"]
    own = by_run(lab, child)
    batch = {"writer": "w", "sequence": 1, "series": [points("acc", 0.5)]}
    assert own.post("driver/metrics", batch).status_code == 200
    [long] = below(lab, run, {"run_id": "x" * 255}).json()["items"]
    assert len(long["name"]) == 100 and lab.get(f"runs/{'x' * 255}").status_code == 200


@pytest.mark.parametrize("wanted", ["-a", "a b", "a/b", "..", "é", "a.b", "x" * 256])
def test_an_id_that_breaks_the_rule_begins_nothing(lab, wanted):
    run = start(lab)
    assert below(lab, run, {}, {"run_id": wanted}).status_code == 400
    assert Run.objects.count() == 1


def test_an_id_that_is_taken_is_said(api, lab):
    other = start(api())
    run = start(lab)
    for items in ([{"run_id": other["run_id"]}], [{"run_id": "twice"}, {"run_id": "twice"}]):
        refused = below(lab, run, *items)
        assert refused.status_code == 409
        assert "choose another" in refused.json()["error"]["message"]
    assert Run.objects.count() == 2
