"""Views of a table, kept under a name for everybody in the workspace."""

import pytest

from runs.models import SavedView
from runs.tables import saved
from tests.factories import make_experiment


@pytest.fixture
def views(caller):
    make_experiment(workspace=caller.workspace, name="digits")
    return f"{caller.home}/experiments/digits/views"


def test_a_view_is_kept_changed_and_deleted(caller, reader, views):
    query = "?q=metrics.loss+%3C+0.3&sort=-metrics.loss&cursor=abc&view=3&runs=a&runs=b"
    made = caller.post(views, {"name": " best ", "query": query})
    assert made.status_code == 201, made.content
    assert made.json()["name"] == "best"
    assert made.json()["query"] == "q=metrics.loss+%3C+0.3&sort=-metrics.loss&runs=a&runs=b"
    assert made.json()["created_by"] == "ann"
    one = f"{views}/{made.json()['id']}"
    assert reader.get(one).json() == made.json()
    changed = caller.client.patch(one, {"name": "better"}, format="json")
    assert (changed.status_code, changed.json()["name"]) == (200, "better")
    assert changed.json()["query"] == made.json()["query"]
    assert [view["name"] for view in reader.get(views).json()["items"]] == ["better"]
    assert caller.client.delete(one).status_code == 204
    assert caller.get(one).status_code == 404


def test_a_name_is_there_once(caller, views):
    first = caller.post(views, {"name": "best"}).json()
    assert caller.post(views, {"name": "best"}).status_code == 409
    second = caller.post(views, {"name": "other"}).json()
    one = f"{views}/{second['id']}"
    assert caller.client.patch(one, {"name": "best"}, format="json").status_code == 409
    same = caller.client.patch(f"{views}/{first['id']}", {"name": "best"}, format="json")
    assert same.status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"name": ""}, {"name": "  "}, {"name": "x" * 101}, {"name": "a\0"}, {"name": ["a"]},
        {"name": "a", "query": "q=" + "x" * 4000}, {"name": "a", "query": "q=%28fox"},
        {"name": "a", "query": "\ud800"}, {"name": "\ud800"}, {"name": "a", "query": 5.5},
    ],
    ids=lambda sent: str(sent).encode("ascii", "replace").decode()[:30],
)  # fmt: skip
def test_what_is_no_view_is_refused(caller, views, sent):
    reply = caller.post(views, sent)
    assert reply.status_code == 400, reply.content
    assert not SavedView.objects.exists()


def test_an_experiment_has_a_limited_number_of_views(caller, views, monkeypatch):
    monkeypatch.setattr(saved, "MOST_VIEWS", 2)
    codes = [caller.post(views, {"name": name}).status_code for name in "abc"]
    assert codes == [201, 201, 400]


def test_readers_look_and_strangers_do_not(caller, reader, stranger, views):
    one = f"{views}/{caller.post(views, {'name': 'best'}).json()['id']}"
    assert reader.post(views, {"name": "mine"}).status_code == 403
    assert reader.client.patch(one, {"name": "mine"}, format="json").status_code == 403
    assert reader.client.delete(one).status_code == 403
    for reply in (
        stranger.get(views), stranger.get(one), stranger.post(views, {"name": "mine"}),
        stranger.client.patch(one, {"name": "x"}, format="json"), stranger.client.delete(one),
    ):  # fmt: skip
        assert reply.status_code == 404
    assert SavedView.objects.get().name == "best"


def test_a_view_of_another_experiment_is_not_found(caller, views):
    other = make_experiment(workspace=caller.workspace, name="other")
    key = caller.post(views, {"name": "best"}).json()["id"]
    for odd in (key, "0", "x", "9" * 30, "٣", "-1"):
        assert caller.get(f"{caller.home}/experiments/{other.name}/views/{odd}").status_code == 404
