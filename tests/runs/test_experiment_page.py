"""The page of an experiment and the list of experiments: what they show, in order, at a glance."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.models import Run, SavedView
from runs.states import State
from tests.factories import make_experiment, make_member, make_run, make_user
from tests.fixtures.many_runs import fill
from tests.runs.rows import make_series
from tests.runs.series import log


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def page(client, member):
    client.force_login(member.user)
    return client


@pytest.fixture
def runs(member):
    return fill(member.workspace, member.user, "digits", 12, points=4)


def url(member, name="digits"):
    return f"/w/{member.workspace.name}/experiments/{name}/"


def shown(reply):
    """The names of the runs in the table's order."""
    return re.findall(r'<a class="name"[^>]*>([^<]*)</a>', reply.content.decode())


def told(reply):
    found = re.search(r'<script id="told"[^>]*>(.*?)</script>', reply.content.decode(), re.DOTALL)
    return json.loads(found.group(1))


def test_the_newest_run_is_first_and_the_best_is_named(page, member, runs):
    reply = page.get(url(member))
    assert shown(reply)[0] == "run 12"
    text = " ".join(reply.content.decode().split())
    assert "Best <b>loss 0.08333</b>" in text
    assert text.count(' title="the best of this page"') == 2  # of the loss, and of the accuracy


def test_what_no_name_calls_better_has_no_best(page, member, runs):
    for run in runs:
        log(run, [run.number / 100], name="learning_rate")
        log(run, [run.number / 100], name="top1_accuracy")
    text = page.get(url(member) + "?columns=metrics.learning_rate,metrics.top1_accuracy")
    marked = re.findall(r'class="n best"[^>]*>([^<]*)<', text.content.decode())
    assert marked == ["0.12"]  # of the accuracy


def test_a_heading_sorts_with_the_best_on_top_and_then_the_other_way(page, member, runs):
    first = page.get(url(member))
    links = {
        key: link.replace("&amp;", "&")
        for key, link in re.findall(
            r'data-key="([^"]+)"[^>]*><a href="([^"]*)"', first.content.decode()
        )
    }
    best = page.get(url(member) + links["metrics.loss"])
    assert shown(best)[:3] == ["run 12", "run 11", "run 10"]
    assert 'aria-sort="ascending" data-key="metrics.loss"' in best.content.decode()
    again = re.search(
        r'data-key="metrics.loss"[^>]*><a href="([^"]*)"', best.content.decode()
    ).group(1)
    assert shown(page.get(url(member) + again.replace("&amp;", "&")))[0] == "run 1"
    assert shown(page.get(url(member) + links["metrics.accuracy"]))[0] == "run 12"


def test_a_query_says_how_many_of_how_many(page, member, runs):
    reply = page.get(url(member), {"q": "metrics.loss < 0.1 and params.lr = 0.001"})
    assert shown(reply) == ["run 12"]
    assert "1 of 12 runs" in " ".join(reply.content.decode().split())


def test_a_query_that_cannot_be_read_marks_its_place_and_shows_all_runs(page, member, runs):
    reply = page.get(url(member), {"q": "metrics.loss < < <b>"})
    text = reply.content.decode()
    assert len(shown(reply)) == 12
    assert "metrics.loss &lt; <mark>&lt;</mark> &lt;b&gt;" in text
    assert 'value="metrics.loss &lt; &lt; &lt;b&gt;"' in text  # nothing that was typed is lost


def test_chosen_columns_keep_their_order(page, member, runs):
    reply = page.get(url(member), {"columns": "duration,metrics.loss.min,params.lr,name"})
    heads = re.findall(r'<th[^>]*data-key="([^"]+)"', reply.content.decode())
    assert heads == ["duration", "metrics.loss.min", "params.lr"]  # the name is always the first
    assert told(reply)["columns"] == heads


def test_the_charts_are_the_first_curves_or_those_asked_for(page, member, runs):
    assert told(page.get(url(member)))["charts"] == ["loss", "accuracy"]
    assert told(page.get(url(member)))["greatest"] == ["accuracy"]
    asked = page.get(url(member) + "?chart=accuracy&chart=gone")
    assert told(asked)["charts"] == ["accuracy", "gone"]
    assert told(page.get(url(member) + "?chart="))["charts"] == []


def test_runs_are_told_with_what_they_are_grouped_by_and_those_of_other_pages(page, member, runs):
    facts = told(page.get(url(member), {"group": "params.lr", "q": "number > 6", "runs": "2,7,x"}))
    assert facts["group"] == {"title": "lr", "is_number": False}
    groups = {run["name"]: run["group"] for run in [*facts["runs"], *facts["others"]]}
    assert groups["run 12"] == "0.001" and groups["run 2"] == "0.1"
    assert [run["name"] for run in facts["others"]] == ["run 2"]


def test_archived_runs_are_away_until_they_are_asked_for(page, member, runs):
    Run.objects.filter(pk=runs[0].pk).update(archived_at=runs[0].created_at)
    reply = page.get(url(member))
    assert "run 1" not in shown(reply)
    assert "Show 1 archived" in " ".join(reply.content.decode().split())
    assert "run 1" in shown(page.get(url(member), {"archived": "1"}))


def test_how_long_a_run_that_goes_on_takes_grows_on_the_page(page, member):
    make_run(experiment=make_experiment(workspace=member.workspace, name="digits"),
             user=member.user, state=State.RUNNING)  # fmt: skip
    reply = page.get(url(member)).content.decode()
    assert "data-since=" in reply and "<b>1</b> running" in reply


def test_an_experiment_without_runs_says_what_belongs_there(page, member):
    make_experiment(workspace=member.workspace, name="digits")
    assert "No run here" in page.get(url(member)).content.decode()


def test_a_query_that_finds_nothing_offers_all_runs(page, member, runs):
    text = page.get(url(member), {"q": "metrics.loss > 99", "sort": "name"}).content.decode()
    assert "No run is like that" in text
    assert 'href="?sort=name" data-go data-clears' in text


def test_saved_views_are_links_that_name_themselves(page, member, runs):
    view = SavedView.objects.create(
        experiment=runs[0].experiment, name="Bést <1>", query="q=tag:baseline",
        created_by=member.user,
    )  # fmt: skip
    text = page.get(url(member), {"q": "tag:baseline", "view": str(view.pk)}).content.decode()
    assert "View: Bést &lt;1&gt;" in text
    assert f'href="?q=tag:baseline&amp;view={view.pk}" aria-current="true"' in text


def test_a_fragment_is_what_changes_alone(page, member, runs):
    part = page.get(url(member), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and 'id="query"' not in part
    whole = page.get(url(member)).content.decode()
    for name in re.findall(r'id="([\w-]+)"[^>]*data-part', part):
        assert f'id="{name}"' in whole


@pytest.mark.parametrize(
    ("wanted", "typed", "keys"),
    [
        ("charts", "acc", ["accuracy"]),
        ("columns", "acc min", ["metrics.accuracy.min"]),
        ("group", "lr", ["params.lr"]),
        ("group", "loss", []),
        ("charts", "(", []),
    ],
)
def test_choosers_find_what_they_are_for(page, member, runs, wanted, typed, keys):
    answer = page.get(url(member) + "_columns/", {"for": wanted, "find": typed}).json()
    assert [item["key"] for item in answer["items"]] == keys
    assert answer["count"] == len(keys)


def test_no_address_breaks_the_page(page, member, runs):
    odd = [
        "sort=-metrics.nothing", "sort=%22", "columns=%22,,", "group=x.y.z", "group=%F0%9F%98%80",
        "runs=,,-1,99999999999,%C2%B2", "size=x", "view=999999999999999999", "view=%C2%B2",
        "chart=%22&chart=", "q=%22", "zoom=:::&log=&axis=no&smoothing=7&band=x",
    ]  # fmt: skip
    assert {
        query: page.get(f"{url(member)}?{query}").status_code for query in odd
    } == dict.fromkeys(odd, 200)


def test_the_page_asks_as_much_for_many_runs_as_for_few(
    page, member, django_assert_max_num_queries, runs
):
    fill(member.workspace, member.user, "digits", 30, points=2)
    with django_assert_max_num_queries(32):
        page.get(url(member), {"sort": "-metrics.accuracy", "group": "params.lr"})


def test_the_list_shows_the_best_of_the_main_metric_and_a_line(page, member, runs):
    fill(member.workspace, member.user, "other", 1, points=2)
    make_run(experiment=make_experiment(workspace=member.workspace, name="bare"), user=member.user,
             state=State.RUNNING)  # fmt: skip
    text = " ".join(page.get(f"/w/{member.workspace.name}/experiments/").content.decode().split())
    assert '<span class="quiet">loss</span> 0.08333' in text
    assert text.count('class="last-runs"') == 1  # one run is no line
    assert 'aria-label="loss of the last 12 runs"' in text


def test_the_list_asks_as_often_for_many_experiments_as_for_one(page, member, runs):
    address = f"/w/{member.workspace.name}/experiments/"
    page.get(address)
    with CaptureQueriesContext(connection) as few:
        page.get(address)
    for number in range(5):
        fill(member.workspace, member.user, f"more-{number}", 2, points=2)
    with CaptureQueriesContext(connection) as many:
        page.get(address)
    assert len(many) == len(few)


def test_nobody_else_sees_it(client, member, runs):
    client.force_login(make_member(user=make_user()).user)
    assert client.get(url(member)).status_code == 404
    assert client.get(url(member) + "_columns/").status_code == 404


def test_the_best_is_by_the_metric_that_is_sorted_by_and_by_no_other_of_its_beginning(page, member):
    experiment = make_experiment(workspace=member.workspace, name="two")
    run = make_run(experiment=experiment, user=member.user)
    make_series(run, **{"loss": 0.25, "loss.val": 0.75})
    text = page.get(url(member, "two") + '?sort=metrics."loss.val"').content.decode()
    assert "Best <b>loss.val 0.75</b>" in " ".join(text.split())
    text = page.get(url(member, "two") + "?sort=-metrics.loss.min").content.decode()
    assert "Best <b>loss 0.25</b>" in " ".join(text.split())
