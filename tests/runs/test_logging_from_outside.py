"""Who may log to a run from outside of it, by which token, and what that token may not do."""

import hashlib
from uuid import uuid4

import pytest
from django.urls import get_resolver, resolve
from django.utils.timezone import now

from runs import cleaning, ending, lifecycle, metrics, outside, tasks
from runs.driver_points import Sent, take
from runs.models import MetricWriter, Run
from runs.states import Reason, State
from studio import tokens
from studio.errors import NotSignedIn
from studio.models import Token, TokenKind
from tests.runs.conftest import client_with, on_its_nodes
from tests.runs.pipelines import advance, begun, graph, run_of, step, to_end
from tests.runs.test_driver_calls import batch
from tests.runs.test_points_together import body

pytestmark = pytest.mark.django_db
SCRIPT = {"train.py": "print('hello')\n"}


@pytest.fixture
def run(caller) -> Run:
    """A run on a cluster whose driver is about to speak."""
    return on_its_nodes(caller)


@pytest.fixture
def pipeline(caller) -> Run:
    """A pipeline run whose first step is Completed and whose second and third have begun."""
    code = caller.sent(SCRIPT)
    run = begun(caller, graph(step("a", code), step("b", code, 0), step("c", code, 0)))
    to_end(run, "a")
    advance(run)
    return run


def ask(client, run: Run):
    return client.post(f"/api/v1/runs/{run.run_id}/logging", {}, format="json")


def secret(client, run: Run) -> str:
    reply = ask(client, run)
    assert reply.status_code == 201, reply.content
    return reply.json()["token"]


def refused(client, run: Run) -> tuple[int, str]:
    reply = ask(client, run)
    return reply.status_code, reply.json()["error"]["message"]


def values(caller, run: Run, name: str = "loss") -> list:
    path = f"/api/v1/runs/{run.run_id}/metrics/points"
    return caller.get(path).json()["series"].get(name, {}).get("values", [])


# --- who may ---------------------------------------------------------------------------------


def test_who_may_write_in_the_workspace_logs_to_a_run_that_goes_on(caller, run):
    logger = client_with(secret(caller.client, run))
    assert batch(logger, 1, [0.5]).json() == {"sequence": 1, "dropped": []}
    sha256 = hashlib.sha256(b"hello").hexdigest()
    kind = "application/octet-stream"
    reply = logger.generic("PUT", f"/api/v1/driver/blobs/{sha256}", b"hello", content_type=kind)
    assert reply.status_code == 200, reply.content
    said = {"files": [["seen.txt", sha256]]}
    assert logger.post("/api/v1/driver/files", said, format="json").json() == {"files": 1}
    assert values(caller, run) == [0.5] and run.files.get().path == "seen.txt"


def test_a_reader_and_a_stranger_do_not(run, reader, stranger):
    assert refused(reader.client, run)[0] == 403
    assert refused(stranger.client, run)[0] == 404
    assert refused(client_with("ty_nobody"), run)[0] == 401
    assert not Token.objects.filter(kind=TokenKind.LOG).exists()


def test_a_runs_script_logs_to_what_it_may_change_and_to_nothing_else(
    caller, run, pipeline, driver_of
):
    script = driver_of(run_of(pipeline, "b"))
    assert batch(client_with(secret(script, pipeline)), 1, [0.5]).status_code == 200
    assert batch(client_with(secret(script, run_of(pipeline, "b"))), 1, [0.25]).status_code == 200
    assert (values(caller, pipeline), values(caller, run_of(pipeline, "b"))) == ([0.5], [0.25])
    for other in (run_of(pipeline, "c"), run):
        assert refused(script, other)[0] == 403
    order = {"items": [{"name": "fold"}]}
    made = script.post(f"/api/v1/runs/{run_of(pipeline, 'b').run_id}/children", order, "json")
    child = Run.objects.get(run_id=made.json()["items"][0]["run_id"])
    assert batch(client_with(secret(script, child)), 1, [0.125]).status_code == 200
    assert refused(driver_of(child), pipeline)[0] == 403


# --- what it may not -------------------------------------------------------------------------

DRIVERS = [
    ("GET", "job"), ("POST", "state"), ("POST", "heartbeat"), ("POST", "finish"), ("POST", "log"),
    ("GET", "inputs/data"), ("POST", "inputs/data"), ("POST", "output-datasets/data"),
    ("GET", "blobs/" + "0" * 64),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), DRIVERS)
def test_the_token_does_not_speak_as_the_runs_driver(caller, run, driver_of, method, path):
    [sha256] = run.snapshot.files.values_list("blob_id", flat=True)
    path = path.replace("0" * 64, sha256)  # of the run's code, which its driver may read
    said = {"state": "Running"} if path == "state" else {"exit_code": 0}
    logger = client_with(secret(caller.client, run))
    before = list(tasks.of(run).values())
    call = {"GET": logger.get, "POST": logger.post}[method]
    reply = call(f"/api/v1/driver/{path}", said, format="json")
    assert reply.status_code == 403 and "metrics and files" in reply.json()["error"]["message"]
    run.refresh_from_db()
    assert (run.state, list(tasks.of(run).values())) == (State.STARTING, before)
    if path in ("job", "state", "heartbeat") or path.startswith("blobs"):  # what a driver may
        own = {"GET": driver_of(run).get, "POST": driver_of(run).post}[method]
        assert own(f"/api/v1/driver/{path}", said, format="json").status_code == 200


def _calls():
    """Every view of the API but those of drivers, with a path to it."""
    api = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/")
    pending = [("/api/v1/", one) for one in api.url_patterns]
    while pending:
        before, one = pending.pop()
        if hasattr(one, "url_patterns"):
            pending += [(before + str(one.pattern), below) for below in one.url_patterns]
        elif not before.endswith("driver/") and one.name not in ("schema", "docs"):
            kwargs = dict.fromkeys(one.pattern.converters, "lab")
            for name, converter in one.pattern.converters.items():
                kind = type(converter).__name__
                kwargs[name] = {"IntConverter": "1", "UUIDConverter": str(uuid4())}.get(kind, "lab")
            text = str(one.pattern)
            for name, converter in one.pattern.converters.items():
                kind = type(converter).__name__.removesuffix("Converter").lower()
                kind = {"string": "str"}.get(kind, kind)
                text = text.replace(f"<{kind}:{name}>", kwargs[name])
            yield before + text


def test_no_other_call_of_the_api_takes_it(caller, run):
    logger = client_with(secret(caller.client, run))
    paths = [*_calls(), f"/api/v1/runs/{run.run_id}", f"/api/v1/runs/{run.run_id}/logging"]
    assert len(paths) > 100
    for path in paths:
        allowed = resolve(path).func.view_class().allowed_methods
        for method in {"GET", "POST", "PATCH", "PUT", "DELETE"} & set(allowed):
            reply = logger.generic(method, path, b"{}", content_type="application/json")
            assert reply.status_code == 403, (method, path, reply.status_code)


def test_it_says_nothing_under_the_studios_own_names(caller, run):
    logger = client_with(secret(caller.client, run))
    reply = batch(logger, 1, [1.0], "trainyard/cpu")
    assert reply.status_code == 400 and "the studio's own" in reply.json()["error"]["message"]
    long = {"writer": "w" * 56, "sequence": 1, "series": []}
    reply = logger.post("/api/v1/driver/metrics", long, format="json")
    assert reply.status_code == 400 and "at most 55" in reply.json()["error"]["message"]


# --- beside the run's own --------------------------------------------------------------------


def test_both_log_and_neither_disturbs_the_other_even_by_one_writers_name(caller, run, driver_of):
    driver, logger = driver_of(run), client_with(secret(caller.client, run))
    assert batch(driver, 1, [0.5]).json()["sequence"] == 1
    assert batch(logger, 1, [7.0], "mse").json()["sequence"] == 1
    assert batch(driver, 2, [0.25]).json()["sequence"] == 2
    assert (values(caller, run), values(caller, run, "mse")) == ([0.5, 0.25], [7.0])
    assert MetricWriter.objects.filter(run=run).count() == 2


def test_packed_batches_of_both_are_stored_together(caller, run):
    own = tokens.issue(
        caller.user, caller.workspace, name="run", kind=TokenKind.RUN, subject=run.run_id
    )[1]
    from_outside = secret(caller.client, run)
    personal = tokens.issue(caller.user, caller.workspace, name="me")[1]
    answers = take(
        [
            Sent(own, body([0.5])),
            Sent(from_outside, body([7.0], name="mse")),
            Sent(personal, body([1.0])),
            Sent(from_outside, body([1.0], name="trainyard/cpu", number=2)),
        ]
    )
    assert answers[:2] == [metrics.Stored(1)] * 2
    assert [type(answer).__name__ for answer in answers[2:]] == ["NotAllowed", "BadInput"]
    assert (values(caller, run), values(caller, run, "mse")) == ([0.5], [7.0])


# --- its end ---------------------------------------------------------------------------------


def test_nobody_logs_to_a_run_that_has_ended(caller, run):
    logger = client_with(secret(caller.client, run))
    lifecycle.end(run, Reason.CANCELED)
    assert batch(logger, 1, [0.5]).status_code == 409
    status, words = refused(caller.client, run)
    assert status == 409 and "has ended as Canceled" in words and "upload_file" in words
    assert cleaning.clean(run, now())
    assert batch(logger, 1, [0.5]).status_code == 401
    assert not Token.objects.filter(subject=run.run_id).exists()


def test_a_run_that_is_started_again_is_logged_to_on_but_not_by_its_old_attempt(
    caller, run, driver_of
):
    person = client_with(secret(caller.client, run))
    old = client_with(secret(driver_of(run), run))
    assert batch(person, 1, [0.5]).status_code == batch(old, 1, [0.25]).status_code == 200
    assert ending.leave(run, State.QUEUED, "a node was lost")
    assert batch(person, 2, [0.125]).status_code == 200
    assert batch(old, 2, [0.0]).status_code == 401
    assert values(caller, run) == [0.5, 0.25, 0.125]


def test_what_a_step_asked_for_ends_with_the_step(caller, pipeline, driver_of):
    ended, other = run_of(pipeline, "b"), run_of(pipeline, "c")
    by_ended, by_other = (client_with(secret(driver_of(one), pipeline)) for one in (ended, other))
    lifecycle.end(ended, Reason.CANCELED)
    cleaning.clean(ended, now())
    assert batch(by_ended, 1, [0.5]).status_code == 401
    assert batch(by_other, 1, [0.5]).status_code == 200


def test_a_script_whose_token_is_gone_gets_no_new_one(caller, run):
    token, _ = tokens.issue(
        caller.user, caller.workspace, name="run", kind=TokenKind.RUN, subject=run.run_id
    )
    tokens.revoke(TokenKind.RUN, run.run_id)
    with pytest.raises(NotSignedIn):
        outside.token_for(run, caller.user, by=token)
    assert not Token.objects.filter(kind=TokenKind.LOG).exists()


def test_who_asks_again_and_again_has_no_pile_of_tokens(caller, run, driver_of, monkeypatch):
    monkeypatch.setattr(outside, "MOST_TOKENS", 3)
    first = secret(caller.client, run)
    script = secret(driver_of(run), run)
    for _ in range(2):
        secret(caller.client, run)
    assert batch(client_with(first), 1, [0.5]).status_code == 200  # used last: it stays
    newest = [secret(caller.client, run) for _ in range(2)]
    assert Token.objects.filter(kind=TokenKind.LOG).count() == 4
    for number, one in enumerate((first, *newest, script), 2):
        assert batch(client_with(one), 2 if one == first else 1, [0.5]).status_code == 200, number


# --- pages -----------------------------------------------------------------------------------


def test_a_pipeline_run_with_metrics_shows_them_as_others_do(caller, pipeline, as_user):
    browser = as_user(caller.user)

    def shown(rest: str = "") -> str:
        return browser.get(f"/runs/{pipeline.run_id}/{rest}").content.decode()

    assert "tab-metrics" not in shown() and "data-main-metric" not in shown()
    logger = client_with(secret(caller.client, pipeline))
    batch(logger, 1, [0.5, 0.25], "val_loss")
    for part in (shown(), shown("steps/"), shown("_status/")):
        assert 'data-count="metrics">1<' in part
        assert 'data-main-metric="val_loss">val_loss <b>0.25</b>' in part
    assert '"val_loss"' in shown("metrics/")
    table = caller.get(f"{caller.home}/experiments/flow/table", columns="metrics.val_loss").json()
    values = {one["run_id"]: one["values"].get("metrics.val_loss") for one in table["items"]}
    assert values.pop(pipeline.run_id) == 0.25 and set(values.values()) == {None}
