"""Environment: what a run's script finds installed; from conda YAML or pip requirements."""

import json
from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._conda import CondaDependencies
from trainyard._place import Place

DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"


class PythonSection:
    """The Python side of an environment: `conda_dependencies`, and names scripts set."""

    def __init__(self, conda_dependencies: Optional[CondaDependencies] = None):
        self.conda_dependencies = conda_dependencies or CondaDependencies()
        self.interpreter_path = "python"
        self.user_managed_dependencies = False


class DockerSection:
    """Names that scripts set. This studio builds one kind of image; `base_image` is not used."""

    def __init__(self) -> None:
        self.enabled = False
        self.base_image: Optional[str] = DEFAULT_CPU_IMAGE
        self.base_dockerfile: Optional[str] = None
        self.shm_size = "2g"
        self.arguments: List[str] = []


class Environment:
    """A named definition. `version` is None until it is registered, or came from the studio."""

    def __init__(self, name: str):
        self.name = name
        self.version: Optional[str] = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables: Dict[str, str] = {}
        self._pip: Optional[Dict[str, str]] = None
        self._registered: Optional[Dict[str, Any]] = None

    # --- where one comes from ------------------------------------------------------------
    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> "Environment":
        """Return an environment of a conda YAML file; its text is kept as it is."""
        environment = Environment(name)
        environment.python.conda_dependencies = CondaDependencies.from_text(_text(file_path))
        return environment

    @staticmethod
    def from_pip_requirements(
        name: str, file_path: str, pip_version: Optional[str] = None
    ) -> "Environment":
        """Return an environment of a requirements.txt; pip_version has no meaning here."""
        environment = Environment(name)
        environment._pip = {"pip": _text(file_path)}
        return environment

    @staticmethod
    def get(
        workspace: Place, name: str, version: Optional[str] = None, label: Optional[str] = None
    ) -> "Environment":
        """Return a registered environment, its newest version unless one is given.

        Raises UserErrorException (NotFound) for an unknown one.
        """
        if label not in (None, "latest"):
            raise _errors.not_built("Environment.get(label=...)", 'version="2", or label="latest"')
        path = workspace.api("environments/{}".format(name))
        return Environment._of(workspace.client.get(path, version=version))

    @staticmethod
    def list(workspace: Place) -> Dict[str, "Environment"]:
        """Return name → newest version of every environment of the workspace."""
        found = workspace.client.items(workspace.api("environments"))
        return {item["name"]: Environment._of(item) for item in found}

    @staticmethod
    def _of(answer: Dict[str, Any]) -> "Environment":
        environment = Environment(answer["name"])
        environment._take(answer)
        definition = answer["definition"]
        environment.environment_variables = dict(definition.get("variables") or {})
        if "conda" in definition:
            dependencies = CondaDependencies.from_text(definition["conda"])
            environment.python.conda_dependencies = dependencies
        else:
            environment._pip = {
                key: definition[key] for key in ("pip", "python") if definition.get(key) is not None
            }
        return environment

    def _take(self, answer: Dict[str, Any]) -> None:
        self.version = str(answer["version"])
        self._registered = answer["definition"]

    # --- what it is ------------------------------------------------------------
    @property
    def definition(self) -> Dict[str, Any]:
        """What the studio builds from: conda YAML, or pip requirements, plus variables."""
        if self.docker.base_dockerfile is not None:
            raise _errors.not_built(
                "Environment.docker.base_dockerfile", "list the packages as conda or pip packages"
            )
        if self.python.user_managed_dependencies:
            words = dict(self._pip or {"pip": ""})
        elif self._pip is not None:
            words = dict(self._pip)
        else:
            words = {"conda": self.python.conda_dependencies.serialize_to_string()}
        if not self.environment_variables:
            return dict(words)
        variables = {str(key): str(value) for key, value in self.environment_variables.items()}
        return dict(words, variables=variables)

    def order(self) -> Dict[str, Any]:
        """Return how a run names this environment: by version if it is still that one."""
        definition = self.definition
        if self.version is not None and definition == self._registered:
            return {"name": self.name, "version": int(self.version)}
        return {"name": self.name, "definition": definition}

    def register(self, workspace: Place) -> "Environment":
        """Keep this definition under its name; the same content is the same version.

        Returns the registered environment. Raises UserErrorException naming what is wrong.
        """
        answer = workspace.client.post(
            workspace.api("environments"), {"name": self.name, "definition": self.definition}
        )
        self._take(answer)
        return Environment._of(answer)

    def clone(self, new_name: str) -> "Environment":
        """Return a copy under a new name, not registered."""
        copy = Environment._of({"name": new_name, "version": "0", "definition": self.definition})
        copy.version, copy._registered = None, None
        return copy

    def __str__(self) -> str:
        return "Environment(Name: {},\nVersion: {})".format(self.name, self.version)

    def __repr__(self) -> str:
        words = {"name": self.name, "version": self.version, "definition": self.definition}
        return json.dumps(words, indent=4, sort_keys=True)


def _text(file_path: str) -> str:
    try:
        with open(file_path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _errors.UserErrorException(
            "cannot read {}: {}".format(file_path, getattr(error, "strerror", None) or error)
        ) from None
