"""What the driver says may be said twice: nothing is doubled, the first end wins."""

import pytest

from runs.models import Run
from runs.states import State
from studio.files import blobs
from tests.runs.conftest import on_its_nodes

pytestmark = pytest.mark.django_db
LOG = "azureml-logs/70_driver_log.txt"


@pytest.fixture
def run(caller) -> Run:
    return on_its_nodes(caller)


@pytest.fixture
def driver(run, driver_of):
    return driver_of(run)


def log(driver, offset: int, data: bytes, path: str = LOG):
    return driver.post(
        f"/api/v1/driver/log?path={path}&offset={offset}",
        data,
        content_type="application/octet-stream",
    )


def batch(driver, sequence: int, values: list, name: str = "loss", *, kind: str = "float"):
    steps = list(range(len(values)))
    series = [
        {"name": name, "kind": kind, "steps": steps, "times": [1.0] * len(values), "values": values}
    ]
    body = {"writer": "w1", "sequence": sequence, "series": series}
    return driver.post("/api/v1/driver/metrics", body, format="json")


def test_log_bytes_are_stored_once_however_often_they_are_sent(driver, caller, run):
    assert log(driver, 0, b"one\n").json() == {"at": 4, "is_cut": False}
    again = log(driver, 0, b"one\n")
    assert (again.status_code, again.json()["error"]["at"]) == (409, 4)
    assert log(driver, 4, b"two\n").json() == {"at": 8, "is_cut": False}
    read = caller.get(f"/api/v1/runs/{run.run_id}/log", path=LOG).json()
    assert read["text"] == "one\ntwo\n"
    whole = caller.get(f"/api/v1/runs/{run.run_id}/files/{LOG}")
    assert b"".join(whole.streaming_content) == b"one\ntwo\n"


def test_a_log_outside_the_log_folders_is_refused(driver):
    for path in ("outputs/x.txt", "../x", "/etc/x", "azureml-logs/20_image_build_log.txt"):
        assert log(driver, 0, b"x", path).status_code == 400, path


def test_a_metric_batch_is_stored_once_and_a_gap_says_where_to_go_on(driver, caller, run):
    assert batch(driver, 1, [0.5, "NaN", "Infinity"]).json() == {"sequence": 1, "dropped": []}
    assert batch(driver, 1, [0.5, "NaN", "Infinity"]).json() == {"sequence": 1, "dropped": []}
    gap = batch(driver, 3, [1.0])
    assert (gap.status_code, gap.json()["error"]["at"]) == (409, 1)
    batch(driver, 2, [0.25])
    points = caller.get(f"/api/v1/runs/{run.run_id}/metrics/points").json()["series"]["loss"]
    assert points["values"] == [0.5, "NaN", "Infinity", 0.25]
    summary = caller.get(f"/api/v1/runs/{run.run_id}/metrics").json()["series"][0]
    assert (summary["count"], summary["nan_count"], summary["first_nan_step"]) == (4, 2, 1)
    assert (summary["least"], summary["greatest"], summary["last"]) == (0.25, 0.5, 0.25)


def test_small_and_large_batches_of_a_metric_follow_each_other_whole(driver, caller, run):
    def part(first: int, count: int) -> dict:
        numbers = list(range(first, first + count))
        return {
            "name": "loss", "kind": "float", "steps": numbers,
            "times": [1.0] * count, "values": [float(n) for n in numbers],
        }  # fmt: skip

    first = 0
    for sequence, count in enumerate((3, 5000, 2, 300, 1, 1, 256, 255, 4), start=1):
        body = {"writer": "w", "sequence": sequence, "series": [part(first, count)]}
        assert driver.post("/api/v1/driver/metrics", body, format="json").status_code == 200
        first += count
    read = caller.get(f"/api/v1/runs/{run.run_id}/metrics/points", name="loss").json()["series"][
        "loss"
    ]
    assert read["steps"] == list(range(first))
    assert read["values"] == [float(n) for n in range(first)]


def test_numbers_keep_their_kind_and_text_is_a_metric_too(driver, caller, run):
    batch(driver, 1, [1, 2], "epoch", kind="int")
    batch(driver, 2, [1, 0], "ok", kind="bool")
    batch(driver, 3, ["début"], "note", kind="text")
    batch(driver, 4, ["fin"], "note", kind="text")
    batch(driver, 5, [3.0], "note", kind="float")
    series = caller.get(f"/api/v1/runs/{run.run_id}/metrics/points").json()["series"]
    assert series["epoch"]["values"] == [1, 2]
    assert series["ok"]["values"] == [True, False]
    assert series["note"]["values"] == ["début", "fin"]


@pytest.mark.parametrize(
    "series",
    [
        None,
        [{"name": "x"}],
        [{"name": "", "kind": "float", "steps": [0], "times": [0], "values": [0]}],
        [{"name": "x", "kind": "float", "steps": [0, 1], "times": [0], "values": [0]}],
        [{"name": "x", "kind": "float", "steps": [0], "times": ["NaN"], "values": [0]}],
        [{"name": "x", "kind": "matrix", "steps": [0], "times": [0], "values": [0]}],
        [{"name": "x", "kind": "float", "steps": [2**70], "times": [0], "values": [0]}],
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(driver, run, series):
    body = {"writer": "w", "sequence": 1, "series": series}
    reply = driver.post("/api/v1/driver/metrics", body, format="json")
    assert reply.status_code == 400, reply.json()
    assert run.series.count() == 0


def test_outputs_replace_what_had_their_path(driver, caller, run):
    for text in (b"first", b"second"):
        sha256 = blobs.put([text]).sha256
        files = {"files": [["outputs/model.pt", sha256]]}
        assert driver.post("/api/v1/driver/files", files, format="json").json() == {"files": 1}
    items = caller.get(f"/api/v1/runs/{run.run_id}/files").json()["items"]
    assert [(i["path"], i["size_bytes"]) for i in items] == [("outputs/model.pt", 6)]


def test_the_first_end_wins_and_saying_it_again_is_no_error(driver, run):
    driver.post("/api/v1/driver/state", {"state": "Running"}, format="json")
    assert driver.post("/api/v1/driver/finish", {"exit_code": 0}, format="json").status_code == 200
    assert driver.post("/api/v1/driver/finish", {"exit_code": 1}, format="json").status_code == 200
    run.refresh_from_db()
    assert (run.state, run.reason) == (State.COMPLETED, "succeeded")
    assert log(driver, 0, b"late").status_code == 409


def test_a_failure_keeps_the_exit_code_and_the_tracebacks_last_line(driver, run):
    driver.post("/api/v1/driver/state", {"state": "Running"}, format="json")
    error = {"type": "ValueError", "message": "ValueError: bad", "traceback": "Traceback …"}
    driver.post("/api/v1/driver/finish", {"exit_code": 1, "error": error}, format="json")
    run.refresh_from_db()
    assert (run.state, run.reason) == (State.FAILED, "script-failed")
    assert run.error["message"] == "ValueError: bad"
    assert run.error["exit_code"] == 1


def test_a_states_repeat_does_not_turn_it_back(driver, run):
    for state in ("Running", "Finalizing", "Running", "Starting"):
        driver.post("/api/v1/driver/state", {"state": state}, format="json")
    run.refresh_from_db()
    assert run.state == State.FINALIZING
    states = [event.state for event in run.events.all()]
    assert states[-3:] == ["Starting", "Running", "Finalizing"]


def test_a_runs_token_is_good_for_its_own_run_only(caller, driver, run):
    other = caller.submit().json()["run_id"]
    assert driver.get(f"/api/v1/runs/{run.run_id}").status_code == 200
    assert driver.get(f"/api/v1/runs/{other}").status_code == 403
    assert driver.get(f"{caller.home}/runs").status_code == 403
    assert driver.post("/api/v1/tokens", {"name": "x"}, format="json").status_code == 403
    assert caller.get("/api/v1/driver/job").status_code == 403


def test_a_driver_gets_only_its_own_blobs(caller, driver, run):
    foreign = blobs.put([b"another run's secret"]).sha256
    assert driver.get(f"/api/v1/driver/blobs/{foreign}").status_code == 404
    job = driver.get("/api/v1/driver/job").json()
    path, sha256, size = job["files"][0]
    assert (path, size) == ("train.py", 15)
    assert driver.get(f"/api/v1/driver/blobs/{sha256}").status_code == 200
