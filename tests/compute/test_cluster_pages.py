"""The pages of clusters: the list, one cluster with its nodes and queue, its form, its end."""

from datetime import UTC, datetime

import pytest

from compute import clusters, machine
from compute.models import Cluster
from runs import tasks
from runs.states import State
from runs.views import index
from studio.models import Role
from tests.factories import make_cluster, make_experiment, make_member, make_run, make_user

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FILLED = {
    "name": "small", "backend": "local", "size": "own", "cpus": "0.5", "memory_gib": "1.5",
    "gpus": "", "min_nodes": "1", "max_nodes": "3", "idle_seconds_before_scaledown": "60",
    "priority": "lowpriority", "require_gpu": "on",
}  # fmt: skip


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def page(client, member):
    client.force_login(member.user)
    return client


@pytest.fixture
def home(member):
    return f"/w/{member.workspace.name}"


def text_of(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_empty_list_offers_the_first_step(page, home):
    text = text_of(page.get(f"{home}/compute/"))
    assert "No cluster yet" in text and f'href="{home}/new-cluster/"' in text


def test_the_list_says_size_nodes_and_what_the_machine_has_left(page, home, member, monkeypatch):
    here = machine.Machine(4, 8 * 2**30, ("Tesla K80",))
    monkeypatch.setattr(machine, "this", lambda: here)
    cluster = make_cluster(workspace=member.workspace, name="gpu", node_size="1cpu-2gib-1gpu")
    clusters.reserve(cluster, ["a"], NOW)
    text = text_of(page.get(f"{home}/compute/"))
    for words in ("1 vCPU, 2 GiB, 1 GPU", "1 busy, 0 idle, 1 not up", "1 of 4 taken",
                  "2 of 8 GiB taken", "1 of 1 taken", "Tesla K80"):  # fmt: skip
        assert words in text


def test_the_list_asks_the_database_no_more_for_more_clusters(
    page, home, member, django_assert_max_num_queries
):
    for number in range(12):
        cluster = make_cluster(workspace=member.workspace, name=f"c{number}")
        clusters.reserve(cluster, [f"holder{number}"], NOW)
    with django_assert_max_num_queries(9):
        page.get(f"{home}/compute/")
    with django_assert_max_num_queries(6):
        page.get(f"{home}/_queues/")


def test_a_cluster_shows_who_is_on_its_nodes_and_why_the_rest_wait(page, home, member):
    cluster = make_cluster(workspace=member.workspace, name="busy", max_nodes=1)
    experiment = make_experiment(workspace=member.workspace)
    there = {"experiment": experiment, "cluster": cluster, "user": member.user}
    running = make_run(name="brave_fox", state=State.RUNNING, **there)
    on_its_nodes(running)
    make_run(name="still_pine", state=State.PREPARING, **there)
    make_run(name="calm_heron", state=State.QUEUED, waits_for="held by brave_fox", **there)
    make_run(name="rash_lynx", state=State.COMPLETED, **there)
    answer = page.get(f"{home}/_on-cluster/busy/", headers={"HX-Request": "true"})
    text = text_of(answer)
    assert text.index("brave_fox") < text.index("still_pine") < text.index("calm_heron")
    assert "held by brave_fox" in text and "rash_lynx" not in text
    assert [run.name for run in answer.context["queue"]] == ["still_pine", "calm_heron"]
    assert "1 running run finishes" in text and "2 waiting runs are canceled" in text
    counts = text_of(page.get(f"{home}/_queues/"))
    assert f'id="queue-{cluster.pk}" hx-swap-oob="innerHTML"><b>2</b>' in counts


def on_its_nodes(run):
    held = clusters.reserve(run.cluster, tasks.ids(run), NOW)
    assert isinstance(held, list)
    tasks.make(run, held, NOW)


def test_a_run_on_several_nodes_stands_on_each_with_its_rank(page, home, member):
    cluster = make_cluster(workspace=member.workspace, name="wide", max_nodes=2)
    experiment = make_experiment(workspace=member.workspace, name="digits")
    there = {"experiment": experiment, "cluster": cluster, "user": member.user}
    on_its_nodes(make_run(name="brave_fox", state=State.RUNNING, node_count=2, **there))
    make_run(name="calm_heron", state=State.QUEUED, node_count=2, **there)
    text = text_of(page.get(f"{home}/_on-cluster/wide/", headers={"HX-Request": "true"}))
    assert "digits · rank 0 of 2 · Running" in text and "digits · rank 1 of 2 · Running" in text
    assert "calm_heron</a><small>2 nodes · by" in text
    assert "1 running run finishes" in text


def test_a_node_with_several_processes_names_their_ranks(page, home, member):
    cluster = make_cluster(workspace=member.workspace, name="wide", max_nodes=2)
    experiment = make_experiment(workspace=member.workspace, name="digits")
    there = {"experiment": experiment, "cluster": cluster, "user": member.user}
    on_its_nodes(make_run(state=State.RUNNING, node_count=2, processes_per_node=3, **there))
    text = text_of(page.get(f"{home}/_on-cluster/wide/", headers={"HX-Request": "true"}))
    assert "digits · ranks 0–2 of 6 · Running" in text
    assert "digits · ranks 3–5 of 6 · Running" in text


def test_a_queue_too_long_to_show_says_how_many_more(page, home, member, monkeypatch):
    monkeypatch.setattr(index, "MOST_ACTIVE", 2)
    cluster = make_cluster(workspace=member.workspace, name="long")
    experiment = make_experiment(workspace=member.workspace)
    for _ in range(3):
        make_run(experiment=experiment, cluster=cluster, state=State.QUEUED, user=member.user)
    text = text_of(page.get(f"{home}/_on-cluster/long/", headers={"HX-Request": "true"}))
    assert "1 more waits." in text and "3 waiting runs are canceled" in text


def test_a_cluster_is_made_by_the_form(page, home):
    text = text_of(page.get(f"{home}/new-cluster/"))
    assert "STANDARD_NC6 — 6 vCPU, 56 GiB, 1 GPU" in text and "The whole machine" in text
    assert page.post(f"{home}/new-cluster/", FILLED).headers["Location"] == f"{home}/compute/small/"
    made = Cluster.objects.get()
    assert (made.node_size, made.min_nodes, made.max_nodes) == ("0.5cpu-1.5gib", 1, 3)
    assert (made.priority, made.require_gpu, made.has_network) == ("lowpriority", True, False)
    assert "0.5 vCPU, 1.5 GiB" in text_of(page.get(f"{home}/compute/small/"))


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": "9lives"}, "name", "beginning with a letter"),
        ({"name": ""}, "name", "required"),
        ({"name": "taken"}, "name", "has a cluster taken already"),
        ({"cpus": ""}, "cpus", "say how much"),
        ({"cpus": "0.04"}, "cpus", "greater than or equal to 0.1"),
        ({"size": "HUGE"}, "size", "not one of the available choices"),
        ({"min_nodes": "4"}, "min_nodes", "at least 4 is more than at most 3"),
        ({"max_nodes": "many"}, "max_nodes", "Enter a whole number"),
        ({"max_nodes": "1_0"}, "max_nodes", "Enter a whole number"),
        ({"max_nodes": "٢"}, "max_nodes", "Enter a whole number"),
        ({"cpus": "1_0"}, "cpus", "Enter a number"),
        ({"idle_seconds_before_scaledown": "-1"}, "idle_seconds_before_scaledown", "to 0"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    page, home, member, wrong, field, words
):
    make_cluster(workspace=member.workspace, name="taken")
    answer = page.post(f"{home}/new-cluster/", {**FILLED, **wrong})
    assert words in " ".join(answer.context["form"].errors[field])
    text = text_of(answer)
    assert 'value="1.5"' in text and f'id="id_{field}-error"' in text
    assert Cluster.objects.count() == 1


def test_resizing_keeps_what_is_not_changed(page, home, member):
    cluster = make_cluster(workspace=member.workspace, name="mine", has_network=False)
    form = page.get(f"{home}/compute/mine/resize/").context["form"]
    values = {name: form[name].value() for name in form.fields}
    assert (values["size"], values["cpus"]) == ("own", 0.1)
    given = {
        name: value for name, value in values.items() if value is not None and value is not False
    }
    assert page.post(f"{home}/compute/mine/resize/", {**given, "max_nodes": 7}).status_code == 302
    cluster.refresh_from_db()
    assert (cluster.max_nodes, cluster.node_size, cluster.has_network) == (
        7,
        "0.1cpu-0.1gib",
        False,
    )


def test_a_local_cluster_warns_when_several_people_can_sign_in(page, home):
    make_user()
    assert 'data-people="2" data-closed="1"' in text_of(page.get(f"{home}/new-cluster/"))


def test_deleting_takes_the_cluster_off_the_list(page, home, member):
    make_cluster(workspace=member.workspace, name="old")
    assert page.get(f"{home}/compute/old/delete/").status_code == 405
    text = text_of(page.post(f"{home}/compute/old/delete/", follow=True))
    assert "old is deleted" in text and f"{home}/compute/old/" not in text


def test_an_engine_that_does_not_answer_is_said_with_the_way_out(page, home, settings):
    settings.DOCKER_URL = "tcp://127.0.0.1:1"
    text = text_of(page.get(f"{home}/_engine/"))
    assert "No Docker engine answers" in text and "STUDIO_DOCKER_URL" in text


def test_a_reader_looks_and_changes_nothing(client, member, home):
    make_cluster(workspace=member.workspace, name="ours")
    client.force_login(make_member(workspace=member.workspace, role=Role.READER).user)
    assert "New cluster" not in text_of(client.get(f"{home}/compute/"))
    assert "Resize" not in text_of(client.get(f"{home}/compute/ours/"))
    assert client.get(f"{home}/new-cluster/").status_code == 403
    for path in ("new-cluster/", "compute/ours/resize/", "compute/ours/delete/"):
        assert client.post(f"{home}/{path}", FILLED).status_code == 403


@pytest.mark.parametrize(
    "path", ["compute/", "compute/theirs/", "new-cluster/", "_queues/", "_engine/", "_machine/"]
)
def test_a_stranger_finds_nothing(client, member, home, path):
    make_cluster(workspace=member.workspace, name="theirs")
    client.force_login(make_member().user)
    assert client.get(f"{home}/{path}").status_code == 404
