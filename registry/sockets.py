"""Who may listen to builds, fetches and profiles: a topic's name → the group that carries it."""

import re

from compute import images
from compute.models import ImageBuild
from compute.states import ImageKind
from registry import datasets, environments, fetching, profiling
from registry.models import Fetch
from studio import streams
from studio.access import Person, allow, workspace_for
from studio.errors import StudioError
from studio.texts import kept

FETCH = re.compile(r"fetch:([1-9][0-9]{0,17})")
PROFILE = re.compile(r"profile:([^/:]+)/([^/:]+)/([1-9][0-9]{0,8})")
TOPIC = re.compile(r"image:([^/:]+)/([^/:]+)/([1-9]\d{0,8})/([a-z]+)(:log)?")


def group_for(user: Person, topic: str) -> str | None:
    """Return the live group of `topic`, None where it is unknown or not this user's.

    Topics: `image:<workspace>/<name>/<number>/<kind>`, and the same with `:log` for the text;
    `fetch:<id>`; `profile:<workspace>/<name>/<number>`, of a dataset.
    """
    try:
        if found := FETCH.fullmatch(topic):
            return _fetch_group(user, int(found[1]))
        if found := PROFILE.fullmatch(topic):
            version = datasets.get(workspace_for(user, found[1]), found[2], int(found[3]))
            return profiling.group(version)
    except StudioError:
        return None
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


def _fetch_group(user: Person, number: int) -> str | None:
    fetch = Fetch.objects.select_related("workspace").filter(pk=number).first()
    return fetching.group(fetch) if fetch and allow(user, fetch.workspace) else None
