"""Who may listen to the builds of environments: a topic's name → the group that carries it."""

import re

from compute import images
from compute.models import ImageBuild
from compute.states import ImageKind
from registry import environments
from studio import streams
from studio.access import Person, workspace_for
from studio.errors import StudioError
from studio.texts import kept

TOPIC = re.compile(r"image:([^/:]+)/([^/:]+)/([1-9]\d{0,8})/([a-z]+)(:log)?")


def group_for(user: Person, topic: str) -> str | None:
    """Return the live group of `topic`, None where it is unknown or not this user's.

    Topics: `image:<workspace>/<name>/<number>/<kind>`, and the same with `:log` for the text.
    """
    found = TOPIC.fullmatch(topic)
    if kept(topic, len(topic)) != topic or found is None or found[4] not in ImageKind.values:
        return None
    try:
        version = environments.get(workspace_for(user, found[1]), found[2], int(found[3]))
    except StudioError:
        return None
    digest, kind = version.environment.recipe_digest, found[4]
    if not found[5]:
        return images.group(digest, kind)
    build = ImageBuild.objects.filter(recipe_digest=digest, kind=kind).first()
    return streams.group(build.log_id) if build else None
