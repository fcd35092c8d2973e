"""Bringing the files of a fetch: resumed after a cut, checked, kept as blobs; or out of a zip."""

import fcntl
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import urllib3
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.timezone import now as clock

from registry import fetching, reaching, unzipping
from registry.models import Fetch, FetchState
from registry.reaching import Unreached
from studio.errors import BadInput, DiskFull, from_framework
from studio.files import blobs, room

logger = logging.getLogger(__name__)
BEAT_S = 0.5
READ_BYTES = 256 * 1024
RATE_OVER_S = 60.0
TRIES = 6
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
# Worth another try: the server is overloaded, starting, or asks us to come later.
LATER = (408, 425, 429, 500, 502, 503, 504)
RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
GB = 10**9


class Stopped(Exception):
    """The fetch was canceled, or is another's."""


def folder_of(number: int) -> Path:
    """Where a fetch keeps what has begun to come."""
    return Path(settings.FETCHES) / str(number)


def work(number: int) -> None:
    """Bring what a fetch still lacks, and end it. Nothing where somebody else is at it."""
    with _locked(number) as is_mine:
        fetch = _claimed(number) if is_mine else None
        if fetch is None:
            return
        try:
            with _Beating(fetch) as beating:
                tree = _bring(fetch, beating)
            fetching.complete(fetch, tree)
        except Stopped:
            logger.info("fetch %s was stopped", number)
        except Exception as error:  # the outer edge: a fetch that failed says why
            if from_framework(error) is None:
                logger.exception("fetch %s failed", number)
            fetching.end(fetching.held(fetch), FetchState.FAILED, error=_said(error))
        finally:
            if Fetch.objects.filter(pk=number, state__in=fetching.ENDED).exists():
                shutil.rmtree(folder_of(number), ignore_errors=True)
            fetching.forget(clock())


def _claimed(number: int) -> Fetch | None:
    """Take the fetch; where somebody was at it a moment ago, see first whether he is dead.

    A killed worker's message comes back sooner than its silence tells.
    """
    until = time.monotonic() + 2 * fetching.DEAD_AFTER.total_seconds()
    seen = fetching.seen(number)
    while (fetch := fetching.claim(number, clock())) is None:
        if seen is None or fetching.seen(number) != seen or time.monotonic() > until:
            return None
        time.sleep(BEAT_S)
    return fetch


def _said(error: Exception) -> str:
    known = from_framework(error)
    return known.message if known else "the studio failed; its log says why"


@contextmanager
def _locked(number: int) -> Iterator[bool]:
    """Hold the fetch's lock; yield whether nobody else does. The kernel frees it after a kill."""
    root = Path(settings.FETCHES)
    root.mkdir(parents=True, exist_ok=True)
    name = root / f"{number}.lock"
    with name.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        try:
            yield True
        finally:
            name.unlink(missing_ok=True)


class _Beating:
    """Says beside the work that it lives and how far it is, and notices that it is to stop.

    What hangs is ended by its own time limits: no wait for a server is longer than those.
    """

    def __init__(self, fetch: Fetch):
        self._fetch = fetch
        self._ended = threading.Event()
        self.is_lost = False
        # Ends a wait for the server that is asked at this moment.
        self.unblock: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Beating":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        said = None
        while not self.is_lost and not self._ended.wait(BEAT_S):
            try:
                self.is_lost = not fetching.beat(self._fetch)
                now = fetching.progress(self._fetch)
                if now != said and not self.is_lost:
                    fetching.tell(self._fetch)
                    said = now
            except DatabaseError:
                logger.warning("fetch %s: the database is busy", self._fetch.pk, exc_info=True)
        connection.close()
        if self.is_lost and self.unblock is not None:
            with suppress(Exception):  # it may have ended by itself at this moment
                self.unblock()

    def check(self) -> None:
        """Raise Stopped once the fetch is no longer ours."""
        if self.is_lost:
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Wait, but not when the fetch is to stop."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check()
            time.sleep(min(0.2, seconds))


def _bring(fetch: Fetch, beating: _Beating) -> Any:
    """Bring all files; return their tree where it is not that of the entries (a zip's)."""
    if fetch.files[0]["url"].startswith(fetching.ZIP):
        return _unzip(fetch.files[0], beating)
    budget = settings.FETCH_MAX_BYTES
    for number, file in enumerate(fetch.files):
        taken = sum(other["done_bytes"] for other in fetch.files if other is not file)
        if not file["sha256"]:
            part = folder_of(fetch.pk) / f"{number}.part"
            part.parent.mkdir(parents=True, exist_ok=True)
            one = _OneFile(file, part, budget - taken, beating)
            one.bring(fetching.earlier(fetch.workspace, file["url"]))
    return None


def _unzip(file: dict[str, Any], beating: _Beating) -> Any:
    def note(done_bytes: int) -> None:
        beating.check()
        file["done_bytes"] = min(done_bytes, file["size_bytes"])

    tree = unzipping.unzip(file["url"].removeprefix(fetching.ZIP), note)
    file["done_bytes"] = file["size_bytes"]
    return tree


class Pace:
    """How fast a server sends. Only the time counts in which it does: not the waits between tries,
    which would let a server that is restarted look slow."""

    def __init__(self, url: str):
        self.url = url
        self._bytes, self._took_s, self._last = 0, 0.0, 0.0

    def begin(self) -> None:
        self._last = time.monotonic()

    def came(self, size: int) -> None:
        """Note bytes. Raises BadInput where a minute brought less than the least rate."""
        now = time.monotonic()
        self._took_s, self._last = self._took_s + now - self._last, now
        self._bytes += size
        if self._took_s < RATE_OVER_S:
            return
        least = settings.FETCH_LEAST_BYTES_PER_S
        if self._bytes < least * self._took_s:
            raise BadInput(
                f"{self.url[:200]} comes too slowly: {self._bytes:,} bytes in"
                f" {self._took_s:,.0f} s, and at least {least:,} a second must come"
                " (STUDIO_FETCH_LEAST_BYTES_PER_S); take it from another server, or upload it"
            )
        self._bytes, self._took_s = 0, 0.0


class _OneFile:
    """One URL on its way into the blob store."""

    def __init__(self, file: dict[str, Any], part: Path, most: int, beating: _Beating):
        self.file, self.part, self.most, self.beating = file, part, most, beating
        self.where = file.get("from") or file["url"]
        self.pace = Pace(self.where)

    def bring(self, known: dict[str, Any] | None) -> None:
        """Bring the file and keep it; tried again, and gone on with, while bytes arrive.

        known: the entry of an earlier fetch of the same URL, which may be current still.
        """
        if Path(self.where).is_absolute():
            self._copy(Path(self.where))
        else:
            self._try(known)
        self._keep()

    def _try(self, known: dict[str, Any] | None) -> None:
        tries, wait_s, best = 0, FIRST_WAIT_S, self._here()
        while True:
            self.beating.check()
            try:
                return self._ask(known)
            except Unreached as error:
                tries += 1
                if self._here() > best:
                    tries, wait_s, best = 1, FIRST_WAIT_S, self._here()
                if tries >= TRIES:
                    raise BadInput(
                        f"{self.file['url'][:200]} could not be fetched in {TRIES} tries: {error}"
                    ) from None
                self.beating.wait(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _here(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _headers(self, known: dict[str, Any] | None) -> dict[str, str]:
        """Go on where it stopped, if it is the same file still; or only if it is another one."""
        mark = self._mark()
        if mark and self._here():
            return {"Range": f"bytes={self._here()}-", "If-Range": mark}
        if known and known.get("etag"):
            return {"If-None-Match": known["etag"]}
        if known and known.get("modified"):
            return {"If-Modified-Since": known["modified"]}
        return {}

    def _mark(self) -> str:
        """What tells this state of the file from another; a weak ETag does not."""
        etag = str(self.file.get("etag") or "")
        return etag if etag and not etag.startswith("W/") else str(self.file.get("modified") or "")

    def _ask(self, known: dict[str, Any] | None) -> None:
        headers = self._headers(known)
        with reaching.answer(self.where, headers) as answer:
            if answer.status == 304 and known is not None:
                self._as_before(known)
                return
            if answer.status == 416 and "Range" in headers:
                self.part.unlink(missing_ok=True)
                raise Unreached("it has changed meanwhile")
            self._check(answer)
            start = self._start(answer)
            self._note(answer, start)
            self.beating.unblock = getattr(answer, "shutdown", None)
            self._receive(answer, start)

    def _as_before(self, known: dict[str, Any]) -> None:
        same = ("sha256", "size_bytes", "etag", "modified")
        self.file |= {key: known.get(key) for key in same}
        self.file["done_bytes"] = self.file["size_bytes"]
        self._check_hash(self.file["sha256"])

    def _check(self, answer: urllib3.BaseHTTPResponse) -> None:
        if answer.status in LATER:
            raise Unreached(f"its server answers {answer.status}")
        if answer.status not in (200, 206):
            reason = f" {answer.reason}" if answer.reason else ""
            raise BadInput(
                f"{self.file['url'][:200]} cannot be fetched: its server answers"
                f" {answer.status}{reason[:60]}; look whether the address is right and public"
            )

    def _start(self, answer: urllib3.BaseHTTPResponse) -> int:
        """Where the bytes of this answer belong."""
        if answer.status == 200:
            return 0
        span = RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if span is None or int(span[1]) != self._here():
            self.part.unlink(missing_ok=True)
            raise Unreached("its server answers another part than was asked for")
        return int(span[1])

    def _note(self, answer: urllib3.BaseHTTPResponse, start: int) -> None:
        length = answer.headers.get("Content-Length", "")
        size = start + int(length) if length.isdigit() and len(length) < 18 else None
        self.file["size_bytes"] = size
        self._check_room(size or 0)
        if start == 0:
            self.file["etag"] = answer.headers.get("ETag", "")[:200]
            self.file["modified"] = answer.headers.get("Last-Modified", "")[:60]

    def _check_room(self, size: int) -> None:
        if size > self.most:
            limit = settings.FETCH_MAX_BYTES
            raise BadInput(
                f"{self.file['url'][:200]} is too large: all files of one fetch may have"
                f" {limit / GB:,.1f} GB together (STUDIO_FETCH_MAX_GB)"
            )
        # What came is copied once more to be kept, and the database needs room all the time.
        due = 2 * size - self._here() + room.SPARE_BYTES
        if due > shutil.disk_usage(self.part.parent).free:
            raise DiskFull(
                f"the studio's disk has no room for {self.file['url'][:200]}, {size:,} bytes or"
                " more; whoever keeps the studio must make room"
            )

    def _receive(self, answer: urllib3.BaseHTTPResponse, start: int) -> None:
        with self.part.open("r+b" if start else "wb") as out:
            out.seek(start)
            done = start
            self.pace.begin()
            # What has come, not so many bytes: however slow a server, it is seen how slow.
            while chunk := answer.read1(READ_BYTES):
                self.beating.check()
                done += len(chunk)
                self.pace.came(len(chunk))
                self._check_room(done)
                out.write(chunk)
                out.flush()
                self.file["done_bytes"] = done
        size = self.file["size_bytes"]
        if size is not None and done != size:
            raise Unreached(f"its server sent {done:,} of {size:,} bytes")
        self.file["size_bytes"] = done

    def _copy(self, source: Path) -> None:
        """A file of a mirror that is a folder of this machine."""
        try:
            with source.open("rb") as file, self.part.open("wb") as out:
                self.file["size_bytes"] = source.stat().st_size
                self._check_room(self.file["size_bytes"])
                while chunk := file.read(READ_BYTES):
                    self.beating.check()
                    out.write(chunk)
                    self.file["done_bytes"] += len(chunk)
        except (FileNotFoundError, PermissionError) as error:
            raise BadInput(
                f"{source.name} cannot be read in the mirror of open datasets"
                f" ({error.strerror}); whoever keeps the studio sets STUDIO_OPENDATA_MIRROR"
            ) from None

    def _keep(self) -> None:
        if self.file["sha256"]:  # as an earlier fetch has it
            return
        blob = blobs.put(self._pieces())
        self._check_hash(blob.sha256)
        self.file["sha256"] = blob.sha256
        self.part.unlink(missing_ok=True)

    def _pieces(self) -> Iterator[bytes]:
        with self.part.open("rb") as file:
            while chunk := file.read(blobs.READ_BYTES):
                self.beating.check()
                yield chunk

    def _check_hash(self, sha256: str) -> None:
        wanted = self.file.get("expected")
        if wanted and wanted != sha256:
            raise BadInput(
                f"{self.file['url'][:200]} is not the file that was asked for: its SHA-256 is"
                f" {sha256}, not {wanted}; it was changed or damaged on its server"
            )


def next_one(send: Callable[[int], None]) -> None:
    """Send the fetch that waits longest."""
    number = fetching.following()
    if number is not None:
        send(number)
