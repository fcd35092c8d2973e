"""Runs below a run: known by a key, shown on a tab of its page; the commit that code was of."""

from importlib import import_module

import pytest
from django.apps import apps

from runs import control, parameters
from runs.models import Run
from runs.states import State
from tests.factories import make_experiment, make_member, make_run, make_user

pytestmark = pytest.mark.django_db
fill_parents = import_module("runs.migrations.0011_fill_run_parent")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def member():
    return make_member()


@pytest.fixture
def page(client, member):
    client.force_login(member.user)
    return client


@pytest.fixture
def family(member):
    """A run with two children, one of which has a child; and one of another family."""
    experiment = make_experiment(workspace=member.workspace)
    same = {"experiment": experiment, "user": member.user, "state": State.RUNNING}
    top = make_run(name="sweep", **same)
    below = [
        make_run(name=f"fold {number}", arguments=["--fold", str(number)], parent=top, **same)
        for number in (1, 2)
    ]
    make_run(name="deeper", parent=below[0], **same)
    make_run(name="another", arguments=["--fold", "9", "--other", "1"], **same)
    for run in Run.objects.filter(experiment=experiment):
        parameters.keep(run)
    return top, below


def text_of(page, run, tab="", **headers):
    return " ".join(page.get(f"/runs/{run.run_id}/{tab}", **headers).content.decode().split())


def names_in(reply):
    return [row.run.name for row in reply.context["rows"]]


def test_the_tab_is_there_where_there_are_children_and_lists_them_alone(page, family):
    top, below = family
    head = text_of(page, top, "_status/")
    assert 'id="tab-children"' in head and 'data-count="children">2<' in head
    reply = page.get(f"/runs/{top.run_id}/children/")
    assert names_in(reply) == ["fold 2", "fold 1"]
    # Its columns are those of its own runs, not of others in the experiment.
    assert [heading.column.name for heading in reply.context["headings"]].count("fold") == 1
    assert "other" not in [heading.column.name for heading in reply.context["headings"]]
    assert f"run={below[0].run_id}" in reply.content.decode()
    alone = text_of(page, below[1], "_status/")
    assert "tab-children" not in alone


def test_it_sorts_by_a_parameter_and_by_a_fact_and_pages(page, family):
    top, _ = family
    at = f"/runs/{top.run_id}/children/"
    assert names_in(page.get(f"{at}?sort=-params.fold")) == ["fold 2", "fold 1"]
    assert names_in(page.get(f"{at}?sort=params.fold")) == ["fold 1", "fold 2"]
    assert names_in(page.get(f"{at}?sort=name")) == ["fold 1", "fold 2"]
    first = page.get(f"{at}?size=1")
    assert names_in(first) == ["fold 2"]
    assert names_in(page.get(at + first.context["links"]["next"])) == ["fold 1"]
    assert names_in(page.get(f"{at}?q=params.fold = 1")) == ["fold 1"]


def test_asked_again_it_is_the_table_alone(page, family):
    top, _ = family
    said = text_of(page, top, "children/", headers={"HX-Request": "true"})
    assert said.startswith('<section class="card"><div class="wide"')
    assert "fold 1" in said and "run-head" not in said


def test_a_child_leads_to_its_parent_and_one_without_children_says_how_they_come(page, family):
    top, below = family
    head = text_of(page, below[0])
    assert f'data-parent>Child of <a href="/runs/{top.run_id}/"><b>sweep</b>' in head
    assert "data-parent" not in text_of(page, top)
    assert "No run below this one" in text_of(page, below[1], "children/")


def test_a_stranger_sees_no_children(client, family):
    client.force_login(make_user())
    assert client.get(f"/runs/{family[0].run_id}/children/").status_code == 404


def test_a_parent_that_goes_leaves_its_children(family):
    top, below = family
    Run.objects.filter(pk=top.pk).delete()
    below[0].refresh_from_db()
    assert below[0].parent is None


def test_runs_that_were_there_before_get_their_parent_within_their_experiment(member):
    experiment = make_experiment(workspace=member.workspace)
    top = make_run(experiment=experiment, user=member.user)
    marks = {"parent_run_id": top.run_id}
    child = make_run(experiment=experiment, user=member.user, properties=marks)
    elsewhere = make_run(user=member.user, properties=marks)
    for _ in range(2):
        fill_parents.fill(apps, None)
    found = Run.objects.in_bulk([child.pk, elsewhere.pk, top.pk])
    assert found[child.pk].parent == top
    assert found[elsewhere.pk].parent is None and found[top.pk].parent is None


def test_a_run_submitted_below_another_is_its_child(member, family):
    top, _ = family
    order = {
        "experiment": top.experiment.name, "script": "train.py", "snapshot": top.snapshot.sha256,
        "properties": {"parent_run_id": top.run_id},
    }  # fmt: skip
    made = control.submit(member.user, member.workspace, order)
    assert made.parent == top and top.children.count() == 3
    other = control.submit(member.user, member.workspace, {**order, "experiment": "elsewhere"})
    assert other.parent is None


@pytest.mark.parametrize(
    ("dirty", "words"),
    [("True", "uncommitted changes"), ("False", ""), (None, "changes unknown")],
)
def test_the_commit_of_the_code_is_shown(page, member, dirty, words):
    marks = {
        "azureml.git.commit": COMMIT,
        "azureml.git.branch": "<main>",
        "azureml.git.repository_uri": "https://git.example/lab/code.git",
        "mlflow.source.git.commit": COMMIT,
        **({"azureml.git.dirty": dirty} if dirty else {}),
    }
    experiment = make_experiment(workspace=member.workspace)
    run = make_run(experiment=experiment, user=member.user, properties={**marks, "mine": "7"})
    text = text_of(page, run)
    assert f'title="{COMMIT}">0123456789</span> of <b>&lt;main&gt;</b>' in text
    assert 'href="https://git.example/lab/code.git"' in text and "<dt>mine</dt>" in text
    assert "mlflow.source" not in text and "azureml.git" not in text
    for said in ("uncommitted changes", "changes unknown"):
        assert (said in text) == (said == words)
    assert COMMIT in text_of(page, run, "code/")


def test_a_repository_that_is_no_page_is_no_link(page, member):
    marks = {"azureml.git.branch": "main", "azureml.git.repository_uri": "javascript:alert(1)"}
    experiment = make_experiment(workspace=member.workspace)
    run = make_run(experiment=experiment, user=member.user, properties=marks)
    text = text_of(page, run)
    assert "javascript:alert(1)" in text and 'href="javascript' not in text
