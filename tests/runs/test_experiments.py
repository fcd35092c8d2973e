"""Experiments are described, tagged and archived; a new run brings an archived one back."""

import pytest

from runs.models import Experiment
from runs.states import State
from studio.models import Role
from tests.factories import make_experiment, make_member, make_run, make_workspace
from tests.fixtures.requests import Api
from tests.runs.conftest import client_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(api):
    return api()


def place(lab):
    return f"workspaces/{lab.workspace.name}/"


def path(lab, name="digits"):
    return f"{place(lab)}experiments/{name}"


def names(lab, **query):
    reply = lab.get(f"{place(lab)}experiments", **query)
    assert reply.status_code == 200, reply.content
    return [item["name"] for item in reply.json()["items"]]


@pytest.fixture
def digits(lab):
    return make_experiment(workspace=lab.workspace, name="digits")


def test_what_is_written_on_one_is_merged_and_told(lab, digits):
    lab.patch(path(lab), {"description": "hand-written", "tags": {"team": "vision", "n": 1}})
    said = lab.patch(path(lab), {"tags": {"draft": "", "n": None, "never": None}}).json()
    assert said == lab.get(path(lab)).json()
    assert said["description"] == "hand-written" and not said["archived"]
    assert said["tags"] == {"team": "vision", "draft": ""}
    assert said["run_count"] == 0 and said["name"] == "digits"


@pytest.mark.parametrize(
    "wrong",
    [
        {"tags": {"a": ["b"]}}, {"tags": "a"}, {"tags": {"": "b"}}, {"tags": {"a\0": "b"}},
        {"description": "x" * 10_001}, {"archived": "perhaps"}, {"name": "other"},
        {"tags": {f"t{n}": "" for n in range(101)}},
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_and_changes_nothing(lab, digits, wrong):
    assert lab.patch(path(lab), {**wrong}).status_code == 400
    digits.refresh_from_db()
    assert (digits.tags, digits.description, digits.archived_at) == ({}, "", None)


def test_the_list_is_of_those_in_use_unless_others_are_asked_for(lab, digits):
    make_experiment(workspace=lab.workspace, name="mnist")
    first = lab.patch(path(lab), {"archived": True})
    assert first.json()["archived"]
    at = Experiment.objects.get(pk=digits.pk).archived_at
    lab.patch(path(lab), {"archived": True})
    assert Experiment.objects.get(pk=digits.pk).archived_at == at  # since then, not since now
    assert names(lab) == ["mnist"]
    assert names(lab, archived="1") == ["digits"]
    assert names(lab, archived="all") == ["mnist", "digits"]
    assert names(lab, archived="all", name="digits") == ["digits"]
    assert names(lab, name="digits") == []
    assert lab.get(f"{place(lab)}experiments", archived="yes").status_code == 400
    lab.patch(path(lab), {"archived": False})
    assert names(lab) == ["mnist", "digits"]


def test_they_are_found_by_tags_of_any_kind(lab):
    for name, tags in {
        "a": {"team": "vision", "2024": "x"}, "b": {"team": "speech"}, "c": {"o'k é": "é=1"},
    }.items():  # fmt: skip
        make_experiment(workspace=lab.workspace, name=name)
        lab.patch(path(lab, name), {"tags": tags})
    assert names(lab, tag="team") == ["b", "a"]
    assert names(lab, tag="team=vision") == names(lab, tag="2024") == ["a"]
    assert names(lab, tag=["team", "2024=x"]) == ["a"]
    assert names(lab, tag="o'k é=é=1") == ["c"]
    assert names(lab, tag="team=") == names(lab, tag="vision") == []
    assert lab.get(f"{place(lab)}experiments", tag=["t"] * 11).status_code == 400
    assert lab.get(f"{place(lab)}experiments", tag="a\0").status_code == 400


def test_an_archived_one_stays_readable_and_a_new_run_brings_it_back(lab, digits):
    run = make_run(experiment=digits, user=lab.user, state=State.COMPLETED)
    lab.patch(path(lab), {"archived": True})
    assert lab.get(path(lab)).json()["archived"]
    assert lab.get(f"runs/{run.run_id}").status_code == 200
    assert lab.get(f"{path(lab)}/table").json()["count"] == 1
    # Getting it by its name is no new run.
    assert lab.post(f"{place(lab)}experiments", {"name": "digits"}).json()["archived"]
    begun = lab.post(f"{place(lab)}runs/interactive", {"experiment": "digits"}).json()
    assert not lab.get(path(lab)).json()["archived"]
    # What belongs to a run it has is no reason to bring it back.
    lab.patch(path(lab), {"archived": True})
    below = lab.post(f"runs/{begun['run_id']}/children", {"items": [{}]})
    assert below.status_code == 201 and lab.get(path(lab)).json()["archived"]


def test_a_submitted_run_brings_it_back(caller):
    home = f"{caller.home}/experiments/exp"
    caller.submit()
    archived = caller.client.patch(home, {"archived": True}, format="json").json()
    assert archived["archived"] and archived["run_count"] == 1
    assert caller.submit().status_code == 201
    assert not caller.get(home).json()["archived"]


def test_readers_read_and_strangers_see_nothing(api, lab, digits):
    reader = api(make_member(workspace=lab.workspace, role=Role.READER).user, lab.workspace)
    assert reader.get(path(lab)).status_code == 200
    for words in ({"archived": True}, {"tags": {"a": "b"}}, {"description": "x"}):
        assert reader.patch(path(lab), words).status_code == 403
        assert api().patch(path(lab), words).status_code == 404
    assert api().get(path(lab)).status_code == 404
    digits.refresh_from_db()
    assert (digits.tags, digits.archived_at) == ({}, None)


def test_a_token_reaches_no_other_workspace(api, lab):
    other = make_workspace(name="other-lab")
    make_member(user=lab.user, workspace=other)
    make_experiment(workspace=other, name="digits")
    assert lab.get("workspaces/other-lab/experiments/digits").status_code == 404
    assert lab.patch("workspaces/other-lab/experiments/digits", {"tags": {}}).status_code == 404


def test_a_runs_own_token_reads_its_experiment_and_changes_none(lab, digits):
    make_experiment(workspace=lab.workspace, name="other")
    begun = lab.post(f"{place(lab)}runs/interactive", {"experiment": "digits"}).json()
    own = Api(client_with(begun["token"]), lab.user, lab.workspace)
    assert own.get(path(lab)).json()["name"] == "digits"
    assert own.get(path(lab, "other")).status_code == 403
    assert own.patch(path(lab), {"tags": {"a": "b"}}).status_code == 403
    assert own.delete(path(lab)).status_code == 403
    assert own.get(f"{place(lab)}experiments").status_code == 403
