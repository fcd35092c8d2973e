"""The studio's disk as people ask about it: what is free, what images take, what limits are set."""

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Sum

from compute.models import Image

GB = 10**9


@dataclass(frozen=True)
class Facts:
    """The disk of STUDIO_HOME.

    images: of each kind how many, and their bytes.   bucket: where contents are, "" for a folder.
    """

    free_bytes: int
    size_bytes: int
    images: dict[str, tuple[int, int]]
    bucket: str
    limits: dict[str, int]


def facts() -> Facts:
    """Look at the disk; images are counted by the database, a row each."""
    usage = shutil.disk_usage(settings.HOME)
    rows = (
        Image.objects.order_by("kind").values_list("kind").annotate(Count("pk"), Sum("size_bytes"))
    )
    return Facts(
        free_bytes=usage.free,
        size_bytes=usage.total,
        images={kind: (count, size or 0) for kind, count, size in rows},
        bucket=settings.S3_OPTIONS["bucket_name"] if settings.STORAGE == "s3" else "",
        limits={
            "images_bytes": settings.IMAGES_MAX_GB * GB,
            "laid_out_bytes": settings.CACHE_MAX_BYTES,
            "log_bytes": settings.LOG_MAX_BYTES,
            "snapshot_bytes": settings.SNAPSHOT_MAX_BYTES,
            "snapshot_files": settings.SNAPSHOT_MAX_FILES,
            "fetch_bytes": settings.FETCH_MAX_BYTES,
            "keep_unused_hours": settings.KEEP_UNUSED_HOURS,
        },
    )
