"""Full pages of points: one segment each, and thinned once for all charts to come."""

import itertools

from django.db.models import F
from django.db.models.expressions import CombinedExpression

from runs.metrics.segments import points_of
from runs.metrics.thinning import Points, thin_with_ends
from runs.models import MetricLevel, MetricSegment

# 1.5 MiB in one row. The writer that fills a page packs it, which takes it some ten milliseconds.
PAGE_POINTS = 65_536
PAGE_BIN = 256
# As many keys as one statement may name, in any database.
KEYS_AT_ONCE = 5000
SEGMENT_COLUMNS = ("count", "least_step", "greatest_step", "steps", "times", "values")


def filled(before: int, after: int) -> range:
    """The numbers of the pages that are full with `after` points, and were not with `before`."""
    return range(before // PAGE_POINTS, after // PAGE_POINTS)


def pieces(first: int, count: int) -> list[tuple[int, int]]:
    """Where `count` points from number `first` on are cut, so that none reaches over a page."""
    cuts = [0, *range(PAGE_POINTS - first % PAGE_POINTS, count, PAGE_POINTS), count]
    return list(itertools.pairwise(cuts))


def pack(series_id: int, page: int) -> None:
    """Make a full page one segment and one level. To be called with its series locked."""
    first = page * PAGE_POINTS
    segments = MetricSegment.objects.filter(series=series_id, first__gte=first)
    rows = list(segments.filter(first__lt=first + PAGE_POINTS).order_by("first"))
    # Segments of earlier versions may reach over a page's ends: it is then drawn from them.
    if rows[0].first == first and sum(row.count for row in rows) == PAGE_POINTS:
        [points] = rewrite([rows]).values()
        thinned = thin_with_ends(points, PAGE_BIN)
        keep_level(series_id, points, thinned, PAGE_BIN)


def rewrite(many: list[list[MetricSegment]]) -> dict[int, Points]:
    """Make segments that follow on each other one, of each series; return their points by key."""
    points = {rows[0].series_id: points_of(rows) for rows in many}
    several = [rows for rows in many if len(rows) > 1]
    for whole, *_ in several:
        all_of_it = points[whole.series_id]
        whole.count = len(all_of_it)
        whole.least_step = int(all_of_it.steps.min())
        whole.greatest_step = int(all_of_it.steps.max())
        whole.steps, whole.times = all_of_it.steps.tobytes(), all_of_it.times.tobytes()
        whole.values = all_of_it.values.tobytes()
    if several:
        gone = [row.pk for rows in several for row in rows[1:]]
        for at in range(0, len(gone), KEYS_AT_ONCE):
            MetricSegment.objects.filter(pk__in=gone[at : at + KEYS_AT_ONCE]).delete()
        MetricSegment.objects.bulk_create(
            [rows[0] for rows in several],
            update_conflicts=True,
            unique_fields=["series", "first"],
            update_fields=SEGMENT_COLUMNS,
        )
    return points


def keep_level(series_id: int, points: Points, thinned: Points, length: int) -> None:
    """Keep what was thinned, in bins of `length`, of points that follow on each other."""
    MetricLevel.objects.update_or_create(
        series_id=series_id,
        bin=length,
        first=int(points.numbers[0]),
        defaults={
            "count": int(points.numbers[-1]) + 1 - int(points.numbers[0]),
            "least_step": int(points.steps.min()),
            "greatest_step": int(points.steps.max()),
            "points": thinned.tobytes(),
        },
    )


def in_full_pages() -> CombinedExpression:
    """In a query of segments or levels: how many points of the series are in full pages."""
    return F("series__count") - F("series__count") % PAGE_POINTS
