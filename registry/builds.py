"""Images of environment versions: asked for, looked at, stopped. The build itself is compute's."""

from collections.abc import Iterable

from compute import images, recipes
from compute.actors import build_image
from compute.models import ImageBuild
from compute.states import BuildState, ImageKind
from registry.models import Version
from studio import queue
from studio.errors import BadInput, NotFound


def kind_in(text: str | None) -> ImageKind:
    """Read a kind of image; nothing is "local". Raises BadInput that lists the kinds."""
    try:
        return ImageKind(text or ImageKind.LOCAL)
    except ValueError:
        kinds = ", ".join(ImageKind.values)
        raise BadInput(
            f'"{text:.40}" is no kind of image; kinds: {kinds}', fields={"kind": f"one of {kinds}"}
        ) from None


def build_of(version: Version, kind: ImageKind) -> ImageBuild:
    """Return the build of a version's image. Raises NotFound when it was never asked for."""
    builds = ImageBuild.objects.select_related("image", "log")
    build = builds.filter(recipe_digest=version.environment.recipe_digest, kind=kind).first()
    if build is None:
        raise NotFound(f"nobody has asked for the {kind} image of {version} yet; build it first")
    return build


def ask(version: Version, kind: ImageKind) -> ImageBuild:
    """Ask for a version's image by itself: it is built though no run waits for it.

    Raises BadInput when the definition cannot be read any more.
    """
    build = images.ensure(recipes.from_definition(version.environment.definition), kind)
    images.want(build)
    if build.state == BuildState.WAITING:
        queue.send(build_image, build.pk)
    return build


def cancel(version: Version, kind: ImageKind) -> ImageBuild:
    """Take back that a version's image is wanted by itself. Raises NotFound.

    The build ends as Canceled within a second, unless runs wait for it, of whatever workspace:
    then it goes on. One that has ended stays as it is.
    """
    build = build_of(version, kind)
    images.withdraw(build)
    return build


def states_of(found: Iterable[Version]) -> dict[str, dict[str, str]]:
    """Recipe digest → kind → state of the build, for those that were ever asked for; one query."""
    digests = {version.environment.recipe_digest for version in found}
    return states_by_digest(digests)


def states_by_digest(digests: Iterable[str]) -> dict[str, dict[str, str]]:
    """As `states_of`, by the digests themselves."""
    states: dict[str, dict[str, str]] = {}
    builds = ImageBuild.objects.filter(recipe_digest__in=set(digests))
    for digest, kind, state in builds.values_list("recipe_digest", "kind", "state"):
        states.setdefault(digest, {})[kind] = state
    return states
