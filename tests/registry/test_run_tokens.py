"""A run's own token registers and adds; what it did not make it does not delete."""

import pytest

from registry import fetching
from registry.models import Alias, Fetch, FetchState, StoredFile
from studio import tokens
from studio.models import TokenKind
from tests.factories import make_blob, make_member
from tests.runs.conftest import client_with


@pytest.fixture
def lab(api):
    return api()


@pytest.fixture
def run(lab):
    """A client with a run's token, of somebody else in the workspace."""
    user = make_member(workspace=lab.workspace).user
    _, secret = tokens.issue(user, lab.workspace, name="run", kind=TokenKind.RUN, subject="a_run_1")
    client = client_with(secret)
    client.user = user
    return client


def url(lab, rest):
    return f"/api/v1/workspaces/{lab.workspace.name}/{rest}"


def files():
    return [["a.txt", make_blob(b"one").sha256]]


def test_it_registers_and_adds(lab, run):
    for what in ("models", "datasets"):
        body = {"name": "digits", "files": files()}
        assert run.post(url(lab, what), body, format="json").status_code == 201
    where, body = url(lab, "models/digits/aliases/champion"), {"version": 1}
    assert run.put(where, body, format="json").status_code == 200
    assert run.post(url(lab, "store"), {"files": files()}, format="json").json()["stored"] == 1


@pytest.mark.parametrize(
    "rest",
    [
        "models/digits", "models/digits/versions/1", "models/digits/aliases/champion",
        "datasets/digits?forever=1", "datasets/digits/1", "datasets/digits/aliases/golden",
        "store/a.txt", "store/",
    ],
)  # fmt: skip
def test_it_deletes_nothing(lab, run, rest):
    root = f"workspaces/{lab.workspace.name}"
    for what, alias in (("models", "champion"), ("datasets", "golden")):
        lab.post(f"{root}/{what}", {"name": "digits", "files": files()})
        where = f"/api/v1/{root}/{what}/digits/aliases/{alias}"
        lab.client.put(where, {"version": 1}, format="json")
    lab.post(f"{root}/store", {"files": files()})
    before = Alias.objects.count(), StoredFile.objects.count()
    refused = run.delete(url(lab, rest))
    assert refused.status_code in (403, 404 if rest == "store/" else 403)
    assert (Alias.objects.count(), StoredFile.objects.count()) == before == (2, 1)
    for what in ("models", "datasets"):
        assert lab.get(f"{root}/{what}/digits").status_code == 200
    if rest != "store/":
        assert "run's own token may not do this" in refused.json()["error"]["message"]


def test_it_stops_its_own_fetch_and_not_another_s(lab, run, settings):
    settings.FETCH_PRIVATE = ["127.0.0.1/32"]
    theirs = fetching.from_urls(lab.workspace, lab.user, ["http://127.0.0.1:9/a"], {})
    own = fetching.from_urls(lab.workspace, run.user, ["http://127.0.0.1:9/b"], {})
    assert run.post(url(lab, f"fetches/{theirs.pk}/cancel")).status_code == 403
    assert run.post(url(lab, f"fetches/{own.pk}/cancel")).status_code == 200
    states = dict(Fetch.objects.values_list("pk", "state"))
    assert states == {theirs.pk: FetchState.QUEUED, own.pk: FetchState.CANCELED}
