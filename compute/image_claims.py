"""The rows of image builds: every change a swap and a live event; one builder's hold on a build."""

import contextlib
import logging
import time
from typing import Any

from django.db import models, transaction
from django.utils.timezone import now as clock

from compute.building.masking import without_secrets
from compute.models import ImageBuild
from compute.states import BUILD_MOVES, BuildState
from studio import live, streams
from studio.errors import WrongOffset
from studio.models import Stream

logger = logging.getLogger(__name__)
# How soon a builder notices that its build is no longer its own, and how often it says it lives.
LOOK_EVERY_S = 0.5
LEASE_EVERY_S = 2.0
PROGRESS_EVERY_S = 0.5
MOST_PROGRESS = 200  # characters, as the column has
TAIL_BYTES = 4096


def group(recipe_digest: str, kind: str) -> str:
    """The live group that hears `build-changed` whenever the build of a recipe changes."""
    return f"image-build.{kind}.{recipe_digest}"


def tell(row: ImageBuild) -> None:
    """Publish what a build is doing now."""
    where = group(row.recipe_digest, row.kind)
    live.publish(where, "build-changed", state=row.state, progress=row.progress)


def same(row: ImageBuild) -> models.QuerySet[ImageBuild]:
    """The row as long as it is in the state, and with the one who builds, in which it was read.

    Attempt and log tell one claim from the next: a builder that was taken for dead moves nothing.
    """
    return ImageBuild.objects.filter(
        pk=row.pk, state=row.state, attempt=row.attempt, log_id=row.log_id
    )


def move(
    row: ImageBuild,
    to: BuildState,
    *,
    among: models.QuerySet[ImageBuild] | None = None,
    **changes: Any,
) -> bool:
    """Move a build by compare-and-swap; False when another process moved it first.

    among: where the swap needs more than `same(row)`. Raises ValueError for a forbidden move.
    """
    if to not in BUILD_MOVES[BuildState(row.state)]:
        raise ValueError(f"{row}: {row.state} -> {to} is not a move")
    with transaction.atomic():
        rows = same(row) if among is None else among
        moved = rows.update(**{"state": to, "progress": "", **changes})
        if moved:
            row.refresh_from_db()
            tell(row)
    return bool(moved)


def end(
    row: ImageBuild,
    to: BuildState,
    *,
    words: str = "",
    among: models.QuerySet[ImageBuild] | None = None,
    **changes: Any,
) -> bool:
    """End a build and its log, which says why; False when another process moved it first."""
    words = without_secrets(words)
    changes = {"error": words, "ended_at": clock(), **changes}
    if not move(row, to, among=among, **changes):
        return False
    if words:
        _say_at_the_end(row.log_id, str(to.label), words)
        logger.info("%s ended: %s: %s", row, to.label, words)
    streams.finish(row.log_id)
    return True


def fail(row: ImageBuild, words: str, guilty: str = "") -> bool:
    """End a build as Failed; `guilty` is the requirement at fault, as it was written."""
    return end(row, BuildState.FAILED, words=words, guilty=without_secrets(guilty)[:300])


def _say_at_the_end(stream_id: int, label: str, words: str) -> None:
    """Say in the log how a build ended, where the builder has not: it may be writing just now."""
    stream = Stream.objects.get(pk=stream_id)
    said = streams.read(stream, -TAIL_BYTES).text
    ends = [line.partition(f"{label}: ")[2] for line in said.splitlines()]
    if any(end and words.startswith(end) for end in ends):
        return
    data = ("" if not said or said.endswith("\n") else "\n") + f"{label}: {words}\n"
    for _ in range(3):
        with contextlib.suppress(WrongOffset):
            streams.append(stream_id, stream.size_bytes, data.encode())
            return
        stream.refresh_from_db()


def set_wanted(row: ImageBuild, is_wanted: bool) -> None:
    """Note whether a person wants the build by itself, whatever state it is in."""
    with transaction.atomic():
        ImageBuild.objects.filter(pk=row.pk).update(is_wanted=is_wanted)
        row.refresh_from_db()
        tell(row)


class ClaimLost(Exception):
    """This build was given to another builder, or was ended from elsewhere."""


class Claim:
    """One builder's hold on one build: it writes the log, says what it does and that it lives.

    Raises ClaimLost, which ends the builder's processes, as soon as the row is another's.
    """

    def __init__(self, row: ImageBuild):
        self._row = row
        self._offset = row.log.size_bytes
        self._looked = self._renewed = time.monotonic()
        self._said = float("-inf")
        self._saying: str | None = None

    def tick(self) -> None:
        """See that the build is still ours, and renew the lease; called again and again.

        No thread of its own: one that lived on while the build hangs would only hide it.
        """
        now = time.monotonic()
        if self._saying is not None and now - self._said >= PROGRESS_EVERY_S:
            self._say(self._saying)
        elif now - self._renewed >= LEASE_EVERY_S:
            self._write(builder_seen_at=clock())
        elif now - self._looked >= LOOK_EVERY_S:
            self._looked = now
            if not same(self._row).exists():
                raise ClaimLost

    def progress(self, words: str) -> None:
        """Say what the builder does now, in words; of many at once the last is kept."""
        self._saying = " ".join(without_secrets(words).split())[:MOST_PROGRESS]
        if time.monotonic() - self._said >= PROGRESS_EVERY_S:
            self._say(self._saying)

    def _say(self, words: str) -> None:
        self._saying, self._said = None, time.monotonic()
        if words != self._row.progress:
            self._write(progress=words, builder_seen_at=clock())
            self._row.progress = words
            tell(self._row)

    def _write(self, **changes: Any) -> None:
        self._looked = self._renewed = time.monotonic()
        if not same(self._row).update(**changes):
            raise ClaimLost

    def write(self, data: bytes) -> None:
        """Add to the log; passwords in addresses are left out."""
        # A piece may begin or end within a character.
        text = data.decode(errors="surrogateescape")
        data = without_secrets(text).encode(errors="surrogateescape")
        try:
            self._offset = streams.append(self._row.log_id, self._offset, data)
        except WrongOffset as error:
            # A builder before us wrote its last words after we looked, or one after us writes now.
            if not same(self._row).exists():
                raise ClaimLost from error
            self._offset = streams.append(self._row.log_id, error.facts["at"], data)
