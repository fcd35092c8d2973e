"""Fetches: files that the studio itself brings from URLs, or out of a zip; their rows and moves.

The row says all that is due. Whoever fetches (`fetch_work`) renews `beat_at`, and holds a lock on
the fetch's folder, which the kernel lets go when the process is killed: then another goes on.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.timezone import now as clock

from registry.models import Fetch, FetchState
from registry.reaching import check_url
from studio import live
from studio.errors import BadInput, Conflict, NotFound
from studio.files import blobs, trees
from studio.models import Tree, User, Workspace

MOST_URLS = 1000
SHA256 = re.compile(r"[0-9a-f]{64}")
ENDED = (FetchState.COMPLETED, FetchState.FAILED, FetchState.CANCELED)
# Who fetches says twice a second that it lives.
DEAD_AFTER = timedelta(seconds=6)
DUE_AFTER = timedelta(seconds=10)
KEPT = timedelta(days=30)
# What of a file's entry is told; the rest is between us and the server it comes from.
SHOWN = ("url", "path", "size_bytes", "done_bytes", "sha256")
ZIP = "zip:"


def group(fetch: Fetch) -> str:
    """The live group that hears `fetch-changed`."""
    return f"fetch.{fetch.pk}"


def tell(fetch: Fetch) -> None:
    """Publish how far a fetch is."""
    live.publish(group(fetch), "fetch-changed", state=fetch.state, **progress(fetch))


def progress(fetch: Fetch) -> dict[str, Any]:
    """Bytes that are there, and bytes in all (None where a server does not say)."""
    sizes = [file["size_bytes"] for file in fetch.files]
    return {
        "done_bytes": sum(file["done_bytes"] for file in fetch.files),
        "size_bytes": None if None in sizes else sum(sizes),
    }


def fetch_dict(fetch: Fetch) -> dict[str, Any]:
    """A fetch, as the API shows it."""
    return {
        "id": fetch.pk,
        "state": fetch.state,
        "files": [{key: file[key] for key in SHOWN} for file in fetch.files],
        "error": fetch.error,
        "tree": fetch.tree.sha256 if fetch.tree else None,
        "created_at": fetch.created_at,
        "ended_at": fetch.ended_at,
        **progress(fetch),
    }


def entry(url: str, path: str, **more: Any) -> dict[str, Any]:
    """A file that is still to come.

    more: `expected` (its SHA-256), `from` (where it is asked for, when not at its URL).
    """
    return {"url": url, "path": path, "size_bytes": None, "done_bytes": 0, "sha256": "", **more}


def path_of(url: str, *, with_query: bool = False) -> str:
    """Where a URL's file lies in its dataset: http://h/a/b.gz at http%3A/%2Fh/a/b.gz.

    Raises BadInput for a URL that names no file.
    """
    parts = urlsplit(url)
    if not parts.path.rpartition("/")[2]:
        raise BadInput(
            f"{url[:200]} names no file: it ends at a folder; name the file itself",
            fields={"urls": "names no file"},
        )
    steps: list[str] = []
    before = ""
    for part in [parts.netloc, *parts.path.split("/")[1:]]:
        if not part:  # a folder without a name cannot be
            before += "%2F"
            continue
        part = {".": "%2E", "..": "%2E%2E"}.get(part, part)
        steps.append(before + part.replace(":", "%3A").replace("\\", "%5C"))
        before = ""
    path = f"{parts.scheme.lower()}%3A/%2F" + "/".join(steps)
    if with_query and parts.query:
        path += "%3F" + quote(parts.query, safe="=&%")
    return trees.safe_path(path)


def _entries(urls: list[str], expected: Mapping[str, str]) -> list[dict[str, Any]]:
    """The files of `urls`; those that differ in what follows ? only have it in their paths."""
    plain = [path_of(check_url(url)) for url in urls]
    twice = {path for path in plain if plain.count(path) > 1} if len(set(plain)) < len(urls) else ()
    found = []
    for url, path in zip(urls, plain, strict=True):
        more = {"expected": expected[url].lower()} if url in expected else {}
        found.append(entry(url, path_of(url, with_query=True) if path in twice else path, **more))
    trees.safe_listing((file["path"], "0" * 64) for file in found)
    return found


def from_urls(
    workspace: Workspace, user: User, urls: Iterable[str], expected: Mapping[str, str]
) -> Fetch:
    """Ask for the files at `urls`, each once. Raises BadInput for one that may not be fetched.

    expected: URL → SHA-256 that its file must have.
    """
    wanted = list(dict.fromkeys(urls))
    if not 1 <= len(wanted) <= MOST_URLS:
        raise BadInput(f"name 1 to {MOST_URLS:,} URLs", fields={"urls": f"1 to {MOST_URLS:,}"})
    for url, sha256 in expected.items():
        if url not in wanted or not SHA256.fullmatch(str(sha256).lower()):
            raise BadInput(
                f"sha256 maps URLs of this fetch to 64 hexadecimal digits; not {url[:200]}",
                fields={"sha256": "URL → 64 hexadecimal digits"},
            )
    return ask(workspace, user, _entries(wanted, expected))


def from_zip(workspace: Workspace, user: User, sha256: str) -> Fetch:
    """Ask for the files in an uploaded zip. Raises BadInput, NotFound for a blob that is not there.

    Its files become one tree, below its single top folder if it has one.
    """
    blobs.path_of(sha256)
    size = blobs.sizes({sha256}).get(sha256)
    if size is None:
        raise NotFound(f"the zip {sha256[:12]}… was not sent yet; upload it first")
    return ask(workspace, user, [{**entry(f"{ZIP}{sha256}", ""), "size_bytes": size}])


def ask(workspace: Workspace, user: User, files: list[dict[str, Any]]) -> Fetch:
    """Make the row; what is there already by its expected hash is not fetched again.

    Whoever calls sends the actor for one that is not completed.
    """
    known = blobs.sizes({file["expected"] for file in files if file.get("expected")})
    for file in files:
        if (sha256 := file.get("expected")) in known:
            size = known[sha256]
            file |= {"sha256": sha256, "size_bytes": size, "done_bytes": size}
    fetch = Fetch.objects.create(workspace=workspace, created_by=user, files=files)
    if all(file["sha256"] for file in files):
        end(Fetch.objects.filter(pk=fetch.pk), FetchState.COMPLETED, tree=_tree_of(files))
        fetch.refresh_from_db()
    return fetch


def _tree_of(files: list[dict[str, Any]]) -> Tree:
    return trees.make((file["path"], file["sha256"]) for file in files)


def get(workspace: Workspace, number: int) -> Fetch:
    """Return a fetch of the workspace. Raises NotFound."""
    found = Fetch.objects.select_related("tree").filter(workspace=workspace, pk=number).first()
    if found is None:
        raise NotFound(f"no fetch {number} in workspace {workspace}; old ones are forgotten")
    return found


def tree_of(fetch: Fetch) -> Tree:
    """Return what a fetch brought. Raises Conflict for one that has not, or not yet."""
    if fetch.tree is None:
        why = f": {fetch.error}" if fetch.error else ""
        raise Conflict(f"fetch {fetch.pk} is {fetch.state}{why}; a dataset needs a completed one")
    return fetch.tree


def claim(number: int, now: datetime) -> Fetch | None:
    """Take a fetch that nobody works at, None where somebody does or others come first."""
    with transaction.atomic():
        fetch = Fetch.objects.select_for_update().filter(pk=number).first()
        if fetch is not None and not _has_room(fetch, now):
            return None
        if fetch is None or fetch.state in ENDED:
            return None
        if fetch.beat_at is not None and fetch.beat_at > now - DEAD_AFTER:
            return None
        fetch.state, fetch.beat_at = FetchState.FETCHING, now
        fetch.save(update_fields=["state", "beat_at"])
        tell(fetch)
    return fetch


def _alive(now: datetime) -> Counter[int]:
    """Workspace → how many of its fetches somebody works at."""
    busy = Fetch.objects.filter(state=FetchState.FETCHING, beat_at__gt=now - DEAD_AFTER)
    counted = busy.order_by().values_list("workspace").annotate(Count("pk"))
    return Counter(dict(counted))


def most_of_one() -> int:
    """How many places the fetches of one workspace may take: the others' do not wait for all."""
    return max(1, settings.FETCHES_AT_ONCE // 2)


def _has_room(fetch: Fetch, now: datetime) -> bool:
    alive = _alive(now)
    if fetch.beat_at is not None and fetch.beat_at > now - DEAD_AFTER:
        alive[fetch.workspace_id] -= 1  # its own place
    is_full = alive.total() >= settings.FETCHES_AT_ONCE
    return not is_full and alive[fetch.workspace_id] < most_of_one()


def _full(now: datetime) -> list[int]:
    """Workspaces whose next fetch waits until one of theirs has ended."""
    return [place for place, count in _alive(now).items() if count >= most_of_one()]


def seen(number: int) -> datetime | None:
    """When somebody who fetches it last said that he lives; None where nobody does."""
    rows = Fetch.objects.filter(pk=number, state=FetchState.FETCHING)
    return rows.values_list("beat_at", flat=True).first()


def held(fetch: Fetch) -> QuerySet[Fetch]:
    """The row as long as it is still the claim that `fetch` was read with."""
    return Fetch.objects.filter(pk=fetch.pk, state=FetchState.FETCHING, beat_at=fetch.beat_at)


def beat(fetch: Fetch) -> bool:
    """Say that who fetches lives, and how far it is; False when the fetch is another's or ended."""
    at = clock()
    files = [dict(file) for file in fetch.files]
    if not held(fetch).update(beat_at=at, files=files):
        return False
    fetch.beat_at = at
    return True


def end(rows: QuerySet[Fetch], state: FetchState, *, error: str = "", **changes: Any) -> bool:
    """End a fetch by compare-and-swap; False when it was ended from elsewhere."""
    with transaction.atomic():
        for fetch in rows.select_for_update().exclude(state__in=ENDED):
            fetch.state, fetch.error, fetch.ended_at = state, error, clock()
            for name, value in changes.items():
                setattr(fetch, name, value)
            fetch.save()
            tell(fetch)
            return True
    return False


def complete(fetch: Fetch, tree: Tree | None = None) -> bool:
    """End a fetch whose files are all there. Raises MissingBlobs."""
    made = _tree_of(fetch.files) if tree is None else tree
    return end(held(fetch), FetchState.COMPLETED, tree=made, files=fetch.files)


def cancel(fetch: Fetch) -> Fetch:
    """Stop a fetch; one that has ended stays as it is. What it had begun is removed."""
    end(Fetch.objects.filter(pk=fetch.pk), FetchState.CANCELED, error="canceled")
    fetch.refresh_from_db()
    return fetch


def due(now: datetime) -> list[int]:
    """Fetches that should be under way and are not: their message was lost, or their worker."""
    waiting = _waiting(now).filter(created_at__lt=now - DUE_AFTER)
    left = Fetch.objects.filter(state=FetchState.FETCHING, beat_at__lt=now - DUE_AFTER)
    numbers = [*left.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]
    return sorted(numbers)[: settings.FETCHES_AT_ONCE]


def _waiting(now: datetime) -> QuerySet[Fetch]:
    """Fetches that wait, the oldest first, of workspaces that have a place."""
    return (
        Fetch.objects.filter(state=FetchState.QUEUED)
        .exclude(workspace__in=_full(now))
        .order_by("pk")
    )


def following() -> int | None:
    """The fetch that waits longest, or that nobody works at any more; None without one."""
    now = clock()
    first = _waiting(now).values_list("pk", flat=True).first()
    return first if first is not None else next(iter(due(now)), None)


def forget(now: datetime) -> None:
    """Forget fetches that ended long ago; what datasets have of them stays."""
    Fetch.objects.filter(state__in=ENDED, ended_at__lt=now - KEPT).delete()


def earlier(workspace: Workspace, url: str) -> dict[str, Any] | None:
    """The entry of the same URL in a fetch that completed lately, if its content is still there."""
    lately = Fetch.objects.filter(workspace=workspace, state=FetchState.COMPLETED)
    for files in lately.order_by("-pk").values_list("files", flat=True)[:200]:
        for file in files:
            if file["url"] == url and (file.get("etag") or file.get("modified")):
                known: dict[str, Any] = file
                return known if file["sha256"] in blobs.sizes({file["sha256"]}) else None
    return None
