"""What an environment says: its sections, as the studio's definition and as the v1 SDK's JSON."""

import warnings
from typing import Any, Dict, List, NamedTuple, Optional

from trainyard import _errors
from trainyard._conda import CondaDependencies
from trainyard._files import requirement_lines
from trainyard._settings import (
    STUDIO_BASES,
    ContainerRegistry,
    DatabricksSection,
    DockerSection,
    PythonSection,
    Settings,
    SparkSection,
)

# A definition's keys that say which packages; they are passed on while nobody changes these.
PACKAGE_KEYS = ("conda", "pip", "packages", "python", "edition", "left_out")
Written = NamedTuple("Written", [("words", Dict[str, Any]), ("reads_as", str)])


class Described(Settings):
    """The values of an environment. `definition` is what the studio builds from."""

    def __init__(self, name: str, **values: Any):
        """Values: the attributes below by name. Raises AttributeError for an unknown one."""
        self.name = name
        self.version: Optional[str] = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.databricks = DatabricksSection()
        self.r: Any = None
        self.inferencing_stack_version: Optional[str] = None
        self.environment_variables: Dict[str, str] = {}
        self._written: Optional[Written] = None
        self._registered: Optional[Dict[str, Any]] = None
        self._facts: Dict[str, Any] = {}
        self._close(values)

    # --- the studio's definition ------------------------------------------------------------
    @property
    def definition(self) -> Dict[str, Any]:
        """What the studio builds from: packages, image and variables, as in docs/api.md.

        Raises UserErrorException for a base image and a Dockerfile at once.
        """
        words: Dict[str, Any] = dict(self.docker.words())
        if not self.python.user_managed_dependencies:
            words.update(self._package_words())
        elif not words or words.get("base_image", "").startswith(STUDIO_BASES):
            words = {"pip": ""}  # There is nothing but the studio's own image: Python, no more.
        if self.environment_variables:
            variables = self.environment_variables
            words["variables"] = {str(key): str(variables[key]) for key in variables}
        return words

    def _package_words(self) -> Dict[str, Any]:
        dependencies = self.python.conda_dependencies
        if dependencies is None:
            return {"pip": ""}
        if not isinstance(dependencies, CondaDependencies):
            raise _errors.UserErrorException(
                "python.conda_dependencies of environment {!r} must be a CondaDependencies, not"
                " {!r}; of a file it is CondaDependencies(path)".format(self.name, dependencies)
            )
        text = dependencies.serialize_to_string()
        if self._written is None:
            return {"conda": text}
        if text == self._written.reads_as:
            return dict(self._written.words)
        words = {"conda": text}
        if "left_out" in self._written.words:
            words["left_out"] = self._written.words["left_out"]
        if "python" in self._written.words and dependencies.python_version is None:
            words["python"] = self._written.words["python"]
        return words

    def _write(self, words: Dict[str, Any], dependencies: CondaDependencies) -> None:
        """Pass `words` on as the packages, for as long as `dependencies` stay what they are."""
        self.python.conda_dependencies = dependencies
        self._written = Written(words, dependencies.serialize_to_string())

    def _define(self, definition: Dict[str, Any]) -> None:
        """Become what a definition of the studio says."""
        self.environment_variables = dict(definition.get("variables") or {})
        words = {key: definition[key] for key in PACKAGE_KEYS if definition.get(key) is not None}
        python = definition.get("python")
        if "conda" in words:
            self._write(words, CondaDependencies.from_text(words["conda"]))
        elif "pip" in words:
            lines = requirement_lines(words["pip"])
            self._write(words, CondaDependencies.of_requirements(lines, python))
        elif "packages" in words:
            packages = words["packages"]
            lists = [packages.get(key) or () for key in ("pip", "conda", "channels")]
            self._write(
                words, CondaDependencies.of_requirements(lists[0], python, lists[1], lists[2])
            )
        else:
            self.python.user_managed_dependencies = True
        if definition.get("base_image"):
            self.docker.base_image = definition["base_image"]
        if definition.get("dockerfile") is not None:
            self.docker.base_image = None
            self.docker._dockerfile = definition["dockerfile"]

    @property
    def is_untouched(self) -> bool:
        """Has nobody set anything here that the studio would build from?"""
        return self.version is None and self.definition == type(self)(self.name).definition

    def unused(self) -> List[str]:
        """Return what is set and has no effect in this studio, in words."""
        found = self.python.unused() + self.docker.unused()
        return found + self.spark.unused() + self.databricks.unused()

    # --- the v1 SDK's JSON ------------------------------------------------------------
    def as_json(self) -> Dict[str, Any]:
        """Return the whole as JSON values with the v1 SDK's keys; never a password."""
        docker, python, spark = self.docker, self.python, self.spark
        return {
            "name": self.name,
            "version": self.version,
            "environmentVariables": dict(self.environment_variables),
            "inferencingStackVersion": self.inferencing_stack_version,
            "python": {
                "interpreterPath": python.interpreter_path,
                "userManagedDependencies": python.user_managed_dependencies,
                "condaDependencies": _packages(python.conda_dependencies),
                "baseCondaEnvironment": python.base_conda_environment,
            },
            "docker": {
                "enabled": docker.enabled,
                "baseImage": docker.base_image,
                "baseDockerfile": docker.base_dockerfile,
                "baseImageRegistry": {
                    "address": docker.base_image_registry.address,
                    "username": docker.base_image_registry.username,
                    "password": None,
                    "registryIdentity": docker.base_image_registry.registry_identity,
                },
                "platform": {
                    "os": docker.platform.os,
                    "architecture": docker.platform.architecture,
                },
                "sharedVolumes": docker.shared_volumes,
                "shmSize": docker.shm_size,
                "arguments": list(docker.arguments),
            },
            "spark": {
                "repositories": list(spark.repositories),
                "packages": list(spark.packages),
                "precachePackages": spark.precache_packages,
            },
            "databricks": _camel(vars(self.databricks)),
            "r": self.r,
        }

    def _take_json(self, words: Dict[str, Any]) -> None:
        """Become what JSON with the v1 SDK's keys says; what it does not say stays."""
        for section, key in ((self.python, "python"), (self.docker, "docker"),
                             (self.spark, "spark"), (self.databricks, "databricks")):  # fmt: skip
            _take(section, words.get(key) or {})
        variables = words.get("environmentVariables") or {}
        self.environment_variables = {str(key): str(variables[key]) for key in variables}
        self.inferencing_stack_version = words.get("inferencingStackVersion")
        self.r = words.get("r")


def _packages(dependencies: Optional[CondaDependencies]) -> Optional[Dict[str, Any]]:
    try:
        return None if dependencies is None else dependencies.as_dict()
    except _errors.UserErrorException:
        return None  # YAML that only the studio reads; the text is beside it.


def warn_of_unused(settings: List[str], what: str) -> None:
    """Say once in a warning which settings have no effect."""
    if settings:
        warnings.warn(
            "{} has settings that this studio keeps but does not use: {}".format(
                what, "; ".join(settings)
            ),
            stacklevel=3,
        )


def _take(section: Settings, words: Dict[str, Any]) -> None:
    """Set a section's values by their v1 keys; unknown keys are of other versions of the SDK."""
    for key in words:
        name, value = _snake(key), words[key]
        if name == "conda_dependencies":
            value = None if value is None else CondaDependencies(_underlying_structure=value)
        elif name == "base_image_registry":
            registry = ContainerRegistry()
            _take(registry, value or {})
            value = registry
        elif name == "platform" and isinstance(section, DockerSection):
            _take(section.platform, value or {})
            continue
        elif name == "base_dockerfile":
            name = "_dockerfile"
        if name in section.__dict__:
            setattr(section, name, value)


def _camel(values: Dict[str, Any]) -> Dict[str, Any]:
    found = {}
    for name in values:
        if not name.startswith("_"):
            first, *others = name.split("_")
            found[first + "".join(word.title() for word in others)] = values[name]
    return found


def _snake(key: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in key)
