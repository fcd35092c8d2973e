"""The kinds of images: who builds each, where it lies. A new kind is an entry here."""

from collections.abc import Callable
from typing import NamedTuple

from compute.building import docker, local
from compute.building.base import Builder, Steps
from compute.models import Image
from compute.states import Backend, ImageKind


class Kind(NamedTuple):
    """One kind of image.

    make: a builder for one build.   version: that of its builder, a part of every digest.
    is_there: whether an image is whole.   remove: takes one away; safe to repeat.
    stored: digest → place of every whole image that lies there, known to the studio or not.
    sweep: takes away what builders that were killed left, never what one is making now.
    """

    make: Callable[[Steps], Builder]
    version: str
    is_there: Callable[[Image], bool]
    remove: Callable[[Image], None]
    stored: Callable[[], dict[str, str]]
    sweep: Callable[[], None]


KINDS = {
    ImageKind.LOCAL: Kind(
        local.LocalBuilder,
        local.LocalBuilder.version,
        local.is_there,
        local.remove,
        local.stored,
        local.sweep,
    ),
    ImageKind.DOCKER: Kind(
        docker.DockerBuilder,
        docker.DockerBuilder.version,
        docker.is_there,
        docker.remove,
        docker.stored,
        docker.sweep,
    ),
}
KIND_OF_BACKEND = {Backend.LOCAL: ImageKind.LOCAL, Backend.DOCKER: ImageKind.DOCKER}
