"""Where inputs are seen: on the page of a dataset version its runs, on a run's what it read."""

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from registry import datasets, model_files
from runs import inputs
from runs.models import RunAsset, RunInput
from tests.factories import make_experiment, make_member, make_run, make_tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client):
    found = make_member()
    client.force_login(found.user)
    return found


@pytest.fixture
def version(member):
    return datasets.register(member.workspace, member.user, name="mnist", tree=make_tree())[0]


def reading(version, user, count=1):
    experiment = make_experiment(workspace=version.asset.workspace)
    made = [make_run(experiment=experiment, user=user) for _ in range(count)]
    for run in made:
        for name in ("train", "test"):  # one that reads it twice is one run
            RunInput.objects.create(run=run, name=name, version=version, tree=version.dataset.tree)
    return made


def page_of(client, version, **query):
    workspace = version.asset.workspace.name
    return client.get(f"/w/{workspace}/data/mnist/{version.number}/runs/", query)


def test_a_dataset_without_runs_says_so(client, version):
    assert "No run has read it yet" in page_of(client, version).content.decode()


def test_a_datasets_runs_and_the_models_that_they_made(client, version, member):
    run, other = reading(version, member.user, 2)
    model = model_files.register(
        member.workspace, member.user, name="net", tree=make_tree(model="weights")
    )
    RunAsset.objects.create(run=run, version=model, direction=RunAsset.Direction.OUT)
    text = page_of(client, version).content.decode()
    assert "2 runs" in text
    assert text.count(f"/runs/{run.run_id}/") == text.count(f"/runs/{other.run_id}/") == 1
    assert "net:1" in text


def test_many_runs_are_paged_and_cost_no_more_queries(client, version, member):
    reading(version, member.user, 3)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page_of(client, version)
    reading(version, member.user, 20)
    with CaptureQueriesContext(connection) as many:
        text = page_of(client, version).content.decode()
    assert len(many) <= len(few)
    assert (text.count('class="name"'), "Older" in text, "23 runs" in text) == (10, True, True)


def test_a_stranger_sees_nothing_of_it(client, version):
    client.force_login(make_member().user)
    assert page_of(client, version).status_code == 404


def test_a_runs_inputs_lead_to_their_datasets(version, member):
    (run,) = reading(version, member.user)
    loose = make_tree(other="x")
    RunInput.objects.create(run=run, name="loose", tree=loose, mode="download", path_on_compute="d")
    with CaptureQueriesContext(connection) as queries:
        facts = {"inputs": inputs.of(run), "workspace": member.workspace}
        text = render_to_string("runs/_inputs.html", facts)
    assert f"/w/{member.workspace.name}/data/mnist/1/" in text
    assert loose.sha256[:12] in text and "not registered" in text and "download" in text
    assert len(queries) == 1
