"""The page of a run: every tab, why it failed, its cancel, its model, and who may see it."""

import pytest

from registry.models import Asset
from runs import logs, tasks
from runs.models import Run, RunFile, RunTask
from runs.states import Reason, State
from runs.views.detail import USUAL_LIMIT_S
from tests.factories import AT, make_blob, make_experiment, make_member, make_run

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


def on_nodes(run: Run, *numbers: int, **ended) -> None:
    """The run's tasks on the nodes of these numbers; `rank0={…}` is how the first one ended."""
    for rank, (number, task_id) in enumerate(zip(numbers, tasks.ids(run), strict=True)):
        said = ended.get(f"rank{rank}")
        RunTask.objects.create(
            run=run, attempt=run.attempt, rank=rank, node_number=number, task_id=task_id,
            state=State.FINALIZING if said else State.RUNNING, seen_at=AT,
            ended_at=AT if said else None, ended=said,
        )  # fmt: skip


def text_of(page, run, tab=""):
    return " ".join(page.get(f"/runs/{run.run_id}/{tab}").content.decode().split())


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_the_run(page, member, tab):
    run = run_of(member, state=State.RUNNING, arguments=["--lr", "0.1"], tags={"note": "<b>"})
    text = page.get(f"/runs/{run.run_id}/{tab}").content.decode()
    assert run.name in text
    assert "note=&lt;b&gt;" in text


def test_the_overview_lists_the_parameters(page, member):
    run = run_of(member, arguments=["--lr=0.1", "--fast", "--shift", "-3", "data"])
    shown = page.get(f"/runs/{run.run_id}/").context["parameters"]
    assert shown == [("lr", "0.1"), ("fast", "true"), ("shift", "-3")]


def test_a_failed_run_says_why_on_top_with_the_way_to_its_log(page, member):
    error = {"type": "ValueError", "message": "ValueError: expected 10", "exit_code": 1}
    run = run_of(member, state=State.FAILED, reason=Reason.SCRIPT_FAILED, error=error)
    logs.append(run, logs.DRIVER, 0, b"Traceback\n")
    text = page.get(f"/runs/{run.run_id}/metrics/").content.decode()
    for words in ("ValueError: expected 10", "exit code 1", "70_driver_log.txt"):
        assert words in text


def test_a_run_on_one_node_says_which(page, member):
    run = run_of(member, state=State.RUNNING)
    assert "· node" not in text_of(page, run)
    on_nodes(run, 2)
    text = text_of(page, run)
    assert f"<b>{run.cluster.name}</b></a> · node 2</span>" in text
    assert 'id="on-nodes"' not in text


def test_a_run_on_several_nodes_says_who_is_where_and_how_each_ended(page, member):
    run = run_of(member, state=State.RUNNING, node_count=3, processes_per_node=2)
    failed = {"exit_code": 1, "rank": 3, "error": {"message": "rank 3: ValueError: no"}}
    on_nodes(run, 4, 2, 7, rank1=failed, rank2={"canceled": True})
    assert "· 3 nodes × 2 processes</span>" in text_of(page, run, "_status/")
    shown = page.get(f"/runs/{run.run_id}/").context["nodes"]
    assert [(row.task.rank, row.task.node_number, row.state, row.words) for row in shown] == [
        (0, 4, State.RUNNING, ""),
        (1, 2, State.FAILED, "exit code 1: rank 3: ValueError: no"),
        (2, 7, State.CANCELED, "was told to end, because another node failed"),
    ]


def test_a_run_that_was_started_again_says_which_node_was_lost(page, member):
    run = run_of(member, state=State.RUNNING, node_count=2, max_retries=2)
    on_nodes(run, 1, 2, rank0={"canceled": True}, rank1={"lost": {"message": "it is gone"}})
    run.attempt, run.retried = 2, 1
    run.save()
    on_nodes(run, 1, 3)
    text = text_of(page, run)
    assert "started again <b>1 of 2</b>" in text
    assert "Started again 1 of 2: node 2 was lost: it is gone" in text
    assert "<td>node 3</td>" in text and "<td>node 2</td>" not in text


def test_a_failed_rank_is_named_and_its_log_is_the_one_that_opens(page, member):
    error = {"message": "ValueError: no", "exit_code": 1, "rank": 1}
    run = run_of(
        member, state=State.FAILED, reason=Reason.SCRIPT_FAILED, error=error, node_count=2,
        distribution="PyTorch",
    )  # fmt: skip
    for rank in (0, 1):
        logs.append(run, f"azureml-logs/70_driver_log_{rank}.txt", 0, b"said\n")
    text = text_of(page, run, "files/")
    assert "Process 1 ended with exit code 1" in text
    assert 'data-first="azureml-logs/70_driver_log_1.txt"' in text


def test_the_log_of_a_lost_node_is_that_of_its_first_process(page, member):
    run = run_of(
        member, state=State.FAILED, reason=Reason.LOST, error={"message": "node 2: gone"},
        node_count=2, processes_per_node=2,
    )  # fmt: skip
    on_nodes(run, 1, 2, rank0={"canceled": True}, rank1={"lost": {"message": "gone"}})
    for rank in range(4):
        logs.append(run, f"azureml-logs/70_driver_log_{rank}.txt", 0, b"said\n")
    answer = page.get(f"/runs/{run.run_id}/")
    assert answer.context["log_path"] == "azureml-logs/70_driver_log_2.txt"
    assert "A node was lost" in answer.content.decode()


def test_running_again_carries_nodes_retries_and_time_limit(page, member):
    asked = {"node_count": 2, "distribution": "Mpi", "max_retries": 1}
    run = run_of(member, processes_per_node=3, max_seconds=90, **asked)
    answer = page.get(f"/w/{run.workspace.name}/new-run/?from={run.run_id}")
    asked |= {"process_count_per_node": 3, "max_run_duration_seconds": 90}
    assert asked.items() <= answer.context["start"]["past"].items()


def test_the_thirty_days_that_nobody_asked_for_are_no_time_limit(page, member):
    run = run_of(member, max_seconds=USUAL_LIMIT_S)
    assert "Time limit" not in text_of(page, run)
    answer = page.get(f"/w/{run.workspace.name}/new-run/?from={run.run_id}")
    assert answer.context["start"]["past"]["max_run_duration_seconds"] is None


def test_each_rank_leads_to_its_log(page, member):
    run = run_of(member, state=State.RUNNING, node_count=2, processes_per_node=2)
    on_nodes(run, 4, 7)
    assert "70_driver_log_3.txt" in text_of(page, run)
    page_facts = page.get(f"/runs/{run.run_id}/monitoring/").context["page"]
    assert page_facts["ranks"] == {4: "ranks 0–1 of 4", 7: "ranks 2–3 of 4"}


def test_a_new_run_is_told_who_waits_before_it_and_how_many_nodes_there_is_room_for(page, member):
    run = run_of(member, state=State.QUEUED)
    answer = page.get(f"/w/{run.workspace.name}/new-run/")
    told = {cluster.pk: (waits, fits) for cluster, _, waits, fits in answer.context["clusters"]}
    waits, fits = told[run.cluster.pk]
    assert waits == 1 and 1 <= fits <= run.cluster.max_nodes


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
