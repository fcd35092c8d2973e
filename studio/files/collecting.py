"""Away with what nobody needs: trees and contents that no row names, and bytes that have no row.

A tree or content goes when no foreign key points to it and nobody sent it or asked for it for
STUDIO_KEEP_UNUSED_HOURS. Its row goes in a transaction that looks again; the database itself keeps
a row that somebody names meanwhile. Bytes go afterwards, while no row can come (contents.alone). A
kill between the two leaves bytes without a row: the walk through the store finds them.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.reverse_related import ForeignObjectRel

from studio.files import blobs as contents
from studio.files import uploads
from studio.models import Blob, Tree, TreeFile

logger = logging.getLogger(__name__)
# How much one step looks at: a step must not hold up what else supervise does.
MOST_TREES = 5000
MOST_TREE_FILES = 20_000
MOST_BLOBS = 1000
AT_ONCE = 100
PREFIXES = 256


@dataclass
class Place:
    """How far the walk is. Lost at a restart: it begins again, and everything is safe to repeat."""

    tree: int = 0
    blob: str = ""
    prefix: int = 0


_place = Place()


def step(now: datetime, place: Place = _place) -> tuple[int, int]:
    """Look at some trees, some contents and some of the store; return what went, of each kind.

    Called again and again, it comes past all of them.
    """
    before = now - timedelta(hours=settings.KEEP_UNUSED_HOURS)
    uploads.sweep(now)
    trees = _trees(before, place)
    gone = _blobs(before, place)
    _bytes_without_row(place)
    if trees or gone:
        logger.info("collected %d trees and %d contents that nobody needed", trees, gone)
    return trees, gone


# --- trees -------------------------------------------------------------------------------------
def _trees(before: datetime, place: Place) -> int:
    last = _window(Tree, place.tree, MOST_TREES)
    unnamed = _unnamed(Tree, besides=(TreeFile,)).filter(pk__gt=place.tree, created_at__lt=before)
    if last is not None:
        unnamed = unnamed.filter(pk__lte=last)
    gone, files = 0, 0
    for pk, file_count in list(unnamed.order_by("pk").values_list("pk", "file_count")):
        if files and files + file_count > MOST_TREE_FILES:
            return gone
        files += file_count
        gone += _remove_tree(pk, before)
        place.tree = pk
    place.tree = last or 0
    return gone


def _remove_tree(pk: int, before: datetime) -> int:
    """Remove a tree with all its files, or nothing of it: part of a tree would be another one."""
    try:
        with transaction.atomic():
            left = _unnamed(Tree, besides=(TreeFile,)).filter(pk=pk, created_at__lt=before)
            if not left.select_for_update(of=("self",)).exists():
                return 0
            _delete(TreeFile.objects.filter(tree=pk))
            _delete(Tree.objects.filter(pk=pk))
    except IntegrityError:  # somebody names it since
        return 0
    return 1


# --- contents ----------------------------------------------------------------------------------
def _blobs(before: datetime, place: Place) -> int:
    """Remove contents in the order of their names, so that each is looked at once a round."""
    last = _window(Blob, place.blob, MOST_BLOBS)
    unnamed = _unnamed(Blob).filter(pk__gt=place.blob, used_at__lt=before)
    if last is not None:
        unnamed = unnamed.filter(pk__lte=last)
    found = list(unnamed.order_by("pk").values_list("pk", flat=True))
    gone = 0
    for start in range(0, len(found), AT_ONCE):
        removed = _remove_rows(found[start : start + AT_ONCE], used_at__lt=before)
        gone += len(removed)
        for sha256 in removed:
            remove_bytes(sha256)
    place.blob = last or ""
    return gone


def _window(model: Any, after: Any, most: int) -> Any:
    """The key of the last of the next `most` rows; None where fewer are left."""
    keys = model.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    return next(iter(keys[most - 1 : most]), None)


def forget(sha256s: Iterable[str], since: datetime) -> None:
    """Remove those of these contents at once that came since then, and that nobody names.

    For what was refused as a whole after a part of it was kept. Whoever sent the same meanwhile is
    told that it is missing when he names it.
    """
    wanted = sorted(set(sha256s))
    for start in range(0, len(wanted), AT_ONCE):
        for sha256 in _remove_rows(wanted[start : start + AT_ONCE], created_at__gte=since):
            remove_bytes(sha256)


def _remove_rows(part: list[str], **which: datetime) -> list[str]:
    try:
        with transaction.atomic():
            left = _unnamed(Blob).filter(pk__in=part, **which)
            going = list(left.select_for_update(of=("self",)).values_list("pk", flat=True))
            _delete(Blob.objects.filter(pk__in=going))
    except IntegrityError:  # somebody names one of them since: next time
        return []
    return going


def remove_bytes(sha256: str) -> bool:
    """Remove bytes that have no row, and whether they had none."""
    with contents.alone(sha256):
        if Blob.objects.filter(pk=sha256).exists():
            return False
        contents.store().remove(sha256)
        return True


def _bytes_without_row(place: Place) -> None:
    """What a kill between a row and its bytes left, in one of the folders of the store."""
    prefix = f"{place.prefix:02x}"
    names = contents.store().names(prefix, settings.KEEP_UNUSED_HOURS * 3600)
    for part in iter(lambda: list(islice(names, contents.AT_ONCE)), []):
        kept = set(Blob.objects.filter(pk__in=part).values_list("pk", flat=True))
        for name in part:
            if name not in kept and contents.SHA256.fullmatch(name) and remove_bytes(name):
                logger.info("removed the bytes of %s, which no row named", name[:12])
    place.prefix = (place.prefix + 1) % PREFIXES


# --- who names what ------------------------------------------------------------------------------
def _naming(model: type[Model], besides: tuple[type[Model], ...]) -> Iterator[tuple[Any, str]]:
    """Yield (model, field) of every foreign key that points to `model`, but those of `besides`.

    With those that have no name on this side (related_name="+"), and one-to-one.
    """
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.related_model not in besides:
            yield relation.related_model, relation.field.name


def _unnamed(model: Any, besides: tuple[type[Model], ...] = ()) -> QuerySet[Any]:
    """The rows of `model` to which no foreign key points, whichever app it is of."""
    found: QuerySet[Any] = model.objects.all()
    for other, field in _naming(model, besides):
        found = found.filter(~Exists(other._base_manager.filter(**{field: OuterRef("pk")})))
    return found


def _delete(rows: QuerySet[Any]) -> None:
    """Delete without asking each model that could name them: the database asks."""
    rows._raw_delete(rows.db)


# --- what deleting would free ----------------------------------------------------------------
def freed(trees: Iterable[Tree] = (), blobs: Iterable[str] = ()) -> tuple[int, int]:
    """Return how many contents, with how many bytes, nobody would need any more.

    trees, blobs (SHA-256): each mention is one row that points to it and goes; a tree that two
    rows name is freed when it is mentioned twice.
    """
    going = Counter(tree.pk for tree in trees)
    named = _count_names(Tree, list(going), besides=(TreeFile,))
    gone = [pk for pk, times in going.items() if named[pk] <= times]
    return _added(_only_in(gone), _mentioned(Counter(blobs), gone))


def freed_with(trees: Iterable[Tree], going: QuerySet[Any]) -> tuple[int, int]:
    """As `freed`, for rows of one model that name a content by `blob`, however many they are."""
    named_by = Counter(tree.pk for tree in trees)
    named = _count_names(Tree, list(named_by), besides=(TreeFile,))
    gone = [pk for pk, times in named_by.items() if named[pk] <= times]
    found = Blob.objects.filter(pk__in=going.order_by().values("blob"))
    for other, field in _naming(Blob, besides=()):
        rows = other._base_manager.filter(**{field: OuterRef("pk")})
        if other is TreeFile:
            rows = rows.exclude(tree__in=gone)
        elif other is going.model:
            rows = rows.exclude(pk__in=going.order_by().values("pk"))
        found = found.filter(~Exists(rows))
    total = found.aggregate(files=Count("pk"), size=Sum("size_bytes"))
    return _added(_only_in(gone), (total["files"], total["size"] or 0))


def _only_in(gone: list[int]) -> tuple[int, int]:
    """Contents of trees that go, and of nothing else at all."""
    if not gone:
        return 0, 0
    files = TreeFile.objects.filter(blob=OuterRef("pk"))
    found = _unnamed(Blob, besides=(TreeFile,)).filter(
        ~Exists(files.exclude(tree__in=gone)),
        pk__in=TreeFile.objects.filter(tree__in=gone).values("blob"),
    )
    total = found.aggregate(files=Count("pk"), size=Sum("size_bytes"))
    return total["files"], total["size"] or 0


def _mentioned(going: Counter[str], gone: list[int]) -> tuple[int, int]:
    """Contents that rows of their own name, which go, and perhaps trees that go."""
    named = _count_names(Blob, list(going), but=Q(tree__in=gone))
    free = {sha256 for sha256, times in going.items() if named[sha256] <= times}
    sizes = contents.sizes(free)
    return len(sizes), sum(sizes.values())


def _count_names(
    model: type[Model],
    keys: list[Any],
    besides: tuple[type[Model], ...] = (),
    but: Q | None = None,
) -> Counter[Any]:
    """How many rows point to each of `keys`; `but`: files of trees that do not count."""
    counted: Counter[Any] = Counter()
    for start in range(0, len(keys), contents.AT_ONCE):
        part = keys[start : start + contents.AT_ONCE]
        for other, field in _naming(model, besides):
            rows = other._base_manager.filter(**{f"{field}__in": part})
            if but is not None and other is TreeFile:
                rows = rows.exclude(but)
            counted.update(dict(rows.order_by().values_list(field).annotate(Count("pk"))))
    return counted


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
