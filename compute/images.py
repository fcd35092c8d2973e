"""Images: one recipe, one lock, one build, whoever asks. Writes Image and ImageBuild, alone."""

import hashlib
import logging
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.timezone import now as clock

from compute.build_env import is_whole
from compute.building.faults import BuildFault
from compute.building.local import Builder
from compute.models import Image, ImageBuild
from compute.recipes import Recipe
from compute.states import BUILD_ENDED, BUILD_MOVES, BuildState
from studio import streams
from studio.errors import WrongOffset

logger = logging.getLogger(__name__)
# Part of an image's digest: raise it when the same lock is built differently from now on.
BUILDER = "local-1"
LEASE_EVERY_S = 2.0
LEASE = timedelta(seconds=10)
MOST_ATTEMPTS = 4
USED_EVERY = timedelta(minutes=5)


def ensure(recipe: Recipe) -> ImageBuild:
    """Return the build of `recipe`, asked for if nobody has yet.

    One that failed, or whose image was removed, is asked for again, with a log of its own: those
    who saw the first keep theirs. The lock of a lost image stays: a recipe that is solved never
    solves again. One that failed solves anew, for its lock may be what failed.
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
        _ask_again(build, lock=build.lock if lost else "")
    return build


def _ask_again(build: ImageBuild, *, lock: str) -> None:
    log = streams.create()
    asked = _move(
        build,
        BuildState.WAITING,
        lock=lock,
        log=log,
        asked_at=clock(),
        started_at=None,
        ended_at=None,
        builder_seen_at=None,
        error="",
        guilty="",
        image=None,
        attempt=1,
    )
    if not asked:  # somebody asked a moment before us
        log.delete()
        build.refresh_from_db()


def is_there(image: Image | None) -> bool:
    """Whether an image's folder is whole and its interpreter still on this machine."""
    return image is not None and is_whole(Path(image.place))


def python_of(image: Image) -> str:
    """Return the path of an image's interpreter."""
    return str(Path(image.place) / "bin" / "python")


def mark_used(image: Image, now: datetime | None = None) -> None:
    """Note that a task starts from the image now."""
    now = now or clock()
    Image.objects.filter(pk=image.pk, last_used_at__lt=now - USED_EVERY).update(last_used_at=now)


def build(build_id: int) -> None:
    """Solve and install what `build_id` asks for; only the one who claims it does.

    Ends as Ready with its image or as Failed with a sentence and the requirement at fault. A
    builder that is interrupted leaves the row to `abandoned`.
    """
    row = ImageBuild.objects.select_related("log").get(pk=build_id)
    if row.state != BuildState.WAITING:
        return
    now = clock()
    if not _move(row, BuildState.SOLVING, started_at=now, builder_seen_at=now):
        return
    claim = _Claim(row)
    try:
        _build(row, claim)
    except BuildFault as fault:
        _fail(row, fault.message, fault.guilty)
    except _ClaimLost:
        logger.warning("%s is no longer ours to build: stopped", row)
    except Exception as error:  # the outer edge: a build that ends must say so, or it waits
        logger.exception("%s failed", row)
        _fail(row, f"the studio could not build it: {error}; its worker's log says more", "")


def _build(row: ImageBuild, claim: "_Claim") -> None:
    steps = Builder(
        on_output=claim.write, on_tick=claim.renew, seconds=settings.IMAGE_BUILD_SECONDS
    )
    if row.attempt > 1:
        claim.write(f"Attempt {row.attempt}: the builder before was killed\n".encode())
    if not row.lock:
        row.lock = steps.run("solve", recipe=row.recipe)["lock"]
    else:
        claim.write(b"The lock of this recipe is known: nothing to solve\n")
    digest = _digest(row.lock)
    if not _move(row, BuildState.INSTALLING, lock=row.lock):
        raise _ClaimLost
    made = steps.run("install", recipe=row.recipe, lock=row.lock, digest=digest)
    image = _keep(digest, made)
    size = size_words(made["size_bytes"])
    if made["reused"]:
        built = made["built_at"][:16].replace("T", " ")
        claim.write(f"Image reused: {digest[:12]}, {size}, built {built} UTC\n".encode())
    else:
        packages = f"{made['packages']} packages" if made["packages"] != 1 else "1 package"
        claim.write(f"Image {digest[:12]} is ready: {packages}, {size}\n".encode())
    if _move(row, BuildState.READY, image=image, ended_at=clock()):
        streams.finish(row.log_id)


def size_words(size_bytes: int) -> str:
    """Say a size for the log: `412 MiB`, `3.1 GiB`, `48 KiB`."""
    if size_bytes >= 2**30:
        return f"{size_bytes / 2**30:.1f} GiB"
    unit, name = (2**20, "MiB") if size_bytes >= 2**20 else (2**10, "KiB")
    return f"{size_bytes / unit:.0f} {name}"


def stop(row: ImageBuild, why: str) -> bool:
    """End a build that nobody waits for: it fails with `why`. False when it has ended already.

    Its builder notices within two seconds, wherever it runs, and ends what it started.
    """
    if row.state in BUILD_ENDED:
        return False
    return _fail(row, why, "")


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


def _fail(row: ImageBuild, message: str, guilty: str) -> bool:
    failed = _move(row, BuildState.FAILED, error=message, guilty=guilty[:300], ended_at=clock())
    if failed:
        streams.finish(row.log_id)
        logger.info("%s failed: %s", row, message)
    return failed


def abandoned(now: datetime) -> list[ImageBuild]:
    """Set builds whose builder was killed back to Waiting, and return them.

    The log goes on where it ended. A build that outlives its builder too often is what kills it
    (it takes all memory, say): it fails, with words that say so.
    """
    late = ImageBuild.objects.filter(
        state__in=(BuildState.SOLVING, BuildState.INSTALLING), builder_seen_at__lt=now - LEASE
    )
    found = []
    for row in late:
        if row.attempt >= MOST_ATTEMPTS:
            _fail(row, f"its builder was killed {row.attempt} times; is there enough memory?", "")
        elif _move(row, BuildState.WAITING, attempt=row.attempt + 1, asked_at=now):
            logger.warning("%s was left by its builder; it starts again", row)
            found.append(row)
    return found


def _move(row: ImageBuild, to: BuildState, **changes: Any) -> bool:
    """Move a build by compare-and-swap; False when another process moved it first.

    Attempt and log tell one claim from the next: a builder that was taken for dead moves nothing.
    """
    if to not in BUILD_MOVES[BuildState(row.state)]:
        raise ValueError(f"{row}: {row.state} -> {to} is not a move")
    moved = _same(row).update(state=to, **changes)
    if moved:
        row.refresh_from_db()
    return bool(moved)


def _same(row: ImageBuild) -> models.QuerySet[ImageBuild]:
    return ImageBuild.objects.filter(
        pk=row.pk, state=row.state, attempt=row.attempt, log_id=row.log_id
    )


class _ClaimLost(Exception):
    """This build was given to another builder, or was stopped."""


class _Claim:
    """One builder's hold on one build: it writes the log and says that the builder lives.

    Raises _ClaimLost, which ends the builder's processes, as soon as the row is another's.
    """

    def __init__(self, row: ImageBuild):
        self._row = row
        self._offset = row.log.size_bytes
        self._renewed = time.monotonic()

    def renew(self) -> None:
        """Renew the lease, at most every two seconds; called in the loop that reads the output.

        No thread of its own: one that lived on while the build hangs would only hide it.
        """
        if time.monotonic() - self._renewed < LEASE_EVERY_S:
            return
        self._renewed = time.monotonic()
        if not _same(self._row).update(builder_seen_at=clock()):
            raise _ClaimLost

    def write(self, data: bytes) -> None:
        try:
            self._offset = streams.append(self._row.log_id, self._offset, data)
        except WrongOffset as error:
            # A builder before us wrote its last words after we looked, or one after us writes now.
            if not _same(self._row).exists():
                raise _ClaimLost from error
            self._offset = streams.append(self._row.log_id, error.facts["at"], data)
