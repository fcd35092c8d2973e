"""The page of a run: every tab, why it failed, its cancel, its model, and who may see it."""

import pytest

from registry.models import Asset
from runs import logs
from runs.models import RunFile
from runs.states import Reason, State
from tests.factories import make_blob, make_experiment, make_member, make_run

TABS = ["", "metrics/", "files/", "code/", "_status/"]


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def page(client, member):
    client.force_login(member.user)
    return client


def run_of(member, **fields):
    experiment = make_experiment(workspace=member.workspace)
    return make_run(experiment=experiment, user=member.user, **fields)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_the_run(page, member, tab):
    run = run_of(member, state=State.RUNNING, arguments=["--lr", "0.1"], tags={"note": "<b>"})
    text = page.get(f"/runs/{run.run_id}/{tab}").content.decode()
    assert run.name in text
    assert "note=&lt;b&gt;" in text


def test_the_overview_lists_the_parameters(page, member):
    run = run_of(member, arguments=["--lr=0.1", "--fast", "--shift", "-3", "data"])
    shown = page.get(f"/runs/{run.run_id}/").context["parameters"]
    assert shown == [("lr", "0.1"), ("fast", ""), ("shift", "-3")]


def test_a_failed_run_says_why_on_top_with_the_way_to_its_log(page, member):
    error = {"type": "ValueError", "message": "ValueError: expected 10", "exit_code": 1}
    run = run_of(member, state=State.FAILED, reason=Reason.SCRIPT_FAILED, error=error)
    logs.append(run, logs.DRIVER, 0, b"Traceback\n")
    text = page.get(f"/runs/{run.run_id}/metrics/").content.decode()
    for words in ("ValueError: expected 10", "exit code 1", "70_driver_log.txt"):
        assert words in text


def test_cancel_ends_a_run_that_waits(page, member):
    run = run_of(member, state=State.QUEUED)
    answer = page.post(f"/runs/{run.run_id}/cancel/")
    run.refresh_from_db()
    assert run.state == State.CANCELED
    assert answer.headers["Location"] == f"/runs/{run.run_id}/"


def test_a_model_is_registered_from_the_page(page, member):
    run = run_of(member, state=State.COMPLETED)
    RunFile.objects.create(run=run, path="outputs/model.pt", blob=make_blob(b"weights"))
    address = f"/runs/{run.run_id}/register/"
    assert page.get(address).context["form"]["path"].initial == "outputs/model.pt"
    wrong = {"name": "no/slash", "path": "outputs/model.pt", "description": "kept"}
    text = page.post(address, wrong).content.decode()
    assert "not allowed" in text
    assert "kept" in text
    page.post(address, {**wrong, "name": "digits"})
    assert Asset.objects.get().name == "digits"


def test_the_address_of_the_old_service_leads_to_the_page(page, member):
    run = run_of(member)
    answer = page.get(f"/experiments/{run.experiment.name}/runs/{run.run_id}")
    assert answer.headers["Location"] == f"/runs/{run.run_id}/"


@pytest.mark.parametrize("tab", [*TABS, "register/"])
def test_a_stranger_is_told_that_there_is_no_such_run(client, member, tab):
    run = run_of(member)
    client.force_login(make_member().user)
    assert client.get(f"/runs/{run.run_id}/{tab}").status_code == 404


def test_who_is_not_signed_in_is_sent_to_the_door(client, member):
    run = run_of(member)
    assert "/sign-in/" in client.get(f"/runs/{run.run_id}/").headers["Location"]
