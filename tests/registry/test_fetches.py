"""Fetches: files that the studio brings itself: once, whole, checked, and from nowhere private."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils.timezone import now

from registry import actors, fetch_work, fetching, reaching
from registry.models import Fetch, FetchState
from studio.errors import BadInput
from studio.files import blobs, trees
from tests.factories import make_member
from tests.fixtures.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
LOCAL = ["127.0.0.1/32", "::1/128"]


class Site:
    """A real web server on this machine, that counts what it is asked and misbehaves on demand."""

    def __init__(self):
        self.files, self.asked, self.moved = {}, [], {}
        self.cut_at, self.gate, self.statuses, self.claimed = {}, None, {}, {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                site.answer(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def answer(self, handler):
        path = handler.path.partition("?")[0]
        self.asked.append((path, dict(handler.headers)))
        handler.close_connection = True
        if path in self.moved:
            self.say(handler, 302, {"Location": self.moved[path]})
            return
        if self.statuses.get(path):
            self.say(handler, self.statuses[path].pop(0), {})
            return
        if path not in self.files:
            self.say(handler, 404, {})
            return
        content = self.files[path]
        etag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
        if handler.headers.get("If-None-Match") == etag:
            self.say(handler, 304, {})
            return
        start = 0
        span = handler.headers.get("Range", "")
        if span and handler.headers.get("If-Range") == etag:
            start = int(span.removeprefix("bytes=").rstrip("-"))
        length = self.claimed.get(path, len(content) - start)
        headers = {"ETag": etag, "Content-Length": str(length)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.say(handler, 206 if start else 200, headers)
        self.send(handler, path, content[start:])

    def send(self, handler, path, content):
        if self.cut_at.get(path):
            content = content[: self.cut_at[path].pop(0)]
        half = len(content) // 2
        handler.wfile.write(content[:half])
        handler.wfile.flush()
        if self.gate is not None:
            self.gate.wait(180)
        handler.wfile.write(content[half:])

    def say(self, handler, status, headers):
        handler.send_response(status)
        for name, value in {"Content-Length": "0", **headers, "Connection": "close"}.items():
            handler.send_header(name, value)
        handler.end_headers()


@pytest.fixture
def site(settings, tmp_path):
    settings.FETCHES = tmp_path / "fetches"
    settings.FETCH_PRIVATE = LOCAL
    found = Site()
    yield found
    if found.gate:
        found.gate.set()
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def member():
    return make_member()


def fetch(member, *urls, **expected):
    made = fetching.from_urls(member.workspace, member.user, urls, expected.get("sha256", {}))
    fetch_work.work(made.pk)
    made.refresh_from_db()
    return made


def test_urls_become_a_tree_by_their_addresses(site, member, workers, api):
    site.files = {"/mnist/a.gz": b"A" * 1000, "/mnist/b": b""}
    caller = api(member.user, member.workspace)
    root = f"workspaces/{member.workspace.name}"
    urls = [f"{site.url}/mnist/a.gz", f"{site.url}/mnist/b"]
    asked = caller.post(f"{root}/fetches", {"urls": urls})
    assert asked.status_code == 201, asked.json()
    workers.join("fetches")
    said = caller.get(f"{root}/fetches/{asked.json()['id']}").json()
    assert (said["state"], said["error"]) == ("Completed", "")
    assert (said["done_bytes"], said["size_bytes"]) == (1000, 1000)
    host = site.url.removeprefix("http://").replace(":", "%3A")
    assert [file["path"] for file in said["files"]] == [
        f"http%3A/%2F{host}/mnist/a.gz",
        f"http%3A/%2F{host}/mnist/b",
    ]
    assert set(said["files"][0]) == {"url", "path", "size_bytes", "done_bytes", "sha256"}
    made = caller.post(f"{root}/datasets", {"name": "mnist", "fetch": said["id"]}).json()
    assert (made["tree"], made["source"]) == (said["tree"], urls)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://yann.lecun.com/exdb/mnist/x.gz", "http%3A/%2Fyann.lecun.com/exdb/mnist/x.gz"),
        ("https://h.org:8080/a.csv?x=1#top", "https%3A/%2Fh.org%3A8080/a.csv"),
        ("https://h.org//a/../b%20c", "https%3A/%2Fh.org/%2Fa/%2E%2E/b%20c"),
    ],
)
def test_paths_of_urls(url, path):
    assert fetching.path_of(url) == path


def test_urls_that_only_differ_in_their_queries_are_two_files(site, member):
    site.files = {"/get": b"x"}
    made = fetch(member, f"{site.url}/get?id=1", f"{site.url}/get?id=2")
    assert [file["path"].rpartition("/")[2] for file in made.files] == [
        "get%3Fid=1",
        "get%3Fid=2",
    ]
    assert made.state == FetchState.COMPLETED


def test_a_cut_connection_is_gone_on_with_and_not_begun_anew(site, member):
    content = bytes(range(256)) * 8000
    site.files = {"/big": content}
    site.cut_at = {"/big": [1_000_000, 500_000]}
    made = fetch(member, f"{site.url}/big", sha256={})
    assert made.state == FetchState.COMPLETED, made.error
    [(_, sha256, size)] = trees.listing(made.tree)
    assert (sha256, size) == (hashlib.sha256(content).hexdigest(), len(content))
    ranges = [headers.get("Range") for _, headers in site.asked]
    assert ranges == [None, "bytes=1000000-", "bytes=1500000-"]
    assert not list(fetch_work.folder_of(made.pk).parent.glob("*"))


def test_a_file_that_changes_while_it_comes_is_begun_anew(site, member):
    site.files = {"/x": b"old" * 100_000}
    site.cut_at = {"/x": [200_000]}
    real = site.send

    def change(handler, path, content):
        real(handler, path, content)
        site.files["/x"] = b"new" * 100_000

    site.send = change
    made = fetch(member, f"{site.url}/x")
    assert b"".join(blobs.read(made.files[0]["sha256"])) == b"new" * 100_000


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(site, member):
    site.files = {"/later": b"x"}
    site.statuses = {"/later": [503, 429]}
    assert fetch(member, f"{site.url}/later").state == FetchState.COMPLETED
    site.asked.clear()
    made = fetch(member, f"{site.url}/nothing")
    assert made.state == FetchState.FAILED
    assert "its server answers 404" in made.error
    assert f"{site.url}/nothing" in made.error
    assert len(site.asked) == 1
    assert made.tree is None


def test_the_hash_that_was_asked_for_is_the_hash_that_comes(site, member):
    site.files = {"/x": b"content"}
    url = f"{site.url}/x"
    wrong = fetch(member, url, sha256={url: "0" * 64})
    assert wrong.state == FetchState.FAILED
    assert "is not the file that was asked for" in wrong.error
    right = fetch(member, url, sha256={url: hashlib.sha256(b"content").hexdigest()})
    assert right.state == FetchState.COMPLETED


def test_what_is_there_already_is_not_asked_for(site, member):
    site.files = {"/x": b"content"}
    url = f"{site.url}/x"
    blob = blobs.put([b"content"])
    made = fetch(member, url, sha256={url: blob.sha256})
    assert made.state == FetchState.COMPLETED
    assert site.asked == []


def test_the_same_file_at_the_same_url_is_not_fetched_again(site, member):
    site.files = {"/x": b"content" * 1000}
    first = fetch(member, f"{site.url}/x")
    second = fetch(member, f"{site.url}/x")
    assert (second.state, second.tree) == (FetchState.COMPLETED, first.tree)
    assert site.asked[1][1]["If-None-Match"]
    site.files["/x"] = b"changed"
    third = fetch(member, f"{site.url}/x")
    assert b"".join(blobs.read(third.files[0]["sha256"])) == b"changed"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::1", "::",
    ],
)  # fmt: skip
def test_private_addresses_are_not_reached(address, settings):
    assert not reaching.is_allowed(address)
    settings.FETCH_PRIVATE = ["10.0.0.0/8"]
    assert reaching.is_allowed(address) is (address == "10.0.0.1")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are(address):
    assert reaching.is_allowed(address)


def test_a_name_of_a_private_address_is_refused_where_it_is_connected_to(site, member, settings):
    settings.FETCH_PRIVATE = []
    site.files = {"/x": b"secret"}
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"):
        made = fetch(member, f"http://{host}:{site.server.server_port}/x")
        assert made.state == FetchState.FAILED, host
        assert "STUDIO_FETCH_PRIVATE" in made.error, made.error
    assert site.asked == []


def test_a_redirect_goes_where_a_fetch_may_go_and_nowhere_else(site, member, settings):
    site.files = {"/there": b"content"}
    port = site.server.server_port
    site.moved = {
        "/ok": "/there",
        "/inside": f"http://127.0.0.2:{port}/there",
        "/file": "file:///etc/passwd",
        "/round": "/round",
        "/user": f"http://a:b@127.0.0.1:{port}/there",
    }
    assert fetch(member, f"{site.url}/ok").state == FetchState.COMPLETED
    for path, said in (
        ("/inside", "not a public one"),
        ("/file", "only http and https"),
        ("/round", "redirects more than"),
        ("/user", "a user or a password"),
    ):
        made = fetch(member, f"{site.url}{path}")
        assert made.state == FetchState.FAILED, path
        assert said in made.error, made.error


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h.org/x", "file:///etc/passwd", "gopher://h/x", "http://", "x", "http://h.org/",
        "http://u:p@h.org/x", "http://h.org/a b", "http://h.org/\n", "http://h.org:99999/x",
        "http://h.org/" + "x" * 3000, "", "http://[::1/x", "/etc/passwd", "zip:" + "0" * 64,
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_fetched_is_refused_at_once(url, member, api):
    caller = api(member.user, member.workspace)
    refused = caller.post(f"workspaces/{member.workspace.name}/fetches", {"urls": [url]})
    assert refused.status_code == 400, refused.json()
    assert not Fetch.objects.exists()


def test_only_named_hosts_where_some_are_named(member, settings):
    settings.FETCH_HOSTS = ["*.example.org", "h.net"]
    for url in ("http://h.net/x", "https://a.EXAMPLE.org/x"):
        assert fetching.from_urls(member.workspace, member.user, [url], {}).state == "Queued"
    for url in ("http://h.org/x", "http://example.org/x", "http://h.net.evil.com/x"):
        with pytest.raises(BadInput, match="STUDIO_FETCH_HOSTS"):
            fetching.from_urls(member.workspace, member.user, [url], {})


def test_a_fetch_that_is_too_large_fails_before_or_while_it_comes(site, member, settings):
    settings.FETCH_MAX_BYTES = 1000
    site.files = {"/a": b"x" * 900, "/b": b"y" * 200}
    made = fetch(member, f"{site.url}/a", f"{site.url}/b")
    assert made.state == FetchState.FAILED
    assert "too large" in made.error
    assert made.tree is None
    assert not fetch_work.folder_of(made.pk).exists()


def test_a_fetch_that_the_disk_has_no_room_for_fails_before_it_comes(site, member, settings):
    settings.FETCH_MAX_BYTES = 10**18
    site.files, site.claimed = {"/a": b"x" * 900}, {"/a": 10**16}
    made = fetch(member, f"{site.url}/a")
    assert "no room" in made.error
    assert len(site.asked) == 1, "what has no room is not asked for again"


def test_a_cancel_ends_a_fetch_that_hangs(site, member, api, monkeypatch):
    monkeypatch.setattr(reaching, "READ_S", 180)
    site.files = {"/slow": b"x" * 1000}
    site.gate = threading.Event()
    made = fetching.from_urls(member.workspace, member.user, [f"{site.url}/slow"], {})
    thread = threading.Thread(target=fetch_work.work, args=[made.pk])
    thread.start()
    until(lambda: site.asked)
    caller = api(member.user, member.workspace)
    path = f"workspaces/{member.workspace.name}/fetches/{made.pk}"
    assert caller.post(f"{path}/cancel").json()["state"] == "Canceled"
    thread.join(50)  # less than it waits for a server that says nothing
    assert not thread.is_alive()
    said = caller.get(path).json()
    assert (said["state"], said["tree"]) == ("Canceled", None)
    assert not fetch_work.folder_of(made.pk).exists()
    assert caller.post(f"{path}/cancel").json()["state"] == "Canceled"


def test_only_one_works_at_a_fetch_and_the_next_waits_for_room(site, member, settings):
    settings.FETCHES_AT_ONCE = 4
    made = [
        fetching.from_urls(member.workspace, member.user, [f"{site.url}/{n}"], {}) for n in range(3)
    ]
    at = now()
    first = [fetching.claim(one.pk, at) for one in made]
    assert [one is not None for one in first] == [True, True, False]
    assert fetching.claim(made[0].pk, at) is None
    # Whoever had it is dead: another takes it, and the first may not write any more.
    later = at + fetching.DEAD_AFTER * 2
    again = fetching.claim(made[0].pk, later)
    assert again is not None
    assert not fetching.beat(first[0])
    assert fetching.beat(again)
    assert not fetching.complete(first[0], trees.make([("a", blobs.put([b""]).sha256)]))
    assert fetching.due(later + fetching.DUE_AFTER * 2)


def test_a_fetch_whose_worker_was_killed_goes_on_where_it_was(site, member):
    """What a killed worker leaves: a row that says Fetching, bytes on disk, and a lock let go."""
    content = bytes(range(256)) * 4000
    site.files = {"/big": content}
    url = f"{site.url}/big"
    made = fetching.from_urls(member.workspace, member.user, [url], {})
    left = fetching.claim(made.pk, now())
    left.files[0] |= {"etag": f'"{hashlib.sha256(content).hexdigest()[:8]}"', "done_bytes": 500_000}
    assert fetching.beat(left)
    folder = fetch_work.folder_of(made.pk)
    folder.mkdir(parents=True)
    (folder / "0.part").write_bytes(content[:500_000])
    fetch_work.work(made.pk)
    made.refresh_from_db()
    assert (made.state, made.error) == (FetchState.COMPLETED, "")
    assert b"".join(blobs.read(made.files[0]["sha256"])) == content
    assert [headers.get("Range") for _, headers in site.asked] == ["bytes=500000-"]


def test_the_actor_goes_on_to_the_next(site, member, workers):
    site.files = {"/a": b"1", "/b": b"2"}
    made = [
        fetching.from_urls(member.workspace, member.user, [f"{site.url}/{name}"], {})
        for name in "ab"
    ]
    actors.fetch.send(made[0].pk)
    workers.join("fetches")
    states = Fetch.objects.values_list("state", flat=True)
    assert set(states) == {FetchState.COMPLETED}


def test_strangers_do_not_see_a_fetch(site, member, api):
    made = fetching.from_urls(member.workspace, member.user, [f"{site.url}/a"], {})
    stranger = api()
    assert stranger.get(f"workspaces/{member.workspace.name}/fetches/{made.pk}").status_code == 404
    own = f"workspaces/{stranger.workspace.name}/fetches/{made.pk}"
    assert stranger.get(own).status_code == 404
