"""Slow servers: a fetch that hardly moves ends in words, and nobody's fetches take all places."""

import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils.timezone import now

from registry import fetch_work, fetching, reaching
from registry.models import Fetch, FetchState
from tests.factories import make_member
from tests.fixtures.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def server(pieces, pause_s):
    """A real server that sends one piece after the other, with a pause between; its URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve(client):
        with client:
            try:
                client.recv(65536)
                for piece in pieces:
                    client.sendall(piece)
                    if over.wait(pause_s):
                        return
            except OSError:
                pass  # the other side has had enough

    def accept():
        while not over.is_set():
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=[client], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/file"
    finally:
        over.set()
        listening.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n"


@pytest.fixture
def member(settings, tmp_path):
    settings.FETCHES = tmp_path / "fetches"
    settings.FETCH_PRIVATE = ["127.0.0.1/32"]
    return make_member()


def fetched(member, url):
    made = fetching.from_urls(member.workspace, member.user, [url], {})
    fetch_work.work(made.pk)
    made.refresh_from_db()
    return made


def test_a_server_that_sends_next_to_nothing_is_left_with_its_rate_told(member, monkeypatch):
    monkeypatch.setattr(fetch_work, "RATE_OVER_S", 1.0)
    with server([HEAD, *[b"x"] * 2000], 0.05) as url:
        began = time.monotonic()
        made = fetched(member, url)
    assert time.monotonic() - began < 60
    assert made.state == FetchState.FAILED
    assert "comes too slowly" in made.error and "STUDIO_FETCH_LEAST_BYTES_PER_S" in made.error
    assert not fetch_work.folder_of(made.pk).exists()


def test_how_far_a_slow_file_is_is_seen_while_it_comes(member):
    fetch = fetching.from_urls(member.workspace, member.user, ["http://127.0.0.1:1/file"], {})
    with server([HEAD, *[b"x" * 10] * 10_000], 0.05) as url:
        fetch.files[0]["from"] = url
        fetch.save()
        work = threading.Thread(target=fetch_work.work, args=[fetch.pk], daemon=True)
        work.start()

        def came():
            fetch.refresh_from_db()
            return fetch.files[0]["done_bytes"]

        done = until(came, what="it is seen how far it is")
        fetching.cancel(fetch)
        work.join(60)
    assert 0 < done < 100_000 and not work.is_alive()


def test_a_server_slower_than_that_is_waited_for_where_the_studio_wants_it(
    member, monkeypatch, settings
):
    monkeypatch.setattr(fetch_work, "RATE_OVER_S", 0.2)
    settings.FETCH_LEAST_BYTES_PER_S = 0
    head = HEAD.replace(b"100000", b"8")
    with server([head, *[b"x"] * 8], 0.1) as url:
        assert fetched(member, url).state == FetchState.COMPLETED


def test_waits_between_tries_do_not_count_as_slow(monkeypatch, settings):
    settings.FETCH_LEAST_BYTES_PER_S = 1000
    clock = [0.0]
    monkeypatch.setattr(fetch_work.time, "monotonic", lambda: clock[0])
    pace = fetch_work.Pace("http://here/file")
    for _ in range(20):
        clock[0] += 100  # the server is away
        pace.begin()
        clock[0] += 1
        pace.came(1500)
    assert clock[0] > 2000


def test_a_head_that_trickles_is_cut_off(member, monkeypatch):
    monkeypatch.setattr(reaching, "HEAD_S", 0.5)
    monkeypatch.setattr(fetch_work, "TRIES", 1)
    head = [b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 2000]
    with server(head, 0.1) as url:
        began = time.monotonic()
        made = fetched(member, url)
    assert time.monotonic() - began < 60
    assert made.state == FetchState.FAILED and "could not be fetched" in made.error


def ask(member, count):
    urls = [f"http://127.0.0.1:9/{number}" for number in range(count)]
    return [fetching.from_urls(member.workspace, member.user, [url], {}) for url in urls]


def test_one_workspace_leaves_places_to_the_others(member, settings):
    settings.FETCHES_AT_ONCE = 4
    other = make_member()
    many, one = ask(member, 4), ask(other, 1)
    at = now()
    taken = [fetching.claim(fetch.pk, at) for fetch in many]
    assert [fetch is not None for fetch in taken] == [True, True, False, False]
    # Asked earlier, those of the first wait all the same: the next is the other's.
    assert fetching.following() == one[0].pk
    assert fetching.claim(one[0].pk, at) is not None
    assert fetching.following() is None
    fetching.end(fetching.held(taken[0]), FetchState.CANCELED)
    assert fetching.following() == many[2].pk


def test_what_is_due_again_leaves_out_who_has_no_place(member, settings):
    settings.FETCHES_AT_ONCE = 2
    first, second = ask(member, 2)
    Fetch.objects.update(created_at=now() - timedelta(minutes=1))
    assert fetching.due(now()) == [first.pk, second.pk]
    fetching.claim(first.pk, now())
    assert fetching.due(now()) == []
