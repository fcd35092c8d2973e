"""Queue entry points of compute: an id in, one call out. Safe to run twice."""

from django.conf import settings

from compute import images
from studio.queue import actor


@actor(
    queue_name="images",
    max_retries=3,
    time_limit=(settings.IMAGE_BUILD_SECONDS + 60) * 1000,
)
def build_image(build_id: int) -> None:
    """Build the image of one recipe; only the one who claims it builds."""
    images.build(build_id)
