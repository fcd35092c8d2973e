"""What a studio keeps of an environment: versions, what is written on them, images."""

import copy
from typing import Any, Dict, List, Optional, Type, TypeVar, Union

from trainyard import _errors
from trainyard._definition import Described, warn_of_unused
from trainyard._image_build import (
    KINDS,
    DockerImageDetails,
    ImageBuildDetails,
    image_details,
    version_path,
)
from trainyard._place import Place
from trainyard._transport import quoted

LABEL = "label:"
Labels = Union[str, List[str]]
Self = TypeVar("Self", bound="Registered")


class Registered(Described):
    """An environment and its versions in a studio; the base of Environment."""

    @classmethod
    def get(
        cls: Type[Self],
        workspace: Place,
        name: str,
        version: Optional[str] = None,
        label: Optional[str] = None,
    ) -> Self:
        """Return a registered or curated environment: a version, a labelled one, the newest.

        Raises UserErrorException (NotFound) for an unknown one.
        """
        if label not in (None, "latest"):
            if version is not None:
                raise _errors.UserErrorException("give a version or a label, not both")
            return _labelled(cls.versions(workspace, name), name, str(label))
        return cls._of(workspace.client.get(_path(workspace, name), version=version))

    @classmethod
    def list(cls: Type[Self], workspace: Place) -> Dict[str, Self]:
        """Return name → newest version of each environment, curated ones included."""
        found = workspace.client.items(workspace.api("environments"))
        return {item["name"]: cls._of(item) for item in found}

    @classmethod
    def versions(cls: Type[Self], workspace: Place, name: str) -> List[Self]:
        """Return all versions of an environment, newest first."""
        found = workspace.client.items(_path(workspace, name) + "/versions")
        return [cls._of(item) for item in found]

    @classmethod
    def _of(cls: Type[Self], answer: Dict[str, Any]) -> Self:
        environment = cls(answer["name"])
        environment._define(answer["definition"])
        environment._take_answer(answer)
        return environment

    def _take_answer(self, answer: Dict[str, Any]) -> None:
        version = answer.get("version")
        self.version = None if version is None else str(version)
        self._registered, self._facts = self.definition, dict(answer)

    @property
    def description(self) -> str:
        """What is written on it in the studio; "" before it is registered."""
        return str(self._facts.get("description") or "")

    @property
    def tags(self) -> Dict[str, str]:
        """Name → text; {} before it is registered."""
        return dict(self._facts.get("tags") or {})

    @property
    def is_curated(self) -> bool:
        """Does it come with the studio? Such a one is changed as a clone under another name."""
        return bool(self._facts.get("curated"))

    @property
    def is_archived(self) -> bool:
        """Whether it is left out of lists; runs may use it still."""
        return bool(self._facts.get("archived"))

    def order(self) -> Dict[str, Any]:
        """Return how a run names this environment: by version if it is still that one."""
        warn_of_unused(self.unused(), "environment {!r}".format(self.name))
        definition = self.definition
        if self.version is not None and definition == self._registered:
            return {"name": self.name, "version": int(self.version)}
        return {"name": self.name, "definition": definition}

    # --- in the studio ------------------------------------------------------------
    def register(
        self: Self,
        workspace: Place,
        *,
        description: Optional[str] = None,
        tags: Optional[Dict[str, Any]] = None,
    ) -> Self:
        """Keep this definition under its name; the same content is the same version.

        description and tags are written on that version. Returns the registered environment.
        Raises UserErrorException naming what is wrong with the definition.
        """
        warn_of_unused(self.unused(), "environment {!r}".format(self.name))
        order: Dict[str, Any] = {"name": self.name, "definition": self.definition}
        order.update(_notes(description, tags))
        answer = workspace.client.post(workspace.api("environments"), order)
        self._take_answer(answer)
        is_told = description in (None, self.description)
        if not is_told or not set((tags or {}).items()) <= set(self.tags.items()):
            self.update(workspace, description=description, tags=tags)
        return copy.deepcopy(self)

    def update(
        self,
        workspace: Place,
        *,
        description: Optional[str] = None,
        tags: Optional[Dict[str, Optional[str]]] = None,
    ) -> None:
        """Change what is written on this version; tags are added to its own, None removes one."""
        path = version_path(workspace, self.name, self._number())
        self._facts = dict(workspace.client.patch(path, _notes(description, tags)))

    @classmethod
    def label(cls, workspace: Place, name: str, version: str, labels: Labels) -> None:
        """Put labels on a version; each is taken from the version that had it before."""
        wanted = [labels] if isinstance(labels, str) else list(labels)
        if "latest" in wanted:
            raise _errors.UserErrorException(
                '"latest" is the newest version, always; choose another label'
            )
        keys = [LABEL + label for label in wanted]
        target = cls.get(workspace, name, str(version))
        for other in cls.versions(workspace, name):
            old = [key for key in keys if key in other.tags and other.version != target.version]
            if old:
                other.update(workspace, tags=dict.fromkeys(old))
        target.update(workspace, tags=dict(zip(keys, wanted)))

    def archive(self, workspace: Place) -> None:
        """Take the environment, all its versions, out of lists; by its name it is still there."""
        workspace.client.patch(_path(workspace, self.name), {"archived": True})
        self._facts["archived"] = True

    def restore(self, workspace: Place) -> None:
        """Bring an archived environment back into lists."""
        workspace.client.patch(_path(workspace, self.name), {"archived": False})
        self._facts["archived"] = False

    def ask_for_newer_packages(self: Self, workspace: Place) -> Self:
        """Return a new version of the same content, whose packages are chosen anew.

        Until somebody asks, a definition keeps the exact packages that it got the first time.
        """
        path = version_path(workspace, self.name, self._number())
        return type(self)._of(workspace.client.post(path + "/update", {}, repeatable=False))

    def get_lock(self, workspace: Place, *, kind: str = "") -> str:
        """Return the exact packages with their hashes. Raises NotFound while there are none.

        kind: as in build().
        """
        path = version_path(workspace, self.name, self._number()) + "/lock"
        return str(workspace.client.get(path, kind=kind or self._kind(workspace, None))["text"])

    # --- its image ------------------------------------------------------------
    def build(
        self, workspace: Place, image_build_compute: Optional[str] = None, *, kind: str = ""
    ) -> ImageBuildDetails:
        """Ask for this environment's image now, and return the build; it is registered for it.

        kind: docker, or local (a folder on the studio's host). By default what the cluster
        image_build_compute needs; without one, Docker for a Dockerfile or an image that is used
        as it is, else local.
        """
        if self.version is None or self.definition != self._registered:
            self.register(workspace)
        kind = kind or self._kind(workspace, image_build_compute)
        if kind not in KINDS:
            raise _errors.UserErrorException(
                "kind {!r} is not known; write {}".format(kind, " or ".join(KINDS))
            )
        path = version_path(workspace, self.name, self._number()) + "/build?kind=" + kind
        answer = workspace.client.post(path, {})
        return ImageBuildDetails(workspace, self.name, self._number(), kind, _answer=answer)

    def build_local(
        self, workspace: Place, platform: Any = None, **options: Any
    ) -> ImageBuildDetails:
        """Build the image and wait for it, with its log; useDocker=True for Docker.

        The studio's host builds, not this computer, so that what is tried is what will run.
        """
        kind = "docker" if options.get("useDocker") else "local"
        return self.build(workspace, kind=kind).wait_for_completion(show_output=True)

    def get_image_details(self, workspace: Place) -> DockerImageDetails:
        """Return the Docker image's name and Dockerfile, and whether it is built."""
        return image_details(workspace, self.name, self._number())

    def _kind(self, workspace: Place, cluster: Optional[str]) -> str:
        if cluster:
            facts = workspace.client.get(workspace.api("clusters/" + quoted(str(cluster))))
            return "docker" if facts["backend"] == "docker" else "local"
        definition = self.definition
        has_packages = any(key in definition for key in ("conda", "pip", "packages"))
        return "local" if has_packages and "dockerfile" not in definition else "docker"

    def _number(self) -> str:
        if self.version is None:
            raise _errors.UserErrorException(
                "environment {!r} is not registered: call register(workspace) first".format(
                    self.name
                )
            )
        return self.version


def _path(workspace: Place, name: str) -> str:
    return workspace.api("environments/" + quoted(name))


def _notes(description: Optional[str], tags: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    notes: Dict[str, Any] = {}
    if description is not None:
        notes["description"] = description
    if tags:
        notes["tags"] = {str(key): None if tags[key] is None else str(tags[key]) for key in tags}
    return notes


def _labelled(found: List[Self], name: str, label: str) -> Self:
    for one in found:
        if LABEL + label in one.tags:
            return one
    known = sorted(key[len(LABEL) :] for one in found for key in one.tags if key.startswith(LABEL))
    raise _errors.NotFound(
        "no version of environment {!r} has the label {!r}; labels: {}".format(
            name, label, ", ".join(known + ["latest"])
        ),
        status=404,
    )
