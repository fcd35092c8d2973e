"""Many small contents at once, as calls send them: all of a batch is kept, or nothing of it."""

import hashlib
import multiprocessing
import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from studio.files import batches, blobs, collecting, many
from studio.models import Blob, Role
from tests.factories import make_member
from tests.fixtures.waiting import until

CONTENTS = [b"content %d" % number for number in range(300)] + [b"", b"\n", b"0" * 64 + b" 3\nabc"]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def body_of(*contents: bytes) -> bytes:
    return b"".join(b"%s %d\n%s" % (sha(one).encode(), len(one), one) for one in contents)


def bytes_kept() -> set[str]:
    return {f"{place.parent.name}{place.name}" for place in Path(settings.BLOBS).glob("??/*")}


def nothing_arrives() -> bool:
    return not list(Path(settings.BLOBS).glob(".arriving-*"))


@pytest.mark.django_db
def test_many_are_kept_each_once_and_in_few_queries():
    with CaptureQueriesContext(connection) as asked:
        names = many.put_many([*CONTENTS, *CONTENTS])
    assert len(asked) < 20
    assert names == [sha(one) for one in CONTENTS] * 2
    assert [b"".join(blobs.read(sha(one))) for one in CONTENTS] == CONTENTS
    assert set(Blob.objects.values_list("pk", "size_bytes")) == {
        (sha(one), len(one)) for one in CONTENTS
    }
    assert bytes_kept() == set(names) and nothing_arrives()
    before = {place: place.stat().st_ino for place in Path(settings.BLOBS).glob("??/*")}
    many.put_many(CONTENTS)
    assert before == {place: place.stat().st_ino for place in Path(settings.BLOBS).glob("??/*")}


@pytest.mark.django_db
def test_a_batch_over_http(api):
    call = api()
    path = f"/api/v1/workspaces/{call.workspace.name}/blobs/batch"

    def send(data: bytes):
        return call.client.generic("POST", path, data, "application/octet-stream")

    reply = send(body_of(*CONTENTS))
    assert (reply.status_code, reply.json()) == (200, {"kept": len(CONTENTS)})
    assert bytes_kept() == {sha(one) for one in CONTENTS}
    assert send(b"").json() == {"kept": 0}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (body_of(b"good") + b"%s 3\nbad" % sha(b"lie").encode(), "have the SHA-256"),
        (body_of(b"good") + b"%s 9\nshort" % sha(b"short").encode(), "ends before all 9 bytes"),
        (body_of(b"good") + b"%s -1\n" % sha(b"").encode(), "there is no `<sha256>"),
        (body_of(b"good") + b"%s" % sha(b"").encode(), "there is no `<sha256>"),
        (body_of(b"good") + b"%s %d\n" % (sha(b"").encode(), 10**9), "there is no `<sha256>"),
        (body_of(b"good") + b"\xff" * 200, "there is no `<sha256>"),
        (body_of(*(b"%d" % number for number in range(2001))), "2,000 contents at most"),
        (b"x" * (batches.MOST_BYTES + 1), "16,777,216 bytes at most"),
    ],
    ids=["lie", "short", "negative", "no size", "long", "binary", "many", "large"],
)
def test_a_batch_in_which_one_thing_is_wrong_leaves_nothing(api, data, words):
    call = api()
    path = f"/api/v1/workspaces/{call.workspace.name}/blobs/batch"
    reply = call.client.generic("POST", path, data, "application/octet-stream")
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "bad_input")
    assert words in reply.json()["error"]["message"]
    assert not bytes_kept() and nothing_arrives() and not Blob.objects.exists()


@pytest.mark.django_db
def test_who_may_only_look_sends_no_batch(api):
    member = make_member(role=Role.READER)
    call = api(member.user, member.workspace)
    path = f"/api/v1/workspaces/{member.workspace.name}/blobs/batch"
    reply = call.client.generic("POST", path, body_of(b"1"), "application/octet-stream")
    assert reply.status_code == 403
    assert not bytes_kept()


@pytest.mark.django_db
def test_what_was_there_and_is_collected_while_the_others_come_is_kept_again(monkeypatch):
    there, comes = b"there already", b"comes now"
    many.put_many([there])
    keep, times = many._keep, []

    def collected_meanwhile(*arguments) -> None:
        keep(*arguments)
        if not times:
            collecting.forget([sha(there)], since=now() - timedelta(days=1))
            assert bytes_kept() == {sha(comes)}
        times.append(1)

    monkeypatch.setattr(many, "_keep", collected_meanwhile)
    many.put_many([there, comes])
    assert bytes_kept() == {sha(there), sha(comes)} and nothing_arrives()
    assert b"".join(blobs.read(sha(there))) == there
    assert len(times) == 2


def put_until_killed(seed: int) -> None:
    try:
        for number in range(1000):
            many.put_many(b"%d %d %d" % (seed, number, at) for at in range(250))
    finally:
        os._exit(1)  # it is killed before: nothing of pytest's must be done twice


@pytest.mark.django_db(transaction=True)
def test_a_kill_in_the_middle_leaves_no_row_without_its_bytes():
    chance = random.Random(3)
    for seed in range(4):
        connections.close_all()  # no process may speak on another's connection
        process = multiprocessing.get_context("fork").Process(target=put_until_killed, args=[seed])
        process.start()
        first = [sha(b"%d 0 %d" % (seed, at)) for at in range(250)]
        until(Blob.objects.filter(pk__in=first).exists, what="its first are kept")
        time.sleep(chance.random() * 0.5)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    kept = list(Blob.objects.values_list("pk", flat=True))
    assert len(kept) >= 200
    for name in kept:
        assert sha(b"".join(blobs.read(name))) == name
