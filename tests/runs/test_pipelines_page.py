"""The page of a pipeline run: its head, its steps, those that are gone, and running it again."""

import pytest

from runs import lifecycle, removing
from runs.models import Run
from runs.states import Reason, State
from studio.models import Member, Role
from tests.factories import make_run, make_user
from tests.runs.pipelines import advance, begun, end, graph, run_of, step, to_end

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(caller):
    code = caller.sent({"train.py": "print('hello')\n"})
    steps = (step("first", code), step("<second>", code, 0), step("third", code, 0, 1))
    parameters = {"lr": {"type": "float", "default": 0.1}}
    return begun(caller, graph(*steps, parameters=parameters), name="nightly")


@pytest.fixture
def page(as_user, caller):
    client = as_user(caller.user)

    def get(run, rest="", status=200, **more):
        reply = client.get(f"/runs/{run.run_id}/{rest}", **more)
        assert reply.status_code == status
        return reply.content.decode()

    return get


def test_the_head_says_how_many_steps_are_how_far(page, run):
    to_end(run, "first")
    advance(run)
    shown = page(run)
    assert "Pipeline of <b>3</b> steps" in shown and 'data-parameter="lr"' in shown
    for group, names in (("Completed", "first"), ("Begun", "&lt;second&gt;"), ("Waiting", "third")):
        part = shown[shown.index(f"<b>{group}</b>") :]
        assert part[: part.index("</div>")].endswith(f"1 of 3</span> · {names}</span>")
    assert "Stages" not in shown and "Register model" not in shown
    assert [key for key in ("metrics", "files", "code", "children") if f"tab-{key}" in shown] == []
    assert "own computer" not in shown and "Cluster <a" not in shown


def test_a_line_says_what_a_step_waits_for_until_that_is_completed(page, run):
    advance(run)
    assert 'title="first, &lt;second&gt;"' in page(run, "steps/")
    end(run_of(run, "first"))
    advance(run)
    shown = page(run, "steps/", headers={"HX-Request": "true"})
    assert 'title="&lt;second&gt;"' in shown and "first, " not in shown and "<html" not in shown


def test_a_step_that_was_deleted_is_said_to_be(page, run):
    advance(run)
    first = run_of(run, "first")
    lifecycle.end(first, Reason.SCRIPT_FAILED, error={"message": "broken"})
    advance(run)
    assert 'id="failed-step"' in page(run)
    Run.objects.filter(pk=first.pk).update(cleaned_at=run.created_at)
    removing.remove(Run.objects.get(pk=first.pk))
    shown = page(run, "steps/")
    assert shown.count("deleted</span>") == 1 and "broken" in shown
    # What is gone is not offered, and what never was is not said to be gone.
    assert 'id="failed-step"' not in shown and shown.count("never begun") == 4


def test_the_head_of_a_step_names_its_pipeline(page, run):
    advance(run)
    shown = page(run_of(run, "first"))
    assert "Step <b>first</b> of" in shown and "Child of" not in shown
    assert f"/runs/{run.run_id}/" in shown


def test_other_runs_have_no_steps_and_say_nothing_of_them(page, run, caller):
    other = make_run(experiment=run.experiment, user=caller.user, state=State.COMPLETED)
    assert "tab-steps" not in page(other)
    page(other, "steps/", status=404)


def test_run_again_makes_another_and_shows_it(run, caller, as_user, settings):
    settings.LOCAL_BACKEND_FOR_ALL = True
    client = as_user(caller.user)
    reply = client.post(f"/runs/{run.run_id}/again/")
    made = Run.objects.filter(pipeline__isnull=False).latest("id")
    assert reply.status_code == 302 and reply.url == f"/runs/{made.run_id}/" and made != run
    assert client.get(f"/runs/{run.run_id}/again/").status_code == 405
    reader, stranger = make_user(), make_user()
    Member.objects.create(user=reader, workspace=caller.workspace, role=Role.READER)
    assert as_user(reader).post(f"/runs/{run.run_id}/again/").status_code == 403
    assert as_user(stranger).post(f"/runs/{run.run_id}/again/").status_code == 404
    assert as_user(stranger).get(f"/runs/{run.run_id}/steps/").status_code == 404
    assert Run.objects.filter(pipeline__isnull=False).count() == 2


def test_the_past_runs_of_the_new_run_page_are_runs_of_scripts(run, caller, as_user):
    advance(run)
    shown = as_user(caller.user).get(f"/w/{caller.workspace.name}/new-run/_past/").content.decode()
    assert f'?from={run_of(run, "first").run_id}"' in shown
    assert f'?from={run.run_id}"' not in shown
