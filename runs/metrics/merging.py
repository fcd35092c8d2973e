"""What is left in small segments when a run has ended becomes one for each metric."""

from collections import defaultdict
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count, F, Max, QuerySet, Sum

from runs.metrics.batches import TEXTS
from runs.metrics.packing import PAGE_BIN, PAGE_POINTS, in_full_pages, keep_level, rewrite
from runs.metrics.thinning import bin_for, thin_with_ends
from runs.metrics.views import views
from runs.models import MetricLevel, MetricSegment, MetricSeries, Run

# A chart of many ended runs reads no more than this of each.
OVERVIEW_POINTS = 1024
# One transaction, for which writers wait, holds no more: some 24 MiB.
SERIES_AT_ONCE, POINTS_AT_ONCE = 200, 1_000_000


def merge(run: Run) -> None:
    """Make one segment of the small ones of each metric, and keep what its chart shows at most.

    Safe to repeat, and while somebody still adds points: what is new then stays as it came.
    """
    numbers = run.series.exclude(kind__in=TEXTS)
    for keys in list(_portions(run)):
        _merge_some(keys)
    long = numbers.filter(count__gt=OVERVIEW_POINTS)
    for series in long.annotate(seen=Max("levels__count")).exclude(seen=F("count")):
        _keep_overview(series)


def _tails() -> QuerySet[MetricSegment]:
    """Segments of numbers that are in no full page."""
    return MetricSegment.objects.exclude(series__kind__in=TEXTS).filter(first__gte=in_full_pages())


def _portions(run: Run) -> Iterator[list[int]]:
    """The keys of series with several small segments, so many as go into one transaction."""
    of_each = _tails().filter(series__run=run).order_by().values("series")
    several = of_each.annotate(n=Count("pk"), points=Sum("count")).filter(n__gt=1)
    portion: list[int] = []
    held = 0
    for key, points in several.values_list("series", "points"):
        if portion and (len(portion) == SERIES_AT_ONCE or held + points > POINTS_AT_ONCE):
            yield portion
            portion, held = [], 0
        portion.append(key)
        held += points
    if portion:
        yield portion


def _merge_some(keys: list[int]) -> None:
    with transaction.atomic():
        locked = list(MetricSeries.objects.select_for_update().filter(pk__in=keys))
        parts: dict[int, list[MetricSegment]] = defaultdict(list)
        for segment in _tails().filter(series__in=locked).order_by("series", "first"):
            parts[segment.series_id].append(segment)
        rewrite(list(parts.values()))


def _keep_overview(series: MetricSeries) -> None:
    [points] = views([series], OVERVIEW_POINTS).values()
    length = bin_for(series.count, OVERVIEW_POINTS)
    if series.count > PAGE_POINTS:
        # Bins of that length are the levels of pages, and of nothing else.
        length = max(length, 2 * PAGE_BIN)
    thinned = thin_with_ends(points, length)
    with transaction.atomic():
        MetricLevel.objects.filter(series=series).exclude(bin=PAGE_BIN).delete()
        keep_level(series.pk, points, thinned, length)
