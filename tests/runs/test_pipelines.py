"""A pipeline run walks its graph: steps begin when those before have ended, until all have."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from compute import clusters
from runs import control, lifecycle, removing
from runs.models import PipelineStep, Run
from runs.states import Reason, State
from studio.files import collecting
from studio.models import Member, Role, Tree
from tests.factories import make_cluster
from tests.runs.pipelines import (
    advance,
    begun,
    end,
    graph,
    run_of,
    send,
    states,
    step,
    to_end,
    wrote,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(caller):
    return caller.sent({"train.py": "print('hello')\n"})


@pytest.fixture
def diamond(code):
    return graph(step("a", code), step("b", code, 0), step("c", code, 0), step("d", code, 1, 2))


def test_a_diamond_begins_from_its_top_to_its_bottom(caller, diamond):
    run = begun(caller, diamond)
    assert (run.state, run.cluster.name) == (State.RUNNING, clusters.OF_STEPS)
    assert len(advance(run)) == 1 and advance(run) == []
    end(run_of(run, "a"))
    assert advance(run) == [run_of(run, "b").pk, run_of(run, "c").pk]
    end(run_of(run, "b"))
    assert advance(run) == []
    end(run_of(run, "c"))
    assert advance(run) == [run_of(run, "d").pk]
    end(run_of(run, "d"))
    advance(run)
    run.refresh_from_db()
    assert (run.state, run.reason) == (State.COMPLETED, Reason.SUCCEEDED)
    assert run.cleaned_at is not None and set(states(run).values()) == {"Completed"}
    assert Run.objects.filter(parent=run).count() == 4


def test_steps_are_given_in_any_order(caller, code):
    run = begun(caller, graph(step("last", code, 1), step("first", code)))
    assert advance(run) == [run_of(run, "first").pk]


def test_a_step_is_a_run_below_it_of_the_same_person_and_experiment(caller, code):
    run = begun(caller, graph(step("a", code, tags={"k": "v"}, properties={"p": "1"})))
    advance(run)
    made = run_of(run, "a")
    assert (made.parent, made.experiment, made.created_by) == (run, run.experiment, caller.user)
    assert (made.name, made.number, made.tags) == ("a", 2, {"k": "v"})
    assert made.properties["azureml.pipelinerunid"] == run.run_id and made.properties["p"] == "1"
    shown = caller.get(f"/api/v1/runs/{made.run_id}").json()
    assert (shown["type"], shown["step_name"]) == ("azureml.StepRun", "a")
    listed = caller.get(f"/api/v1/runs/{run.run_id}/children").json()["items"]
    assert [one["step_name"] for one in listed] == ["a"]
    alone = caller.get(f"{caller.home}/runs", children=0).json()["items"]
    assert [one["type"] for one in alone] == ["azureml.PipelineRun"]


def test_lists_ask_no_more_for_many_steps(caller, code):
    small, large = (
        begun(caller, graph(*(step(f"s{n}", code) for n in range(count)))) for count in (1, 6)
    )
    counts = []
    for run in (small, large):
        advance(run)
        for path in ("", "/children"):
            with CaptureQueriesContext(connection) as asked:
                assert caller.get(f"/api/v1/runs/{run.run_id}{path}").status_code == 200
            counts.append(len(asked))
    assert counts[:2] == counts[2:]


def test_graphs_of_megabytes_are_not_read_where_nobody_asked_for_them(caller, code):
    """Scripts that wait ask for a run every few seconds."""
    run = begun(caller, graph(step("s", code), step("after", code, 0)))
    advance(run)
    child = run_of(run, "s")
    paths = (f"/api/v1/runs/{run.run_id}", f"/api/v1/runs/{child.run_id}")
    paths += (f"/api/v1/runs/{run.run_id}/children", f"{caller.home}/runs")
    with CaptureQueriesContext(connection) as asked:
        assert [caller.get(path).status_code for path in paths] == [200] * 4
        end(child)
    read = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    assert len(read) > 10
    assert not [sql for sql in read if '"graph"' in sql or '"runs_pipelinestep"."order"' in sql]


# --- failing -------------------------------------------------------------------------------------
def test_a_failed_step_lets_those_that_run_go_on_and_begins_none(caller, diamond):
    run = begun(caller, diamond)
    to_end(run, "a")
    advance(run)
    end(run_of(run, "b"), Reason.SCRIPT_FAILED, message="no such file")
    assert advance(run) == []
    run.refresh_from_db()
    assert run.state == State.RUNNING and states(run)["d"] == "Canceled"
    end(run_of(run, "c"))
    advance(run)
    run.refresh_from_db()
    assert (run.state, run.reason) == (State.FAILED, Reason.STEP_FAILED)
    bad = run_of(run, "b").run_id
    assert run.error["message"] == f"step b failed: no such file; see {bad}"
    assert run.error["type"] == "StepFailed"
    text = PipelineStep.objects.get(pipeline__run=run, name="d").text
    assert text == "never begun: step b was not Completed"


@pytest.mark.parametrize(("goes_on", "other"), [(True, "Begun"), (False, "Canceled")])
def test_what_does_not_depend_on_a_failed_step_begins_if_asked_for(caller, code, goes_on, other):
    steps = (step("bad", code), step("good", code), step("after bad", code, 0),
             step("later", code, 2), step("after good", code, 1))  # fmt: skip
    run = begun(caller, graph(*steps, continue_on_step_failure=goes_on))
    advance(run)
    end(run_of(run, "bad"), Reason.LOST, message="gone")
    advance(run)
    end(run_of(run, "good"))
    advance(run)
    found = states(run)
    assert (found["after bad"], found["later"]) == ("Canceled", "Canceled")
    assert found["after good"] == other
    if goes_on:
        end(run_of(run, "after good"))
        advance(run)
    run.refresh_from_db()
    assert run.state == State.FAILED and "step bad failed: gone" in run.error["message"]


def test_a_step_whose_cluster_is_gone_when_its_turn_comes_fails_it_in_words(caller, code):
    cluster = make_cluster(workspace=caller.workspace, name="brief")
    run = begun(caller, graph(step("a", code), step("b", code, 0, cluster="brief")))
    to_end(run, "a")
    clusters.delete(cluster, now())
    assert advance(run) == []
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert 'step b failed: it could not begin: no cluster "brief"' in run.error["message"]


@pytest.mark.parametrize("how", ["gone", "reader", "inactive"])
def test_nothing_begins_for_who_may_not_run_anything_any_more(caller, code, how):
    run = begun(caller, graph(step("a", code), step("b", code, 0)))
    to_end(run, "a")
    if how == "inactive":
        caller.user.is_active = False
        caller.user.save()
    elif how == "reader":
        Member.objects.filter(user=caller.user).update(role=Role.READER)
    else:
        Member.objects.filter(user=caller.user).delete()
    assert advance(run) == []
    run.refresh_from_db()
    assert run.state == State.FAILED and "step b failed" in run.error["message"]


# --- canceling -----------------------------------------------------------------------------------
def test_a_cancel_before_the_first_step_ends_it_without_any(caller, diamond):
    run = begun(caller, diamond)
    assert caller.post(f"/api/v1/runs/{run.run_id}/cancel").json()["state"] == "CancelRequested"
    assert advance(run) == []
    run.refresh_from_db()
    assert (run.state, run.canceled_by) == (State.CANCELED, caller.user)
    assert set(states(run).values()) == {"Canceled"} and run.children.count() == 0


def test_a_cancel_waits_for_the_steps_that_run(caller, diamond):
    run = begun(caller, diamond)
    to_end(run, "a")
    advance(run)
    waits, runs = run_of(run, "b"), run_of(run, "c")
    for state in (State.PREPARING, State.QUEUED, State.STARTING, State.RUNNING):
        lifecycle.move(runs, state)
    control.cancel(Run.objects.get(pk=run.pk), caller.user)
    waits.refresh_from_db()
    runs.refresh_from_db()
    assert (waits.state, runs.state) == (State.CANCELED, State.CANCEL_REQUESTED)
    assert advance(run) == []
    run.refresh_from_db()
    assert run.state == State.CANCEL_REQUESTED
    lifecycle.end(runs, Reason.CANCELED)
    advance(run)
    run.refresh_from_db()
    assert run.state == State.CANCELED
    assert states(run) == {"a": "Completed", "b": "Canceled", "c": "Canceled", "d": "Canceled"}


def test_a_step_that_is_canceled_alone_counts_as_failed(caller, diamond):
    run = begun(caller, diamond)
    advance(run)
    control.cancel(run_of(run, "a"), caller.user)
    advance(run)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.error["message"].startswith("step a was canceled: canceled by ann")


def test_a_cancel_after_its_end_changes_nothing(caller, code):
    run = begun(caller, graph(step("a", code)))
    to_end(run, "a")
    advance(run)
    assert caller.post(f"/api/v1/runs/{run.run_id}/cancel").json()["state"] == "Completed"


def test_nobody_ends_a_pipeline_run_as_one_of_their_own_computer(caller, code):
    run = begun(caller, graph(step("a", code)))
    shown = caller.get(f"/api/v1/runs/{run.run_id}").json()
    assert shown["interactive"] is False and "token" not in shown
    refused = caller.post(f"/api/v1/runs/{run.run_id}/end")
    assert (
        refused.status_code == 409 and "ends with its steps" in refused.json()["error"]["message"]
    )
    taken = caller.post(f"/api/v1/runs/{run.run_id}/snapshot", {"snapshot": code})
    assert taken.status_code == 409


# --- what is kept, and what goes -----------------------------------------------------------------
def data(code, **more):
    read = {"name": "read", "output_of": 0, "output": "made", **more}
    return graph(
        step("a", code, output_datasets=[{"name": "made"}]),
        step("b", code, inputs=[read]),
    )


def test_a_step_reads_what_another_wrote_and_an_empty_folder_where_that_was_nothing(caller, code):
    full, empty = begun(caller, data(code)), begun(caller, data(code, mode="download"))
    for run in (full, empty):
        advance(run)
        if run == full:
            tree = wrote(run_of(run, "a"), "made", words__txt="hello").tree
        to_end(run, "a")
        advance(run)
    assert run_of(full, "b").inputs.get().tree == tree
    one = run_of(empty, "b").inputs.get()
    assert (one.mode, one.tree.file_count) == ("download", 0)


def test_what_a_waiting_step_needs_is_not_collected(caller, code, settings):
    settings.KEEP_UNUSED_HOURS = 0
    own = caller.sent({"train.py": "print('later')\n"})
    files = Tree.objects.get(sha256=caller.sent({"data.csv": "1,2"}))
    wanted = data(code)
    read = {"name": "files", "tree": files.sha256}
    wanted["steps"].append(step("c", own, 1, inputs=[read]))
    run = begun(caller, wanted)
    advance(run)
    tree = wrote(run_of(run, "a"), "made", words__txt="kept").tree
    lost = Tree.objects.get(sha256=caller.sent({"nobody.py": "# needs this\n"}))
    to_end(run, "a")
    for _ in range(4):
        collecting.step(lost.created_at.replace(year=2100), collecting.Place())
    assert not Tree.objects.filter(pk=lost.pk).exists()
    assert Tree.objects.filter(pk=tree.pk).exists()
    assert Tree.objects.filter(sha256__in=(own, files.sha256)).count() == 2


def test_a_step_stays_while_its_pipeline_goes_on_and_goes_alone_afterwards(caller, code):
    run = begun(caller, data(code))
    to_end(run, "a")
    first = run_of(run, "a")
    Run.objects.filter(pk=first.pk).update(cleaned_at=first.created_at)
    advance(run)
    refused = caller.client.delete(f"/api/v1/runs/{first.run_id}")
    assert refused.status_code == 409 and run.run_id in refused.json()["error"]["message"]
    to_end(run, "b")
    advance(run)
    assert caller.client.delete(f"/api/v1/runs/{first.run_id}").status_code == 200
    shown = caller.get(f"/api/v1/runs/{run.run_id}").json()
    assert shown["steps"][0] == {
        "number": 0, "name": "a", "state": "Completed", "run_id": None, "after": [], "text": "",
    }  # fmt: skip
    second = run_of(run, "b")
    removing.remove(Run.objects.get(pk=run.pk))
    second.refresh_from_db()
    assert second.parent is None and not PipelineStep.objects.exists()


def test_run_again_is_the_same_graph_with_the_same_parameters(caller, code):
    wanted = graph(
        step("a", code, arguments=["--lr=$(PipelineParameter:lr)"]),
        parameters={"lr": {"type": "float", "default": 0.1}},
    )
    run = begun(caller, wanted, parameters={"lr": 0.5}, tags={"kept": "yes"})
    again = caller.post(f"{caller.home}/pipelines/runs", {"again": run.run_id}).json()
    assert (again["parameters"], again["tags"]) == ({"lr": 0.5}, {"kept": "yes"})
    made = Run.objects.get(run_id=again["run_id"])
    advance(made)
    assert run_of(made, "a").arguments == ["--lr=0.5"]
    other = caller.submit().json()["run_id"]
    assert send(caller, None, again=other).status_code == 400
    alone = caller.post(f"{caller.home}/pipelines/runs", {"again": other})
    assert alone.status_code == 400 and "no pipeline run" in alone.json()["error"]["message"]
