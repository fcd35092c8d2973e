"""Images: one recipe, one lock, one build, whoever asks. Writes Image and ImageBuild, alone."""

import hashlib
import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils.timezone import now as clock

from compute.building.faults import BuildFault
from compute.building.local import Builder
from compute.models import Image, ImageBuild
from compute.recipes import Recipe
from compute.states import BUILD_MOVES, BuildState
from studio import streams

logger = logging.getLogger(__name__)
# Part of an image's digest: raise it when the same lock is built differently from now on.
BUILDER = "local-1"
LEASE_EVERY_S = 2.0
LEASE = timedelta(seconds=10)
USED_EVERY = timedelta(minutes=5)


def ensure(recipe: Recipe) -> ImageBuild:
    """Return the build of `recipe`, asked for if nobody has yet.

    One that failed, or whose image was removed, is asked for again, with a log of its own: those
    who saw the first keep theirs. The lock stays: the same recipe never solves twice.
    """
    build = (
        ImageBuild.objects.select_related("image", "log")
        .filter(recipe_digest=recipe.digest)
        .first()
    )
    if build is None:
        with transaction.atomic():
            build, _ = ImageBuild.objects.get_or_create(
                recipe_digest=recipe.digest,
                defaults={
                    "recipe": recipe.as_dict(),
                    "log": streams.create(),
                    "asked_at": clock(),
                },
            )
        return build
    lost = build.state == BuildState.READY and not is_there(build.image)
    if lost or build.state == BuildState.FAILED:
        _move(
            build,
            BuildState.WAITING,
            log=streams.create(),
            asked_at=clock(),
            started_at=None,
            ended_at=None,
            error="",
            guilty="",
            image=None,
            attempt=build.attempt + 1,
        )
    return build


def is_there(image: Image | None) -> bool:
    """Whether an image's folder is whole."""
    return image is not None and Path(python_of(image)).exists()


def python_of(image: Image) -> str:
    """Return the path of an image's interpreter."""
    return str(Path(image.place) / "bin" / "python")


def mark_used(image: Image, now: datetime | None = None) -> None:
    """Note that a task starts from the image now."""
    now = now or clock()
    Image.objects.filter(pk=image.pk, last_used_at__lt=now - USED_EVERY).update(last_used_at=now)


def build(build_id: int) -> None:
    """Solve and install what `build_id` asks for; only the one who claims it does.

    Ends as Ready with its image or as Failed with a sentence and the requirement at fault.
    """
    row = ImageBuild.objects.get(pk=build_id)
    if row.state != BuildState.WAITING:
        return
    if not _move(row, BuildState.SOLVING, started_at=clock(), builder_seen_at=clock()):
        return
    log = _Log(row)
    with _Lease(row):
        try:
            _build(row, log)
        except BuildFault as fault:
            _fail(row, fault.message, fault.guilty)
        except _LeaseLost:
            logger.warning("%s was taken over by another builder", row)


def _build(row: ImageBuild, log: "_Log") -> None:
    steps = Builder(on_output=log.write, on_tick=lambda: None, seconds=settings.IMAGE_BUILD_SECONDS)
    if not row.lock:
        solved = steps.run("solve", recipe=row.recipe)
        ImageBuild.objects.filter(pk=row.pk).update(lock=solved["lock"])
        row.lock = solved["lock"]
    else:
        log.write(b"The lock of this recipe is known: nothing to solve\n")
    digest = _digest(row.lock)
    if not _move(row, BuildState.INSTALLING):
        raise _LeaseLost
    made = steps.run("install", lock=row.lock, digest=digest)
    image = _keep(digest, made)
    size = f"{made['size_bytes'] / 2**20:.0f} MiB"
    if made["reused"]:
        log.write(f"Image reused: {digest[:12]}, {size}, built {made['built_at'][:19]}Z\n".encode())
    else:
        log.write(f"Image {digest[:12]} is ready: {size} in {made['seconds']:.1f} s\n".encode())
    if _move(row, BuildState.READY, image=image, ended_at=clock()):
        streams.finish(row.log_id)


def _digest(lock: str) -> str:
    return hashlib.sha256(f"{BUILDER}\n{lock}".encode()).hexdigest()


def _keep(digest: str, made: dict[str, Any]) -> Image:
    return Image.objects.update_or_create(
        digest=digest,
        defaults={
            "place": made["place"],
            "size_bytes": made["size_bytes"],
            "build_seconds": made["seconds"],
        },
    )[0]


def _fail(row: ImageBuild, message: str, guilty: str) -> None:
    if _move(row, BuildState.FAILED, error=message, guilty=guilty[:300], ended_at=clock()):
        streams.finish(row.log_id)
        logger.info("%s failed: %s", row, message)


def abandoned(now: datetime) -> list[ImageBuild]:
    """Set builds whose builder was killed back to Waiting, and return them."""
    late = ImageBuild.objects.filter(
        state__in=(BuildState.SOLVING, BuildState.INSTALLING), builder_seen_at__lt=now - LEASE
    )
    found = []
    for row in late:
        log = streams.create()
        if _move(row, BuildState.WAITING, log=log, started_at=None, asked_at=now):
            logger.warning("%s was left by its builder; it starts again", row)
            found.append(row)
    return found


def _move(row: ImageBuild, to: BuildState, **changes: Any) -> bool:
    """Move a build by compare-and-swap; False when another process moved it first."""
    if to not in BUILD_MOVES[BuildState(row.state)]:
        raise ValueError(f"{row}: {row.state} -> {to} is not a move")
    moved = ImageBuild.objects.filter(
        pk=row.pk, state=row.state, attempt=row.attempt, log_id=row.log_id
    ).update(state=to, **changes)
    row.refresh_from_db()
    return bool(moved)


class _LeaseLost(Exception):
    """Another builder took this build over."""


class _Log:
    """Appends to the build's log, from where it ends."""

    def __init__(self, row: ImageBuild):
        self.stream_id = row.log_id
        self.offset = row.log.size_bytes

    def write(self, data: bytes) -> None:
        self.offset = streams.append(self.stream_id, self.offset, data)


class _Lease:
    """Says every two seconds that the builder lives, from a thread of its own."""

    def __init__(self, row: ImageBuild):
        self.row_id, self.ended = row.pk, threading.Event()
        self.thread = threading.Thread(target=self._keep, name=f"lease-{row.pk}", daemon=True)

    def __enter__(self) -> "_Lease":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _keep(self) -> None:
        while not self.ended.wait(LEASE_EVERY_S):
            close_old_connections()
            ImageBuild.objects.filter(pk=self.row_id).update(builder_seen_at=clock())
        connection.close()
