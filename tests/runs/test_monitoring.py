"""What a node does is kept with the run, but is none of the script's metrics."""

import json

import pytest

from runs import lifecycle, metrics
from runs.models import Run
from runs.states import Reason, State
from studio import live
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db
GIB = 2**30
NODE = {
    "trainyard/node-1/cpu_percent": [50.0, 100.0],
    "trainyard/node-1/memory_bytes": [GIB, 3 * GIB],
    "trainyard/node-1/memory_limit_bytes": [4 * GIB],
    "trainyard/node-1/cores": [2],
    "trainyard/node-1/disk_write_bytes_per_s": [0, 3 * 2**20],
    "trainyard/node-1/gpu0_percent": [98.0],
    "trainyard/node-1/gpu0_memory_bytes": [GIB],
    "trainyard/node-1/gpu0_memory_limit_bytes": [2 * GIB],
}


@pytest.fixture
def run(caller) -> Run:
    run = on_its_nodes(caller)
    assert lifecycle.move(run, State.RUNNING)
    return run


def send(driver, writer: str, points: dict[str, list[float]]) -> None:
    series = [
        {
            "name": name, "kind": "float", "values": values,
            "steps": list(range(1000, 1000 + len(values))), "times": [1000.0] * len(values),
        }
        for name, values in points.items()
    ]  # fmt: skip
    body = json.dumps({"writer": writer, "sequence": 1, "series": series})
    answer = driver.post("/api/v1/driver/metrics", body, content_type="application/json")
    assert answer.status_code == 200


@pytest.fixture
def driver(run, driver_of):
    driver = driver_of(run)
    send(driver, "1-abcdef01", {"loss": [0.5, 0.25]})
    send(driver, "system-abcdef01", NODE)
    return driver


def names(answer) -> list[str]:
    series = answer.json()["series"]
    return list(series) if isinstance(series, dict) else [one["name"] for one in series]


def test_lists_and_points_hold_the_scripts_own_metrics_alone(caller, run, driver):
    assert names(caller.get(f"/api/v1/runs/{run.run_id}/metrics")) == ["loss"]
    assert names(caller.get(f"/api/v1/runs/{run.run_id}/metrics/points")) == ["loss"]


def test_what_the_node_did_is_told_when_it_is_asked_for(caller, run, driver):
    assert names(caller.get(f"/api/v1/runs/{run.run_id}/metrics", monitoring=1)) == list(NODE)
    name = "trainyard/node-1/memory_bytes"
    answer = caller.get(f"/api/v1/runs/{run.run_id}/metrics/points", name=name).json()
    assert answer["series"][name]["values"] == [GIB, 3 * GIB]


def test_listeners_hear_only_what_they_listen_to(run, driver_of, monkeypatch):
    heard = []
    monkeypatch.setattr(
        live,
        "publish_all",
        lambda events: heard.extend((one.group, list(one.payload["series"])) for one in events),
    )
    driver = driver_of(run)
    send(driver, "1-abcdef01", {"loss": [0.5]})
    send(driver, "system-abcdef01", {"trainyard/node-1/cores": [2]})
    assert heard == [
        (metrics.group(run), ["loss"]),
        (metrics.monitoring_group(run), ["trainyard/node-1/cores"]),
    ]


def test_the_page_counts_and_heads_with_the_scripts_metrics(caller, run, driver, client):
    client.force_login(caller.user)
    shown = client.get(f"/runs/{run.run_id}/monitoring/").context
    assert ("metrics", "Metrics", 1) in shown["tabs"]
    assert shown["main_metric"]["name"] == "loss"
    assert len(shown["page"]["series"]) == len(NODE)


def test_an_ended_run_shows_what_it_used_at_most(caller, run, driver, client):
    client.force_login(caller.user)
    place = f"/runs/{run.run_id}/monitoring/"
    assert "<table" not in client.get(place, headers={"hx-request": "true"}).content.decode()
    lifecycle.end(run, Reason.SUCCEEDED)
    peaks = client.get(place).context["peaks"]
    assert [(p.title, p.mean, p.most, p.limit) for p in peaks] == [
        ("CPU", "75 %", "100 %", "–"),
        ("Memory", "2.0 GiB", "3.0 GiB", "4.0 GiB"),
        ("GPU 0", "98 %", "98 %", "–"),
        ("GPU memory 0", "1.0 GiB", "1.0 GiB", "2.0 GiB"),
        ("Disk, written", "1.5 MiB/s", "3.0 MiB/s", "–"),
    ]
    fragment = client.get(place, headers={"hx-request": "true"}).content.decode()
    assert "3.0 GiB" in fragment
    assert "<html" not in fragment


def test_several_nodes_are_told_apart(caller, run, driver, client):
    send(driver, "system-abcdef02", {"trainyard/node-2/cpu_percent": [10.0]})
    lifecycle.end(run, Reason.SUCCEEDED)
    client.force_login(caller.user)
    peaks = client.get(f"/runs/{run.run_id}/monitoring/").context["peaks"]
    assert [peaks[0].title, peaks[-1].title] == ["Node 1, CPU", "Node 2, CPU"]


def test_a_run_that_ran_out_of_memory_says_so(run, driver):
    words = "the script was ended because it ran out of memory: peak 6.9 GiB of a limit of 7.0 GiB"
    error = {"type": "OutOfMemory", "message": words}
    body = json.dumps({"exit_code": None, "signal": 9, "error": error})
    driver.post("/api/v1/driver/finish", body, content_type="application/json")
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.error == {**error, "exit_code": None, "signal": 9}
    assert run.events.last().text == f"{words} (signal 9)"
