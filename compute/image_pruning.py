"""Old images are removed when all of a kind take too much: the least recently used first.

The row goes before the image. So whoever is killed in between leaves either a whole image with
its row, or an image nobody knows, which the next sweep removes. The lock stays with the build.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.timezone import now as clock

from compute import images
from compute.building import log
from compute.building.kinds import KINDS
from compute.models import Image, ImageBuild
from compute.states import BuildState, ImageKind

logger = logging.getLogger(__name__)
# Longer than `images.USED_EVERY`: an image that was asked for a moment ago is never taken.
KEPT_AFTER_USE = timedelta(minutes=10)


def prune(
    kind: ImageKind, most_bytes: int, in_use: Collection[int], now: datetime | None = None
) -> list[Image]:
    """Remove images of `kind` until those left take at most `most_bytes`; return the removed.

    in_use: keys of images that something unfinished needs. They stay, and so does what was used
    in the last ten minutes or is being made again just now, however much they take.
    """
    now = now or clock()
    of_kind = Image.objects.filter(kind=kind)
    total = of_kind.aggregate(total=Sum("size_bytes"))["total"] or 0
    if total <= most_bytes:
        return []
    removed = []
    old = of_kind.filter(last_used_at__lt=now - KEPT_AFTER_USE).exclude(pk__in=in_use)
    for image in old.order_by("last_used_at"):
        if total <= most_bytes:
            break
        if _remove(image):
            total -= image.size_bytes
            removed.append(image)
    return removed


def sweep(kind: ImageKind) -> list[str]:
    """Remove images of `kind` that no row knows, and what killed builders left; return digests."""
    if not ImageBuild.objects.filter(kind=kind).exists():
        return []  # never asked for: there may not even be an engine to ask
    KINDS[kind].sweep()
    stored = KINDS[kind].stored()
    # In this order: a build that ends in between is in one of the two.
    making = _being_made(kind)
    known = Image.objects.filter(digest__in=stored).values_list("digest", flat=True)
    orphans = sorted(set(stored) - making - set(known))
    for digest in orphans:
        logger.info("%s image %s has no row: removed", kind.value, digest[:12])
        KINDS[kind].remove(Image(kind=kind, digest=digest, place=stored[digest]))
    return orphans


def _being_made(kind: ImageKind) -> set[str]:
    """Digests of the images that builders are making, or are finding whole, at this moment."""
    installing = ImageBuild.objects.filter(kind=kind, state=BuildState.INSTALLING)
    return {images.digest_of(lock, kind) for lock in installing.values_list("lock", flat=True)}


def _remove(image: Image) -> bool:
    with transaction.atomic():
        # Who asks for it right now marks it used: the one who comes first wins.
        same = Image.objects.select_for_update().filter(pk=image.pk)
        is_same = same.filter(last_used_at=image.last_used_at).exists()
        if not is_same or image.digest in _being_made(ImageKind(image.kind)):
            return False
        pk = image.pk
        image.delete()
        image.pk = pk  # for those who count what was removed
    KINDS[ImageKind(image.kind)].remove(image)
    size, used = log.size(image.size_bytes), image.last_used_at
    logger.info("%s was removed: %s, last used %s", image, size, used.isoformat(" ", "seconds"))
    return True
