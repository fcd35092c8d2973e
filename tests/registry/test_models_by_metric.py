"""The list of models by a metric of the runs that made them: chosen, sorted, in the address."""

import html
import re

import pytest

from registry import model_files
from runs.models import MetricSeries, RunAsset
from tests.factories import make_experiment, make_member, make_run, make_tree


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def show(member, as_user):
    client = as_user(member.user)

    def get(path, status=200, **headers):
        reply = client.get(f"/w/{member.workspace.name}/{path}", headers=headers)
        assert reply.status_code == status, reply.content[:2000]
        return reply.content.decode()

    return get


def model(member, name, **values):
    """A model that a run made which has logged these last values."""
    run = make_run(experiment=make_experiment(workspace=member.workspace, name=f"of-{name}"))
    for metric, value in values.items():
        MetricSeries.objects.create(
            run=run, name=metric, count=1, last=str(value), last_value=float(value)
        )
    version = model_files.register(
        member.workspace, member.user, name=name, tree=make_tree(a=name),
        properties={"run_id": run.run_id},
    )  # fmt: skip
    RunAsset.objects.create(run=run, version=version, direction=RunAsset.Direction.OUT)
    return version


def rows(text):
    found = re.findall(
        r'class="name"[^>]*>([^<]*)</a>.*?<td class="n metric">([^<]*)</td>', text, re.S
    )
    return [(name, html.unescape(value)) for name, value in found]


def test_models_are_sorted_by_the_metric_that_was_chosen(member, show):
    model(member, "good", accuracy=0.9, loss=0.2)
    model(member, "better", accuracy=0.95, loss=0.1)
    model(member, "other", f1=0.5)
    text = show("models-by-metric/?metric=accuracy")
    assert rows(text) == [("better", "0.95"), ("good", "0.9"), ("other", "–")]
    text = show("models-by-metric/?metric=accuracy&sort=up")
    assert rows(text) == [("good", "0.9"), ("better", "0.95"), ("other", "–")]
    assert rows(show("models-by-metric/?metric=loss&sort=up&q=o"))[0] == ("good", "0.2")
    assert 'name="metric" value="accuracy"' in text and 'name="sort" value="up"' in text


def test_pages_of_the_list_follow_each_other_by_the_metric(member, show):
    for number in range(52):
        model(member, f"m{number:02}", accuracy=number)
    first = show("models-by-metric/?metric=accuracy")
    following = re.search(r'href="\?([^"]*cursor=[^"]+)">Next', first)[1]
    second = show(f"models-by-metric/?{html.unescape(following)}")
    assert rows(first)[0][0] == "m51"
    assert [name for name, _ in rows(second)] == ["m01", "m00"]


def test_the_metrics_to_choose_from_are_those_of_runs_that_made_models(member, show):
    model(member, "good", accuracy=0.9, loss=0.2)
    model(member, "better", accuracy=0.95)
    lonely = make_run(experiment=make_experiment(workspace=member.workspace, name="lonely"))
    MetricSeries.objects.create(run=lonely, name="unseen", count=1, last="1", last_value=1)
    text = show("_model-metrics/?q=go&metric=loss")
    names = re.findall(r'<span class="mono">([^<]*)</span>', text)
    assert names == ["accuracy", "loss"]
    assert (
        "metric=accuracy&amp;q=go" in text and 'aria-current="true"><span class="mono">loss' in text
    )


def test_the_run_of_another_workspace_tells_nothing(member, show):
    stranger = make_member()
    theirs = model(stranger, "secret", accuracy=0.99)
    model_files.register(
        member.workspace, member.user, name="claimed", tree=make_tree(a="x"),
        properties=dict(theirs.properties),
    )  # fmt: skip
    assert rows(show("models-by-metric/?metric=accuracy")) == [("claimed", "–")]
    show(f"../{stranger.workspace.name}/models-by-metric/?metric=accuracy", status=404)


def test_without_a_metric_it_is_the_list_of_models(member, show):
    show("models-by-metric/", status=302)
