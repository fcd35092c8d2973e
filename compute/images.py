"""Images: one recipe, one lock, one build, whoever asks. Writes Image and ImageBuild, alone.

Who moves a build on, from each state:
    Waiting              a worker, by the message of whoever asked; supervise sends it again
    Solving, Installing  its builder, within STUDIO_IMAGE_BUILD_SECONDS; else `abandoned`
    Ready                `ensure`, when its image is gone
    Failed, Canceled     `ensure`, for the next one who asks
The rows are changed by `image_claims`; old images are removed by `image_pruning`.
"""

import hashlib
import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now as clock

from compute import access, image_claims
from compute.building import log
from compute.building.base import BuilderKilled, BuildFault, Made, Steps
from compute.building.kinds import KIND_OF_BACKEND, KINDS
from compute.image_claims import Claim, ClaimLost
from compute.models import Image, ImageBuild
from compute.recipes import Recipe
from compute.states import BUILD_ENDED, Backend, BuildState, ImageKind
from studio import streams

logger = logging.getLogger(__name__)
group = image_claims.group
LEASE = timedelta(seconds=10)
MOST_ATTEMPTS = 4
USED_EVERY = timedelta(minutes=5)
# A build that no worker has taken by then says so.
IS_LATE = timedelta(seconds=10)
UNDER_WAY = (BuildState.SOLVING, BuildState.INSTALLING)
NOT_ENDED = (BuildState.WAITING, *UNDER_WAY)
# Columns that may hold megabytes, and that whoever looks every second does not need.
LARGE = ("recipe", "lock")
NOBODY_WAITS = "nobody waits for it any more"
# Builds take minutes, and the worker's other threads are needed to start and end what runs.
MOST_AT_ONCE = max(1, settings.WORKER_THREADS // 2)
_room = threading.BoundedSemaphore(MOST_AT_ONCE)


# --- asking --------------------------------------------------------------------------------------


def kind_for(backend: str) -> ImageKind:
    """Return the kind of image that tasks of a cluster with this backend start from."""
    return KIND_OF_BACKEND[Backend(backend)]


def ensure(recipe: Recipe, kind: ImageKind = ImageKind.LOCAL) -> ImageBuild:
    """Return the build of `recipe`, asked for if nobody has yet.

    One that failed or was canceled, or whose image was removed, is asked for again, with a log of
    its own: those who saw the first keep theirs. A lock from which an image was made stays, so
    the same recipe gives the same packages; one that never led to an image is solved anew.
    """
    build = (
        ImageBuild.objects.select_related("image", "log")
        .filter(recipe_digest=recipe.digest, kind=kind)
        .first()
    )
    if build is None:
        return _first(recipe, kind)
    lost = build.state == BuildState.READY and not _is_usable(build.image)
    if lost or build.state in (BuildState.FAILED, BuildState.CANCELED):
        _ask_again(build)
    return build


def _first(recipe: Recipe, kind: ImageKind) -> ImageBuild:
    with transaction.atomic():
        own_log = streams.create()
        build, is_new = ImageBuild.objects.get_or_create(
            recipe_digest=recipe.digest,
            kind=kind,
            defaults={"recipe": recipe.as_dict(), "log": own_log, "asked_at": clock()},
        )
        if is_new:
            image_claims.tell(build)
        else:  # somebody asked a moment before us
            own_log.delete()
    return build


def _is_usable(image: Image | None) -> bool:
    """Whether the image is there and stays: one that was just asked for is not pruned."""
    return image is not None and is_there(image) and mark_used(image)


def _ask_again(build: ImageBuild) -> None:
    is_kept = build.lock_is_kept or build.state == BuildState.READY
    own_log = streams.create()
    asked = image_claims.move(
        build,
        BuildState.WAITING,
        lock=build.lock if is_kept else "",
        lock_is_kept=is_kept,
        log=own_log,
        asked_at=clock(),
        started_at=None,
        ended_at=None,
        builder_seen_at=None,
        error="",
        guilty="",
        image=None,
        attempt=1,
        is_wanted=False,
    )
    if not asked:  # somebody asked a moment before us
        own_log.delete()
        build.refresh_from_db()


def want(build: ImageBuild) -> None:
    """Note that a person asked for the build by itself: it goes on though no run waits for it."""
    image_claims.set_wanted(build, True)
    while build.state == BuildState.CANCELED:  # a moment ago, by one who did not know
        _ask_again(build)
        image_claims.set_wanted(build, True)


def withdraw(build: ImageBuild) -> None:
    """Take a wish back. Whoever knows who else waits for the build gives it up, or lets it go on.

    Builds are shared by all who want the same content: nobody ends one that another waits for.
    """
    image_claims.set_wanted(build, False)


def give_up(build: ImageBuild) -> bool:
    """End a build that nobody waits for; False for one that was wanted by itself, or moved on.

    Its builder notices within a second, wherever it runs, and ends what it started.
    """
    if build.state in BUILD_ENDED:
        return False
    unwanted = image_claims.same(build).filter(is_wanted=False)
    return image_claims.end(build, BuildState.CANCELED, words=NOBODY_WAITS, among=unwanted)


def doing(build: ImageBuild) -> str:
    """Say in a few words what an unfinished build does now."""
    if build.progress:
        return build.progress
    return {
        BuildState.WAITING: "a worker will start the build",
        BuildState.SOLVING: "choosing the exact packages",
        BuildState.INSTALLING: "downloading and installing packages",
    }.get(BuildState(build.state), "")


# --- images --------------------------------------------------------------------------------------


def is_there(image: Image | None) -> bool:
    """Whether an image is whole, where it was made."""
    return image is not None and KINDS[ImageKind(image.kind)].is_there(image)


def python_of(image: Image) -> str:
    """Return the path of an image's interpreter, as a task calls it."""
    return image.python or str(Path(image.place) / "bin" / "python")


def mark_used(image: Image, now: datetime | None = None) -> bool:
    """Note that the image is used now; False when it was removed meanwhile."""
    now = now or clock()
    if image.last_used_at > now - USED_EVERY:
        return True
    return bool(Image.objects.filter(pk=image.pk).update(last_used_at=now))


def digest_of(lock: str, kind: str) -> str:
    """Name the image of a lock, which says platform and base: the same lock is the same image."""
    made_by = KINDS[ImageKind(kind)].version
    return hashlib.sha256(f"{made_by}\n{kind}\n{lock}".encode()).hexdigest()


# --- building ------------------------------------------------------------------------------------


def build(build_id: int) -> None:
    """Solve and install what `build_id` asks for; only the one who claims it does.

    Ends as Ready with its image or as Failed with a sentence and the requirement at fault. When
    all room is taken the build stays Waiting: supervise sends it again. A worker that is
    interrupted leaves the row to `abandoned`.
    """
    if not _room.acquire(blocking=False):
        return
    try:
        row = ImageBuild.objects.select_related("log").get(pk=build_id)
        while row.state == BuildState.WAITING and _attempt(row):
            pass
    finally:
        _room.release()


def _attempt(row: ImageBuild) -> bool:
    """Build once; True when the builder was killed and the build is to be tried again."""
    now = clock()
    if not image_claims.move(row, BuildState.SOLVING, started_at=now, builder_seen_at=now):
        return False
    claim = Claim(row)
    try:
        _build(row, claim)
        return False
    except BuildFault as fault:
        kept = "; these are the packages of its first build: ask for newer ones to choose anew"
        image_claims.fail(row, fault.message + (kept if row.lock_is_kept else ""), fault.guilty)
    except ClaimLost:
        logger.warning("%s is no longer ours to build: stopped", row)
    except BuilderKilled as killed:
        logger.warning("%s: %s", row, killed)
        KINDS[ImageKind(row.kind)].sweep()
        return _again(row, clock(), why=f" ({killed})")
    except Exception as error:  # the outer edge: a build that ends must say so, or it waits
        logger.exception("%s failed", row)
        image_claims.fail(
            row, f"the studio could not build it: {error}; its worker's log says more"
        )
    KINDS[ImageKind(row.kind)].sweep()
    return False


def _build(row: ImageBuild, claim: Claim) -> None:
    steps = Steps(
        claim.write,
        claim.tick,
        claim.progress,
        settings.IMAGE_BUILD_SECONDS,
        may_build=access.may_run_here(),
    )
    builder = KINDS[ImageKind(row.kind)].make(steps)
    if row.attempt > 1:
        claim.write(f"Attempt {row.attempt}: the builder before was killed\n".encode())
    if row.lock:
        claim.write(b"The lock of this recipe is known: nothing to solve\n")
    lock = row.lock or builder.solve(row.recipe, _lock_of_the_other_kind(row))
    digest = digest_of(lock, row.kind)
    if not image_claims.move(row, BuildState.INSTALLING, lock=lock):
        raise ClaimLost
    made = builder.install(row.recipe, lock, digest)
    image = _keep(row.kind, digest, made)
    claim.write(_last_line(digest, made))
    image_claims.end(row, BuildState.READY, image=image)


def _lock_of_the_other_kind(row: ImageBuild) -> str:
    others = ImageBuild.objects.filter(recipe_digest=row.recipe_digest).exclude(pk=row.pk)
    return others.exclude(lock="").values_list("lock", flat=True).first() or ""


def _last_line(digest: str, made: Made) -> bytes:
    size = log.size(made.size_bytes)
    if made.reused:
        built = made.built_at[:16].replace("T", " ")
        return f"Image reused: {digest[:12]}, {size}, built {built} UTC\n".encode()
    packages = log.count(made.packages, "package")
    return f"Image {digest[:12]} is ready: {packages}, {size}\n".encode()


def _keep(kind: str, digest: str, made: Made) -> Image:
    facts = {
        "kind": kind,
        "place": made.place,
        "python": made.python,
        "size_bytes": made.size_bytes,
        "build_seconds": made.seconds,
        "dockerfile": made.dockerfile,
        "last_used_at": clock(),
    }
    return Image.objects.update_or_create(digest=digest, defaults=facts)[0]


def abandoned(now: datetime) -> list[ImageBuild]:
    """Set builds whose builder was killed back to Waiting, and return them.

    The log goes on where it ended. A build that outlives its builder too often is what kills it
    (it takes all memory, say): it fails, with words that say so.
    """
    late = ImageBuild.objects.filter(state__in=UNDER_WAY, builder_seen_at__lt=now - LEASE)
    return [row for row in late if _again(row, now)]


def _again(row: ImageBuild, now: datetime, *, why: str = "") -> bool:
    if row.attempt >= MOST_ATTEMPTS:
        words = f"its builder was killed {row.attempt} times{why}; is there enough memory?"
        image_claims.fail(row, words)
        return False
    logger.warning("%s was left by its builder; it starts again", row)
    return image_claims.move(row, BuildState.WAITING, attempt=row.attempt + 1, asked_at=now)


def startable(now: datetime) -> list[ImageBuild]:
    """Return the builds that a worker has room for now, the oldest first; the late say why."""
    waiting = ImageBuild.objects.filter(state=BuildState.WAITING).defer(*LARGE)
    found = list(waiting.order_by("asked_at", "pk"))
    room = MOST_AT_ONCE - ImageBuild.objects.filter(state__in=UNDER_WAY).count()
    words = "no worker has taken it yet; does one run?"
    if room <= 0:
        words = f"{MOST_AT_ONCE} other builds are under way, as many as are done at once"
    for row in found:
        is_late = row.asked_at < now - IS_LATE
        if is_late and row.progress != words and image_claims.same(row).update(progress=words):
            row.progress = words
            image_claims.tell(row)
    return found[: max(0, room)]


def unwanted(before: datetime) -> list[ImageBuild]:
    """Return unfinished builds, asked for before then, that no person wanted by themselves."""
    unfinished = ImageBuild.objects.filter(state__in=NOT_ENDED, is_wanted=False)
    return list(unfinished.filter(asked_at__lt=before).defer(*LARGE))


def newest() -> int:
    """Return the key of the image that was made last, 0 without any."""
    return Image.objects.aggregate(newest=Max("pk"))["newest"] or 0
