"""Environment: what a run's script finds installed, in which image, with which variables."""

import copy
import importlib
import json
import os
import warnings
from typing import Any, List, Optional

from trainyard import _errors, _files, _sending
from trainyard._conda import FILE_NAME, CondaDependencies
from trainyard._place import Place
from trainyard._registered import Registered
from trainyard._settings import ContainerRegistry

JSON_NAME = "azureml_environment.json"


class Environment(Registered):
    """A named definition. `version` is None until it is registered, or came from the studio."""

    # --- where one comes from ------------------------------------------------------------
    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> "Environment":
        """Return an environment of a conda YAML file; its text is kept as it is.

        `-r file` in its pip section is replaced by what that file says. Warns when the file names
        no Python. Raises UserErrorException for a file that cannot be read.
        """
        environment = Environment(name)
        dependencies = CondaDependencies(os.fspath(file_path))
        environment.python.conda_dependencies = dependencies
        try:
            names_python = dependencies.names_python
        except _errors.UserErrorException:
            return environment  # The studio reads all of YAML, and says what is wrong with it.
        if not names_python:
            warnings.warn(
                '{} names no Python: the studio takes its own. Add "- python=3.11" to the'
                " dependencies to choose one.".format(file_path),
                stacklevel=2,
            )
        return environment

    @staticmethod
    def from_pip_requirements(
        name: str, file_path: str, pip_version: Optional[str] = None
    ) -> "Environment":
        """Return an environment of a requirements.txt; files that it includes come along.

        pip_version has no meaning here: the studio installs with a program of its own.
        """
        environment = Environment(name)
        environment._define({"pip": _files.requirements_of(file_path)})
        return environment

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> "Environment":
        """Return an environment like a conda environment of this computer, by `conda env export`.

        Warns of packages that the studio cannot have. Raises UserErrorException without conda.
        """
        export = _of_this_computer().conda(conda_environment_name)
        environment = Environment(name)
        environment.python.conda_dependencies = CondaDependencies.from_text(export.text)
        _tell(export.troubles)
        return environment

    @staticmethod
    def from_existing_virtual_environment(name: str, path: Optional[str] = None) -> "Environment":
        """Return an environment with exactly the packages of a virtual environment.

        path: its folder or interpreter; None is the Python that runs this. Packages of git are
        kept with their commit; warns of those that the studio cannot have (editable, local).
        Raises UserErrorException where there is no Python.
        """
        export = _of_this_computer().virtual(path)
        environment = Environment(name)
        environment._define({"pip": export.text, "python": export.python})
        _tell(export.troubles)
        return environment

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: Optional[ContainerRegistry] = None,
        conda_specification: Optional[str] = None,
        pip_requirements: Optional[str] = None,
    ) -> "Environment":
        """Return an environment of a Docker image, with a file's packages installed in it.

        Without such a file the image is used as it is.
        """
        environment = _with_packages(name, conda_specification, pip_requirements)
        environment.docker.base_image = image
        if container_registry is not None:
            environment.docker.base_image_registry = container_registry
        return environment

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str,
        conda_specification: Optional[str] = None,
        pip_requirements: Optional[str] = None,
    ) -> "Environment":
        """Return an environment of the image that a Dockerfile (its path or text) makes.

        A file's packages are installed in it; without one it is used as it is.
        """
        environment = _with_packages(name, conda_specification, pip_requirements)
        environment.docker.base_image = None
        environment.docker.base_dockerfile = dockerfile
        return environment

    @staticmethod
    def load_from_directory(path: str) -> "Environment":
        """Return the environment that save_to_directory wrote; an edited conda file counts."""
        place = os.path.join(path, JSON_NAME)
        try:
            words = json.loads(_files.text_of(place))
            environment = Environment(words["name"])
            environment._take_json(words)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _errors.UserErrorException(
                "{} is not a saved environment: {}".format(place, error)
            ) from None
        conda = os.path.join(path, FILE_NAME)
        if os.path.isfile(conda):
            dependencies = CondaDependencies.from_text(_files.text_of(conda), conda)
            environment.python.conda_dependencies = dependencies
            written = Environment(environment.name)
            written._define(words.get("definition") or {})
            # Pip requirements stay what they are, unless the conda file was edited meanwhile.
            if written.python.conda_dependencies == dependencies:
                environment._written = written._written
        return environment

    @staticmethod
    def add_private_pip_wheel(workspace: Place, file_path: str, exist_ok: bool = False) -> str:
        """Keep a wheel of this computer in the studio; return its address, for pip packages.

        conda.add_pip_package(Environment.add_private_pip_wheel(workspace, "dist/mine-1.0-….whl"))
        exist_ok: a wheel of that name may be there; other content gets an address of its own.
        Raises UserErrorException for a file that is no wheel, and for a name that is there.
        """
        place = os.path.expanduser(os.fspath(file_path))
        _files.check_wheel(place)
        ((name, sha256),) = _sending.send(workspace, [(os.path.basename(place), place)])
        order = {"name": name, "sha256": sha256, "exist_ok": bool(exist_ok)}
        try:
            kept = workspace.client.post(workspace.api("wheels"), order)
        except _errors.Conflict as error:
            raise _errors.UserErrorException(error.message) from None
        return str(kept["url"])

    # --- what it is ------------------------------------------------------------
    def clone(self, new_name: str) -> "Environment":
        """Return a copy under a new name, not registered."""
        made = copy.deepcopy(self)
        made.name, made.version, made._registered, made._facts = new_name, None, None, {}
        return made

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write azureml_environment.json and conda_dependencies.yml into the folder `path`.

        Raises UserErrorException when there is one and overwrite is False.
        """
        place = os.path.join(path, JSON_NAME)
        if os.path.exists(place) and not overwrite:
            raise _errors.UserErrorException(
                "{} is there already; save with overwrite=True to replace it".format(place)
            )
        os.makedirs(path, exist_ok=True)
        words = dict(self.as_json(), definition=self.definition)
        with open(place, "w", encoding="utf-8") as file:
            json.dump(words, file, indent=4, sort_keys=True)
            file.write("\n")
        if self.python.conda_dependencies is not None:
            self.python.conda_dependencies.save_to_file(path)
        elif os.path.exists(os.path.join(path, FILE_NAME)):
            os.remove(os.path.join(path, FILE_NAME))

    def __str__(self) -> str:
        return "Environment(Name: {},\nVersion: {})".format(self.name, self.version)

    def __repr__(self) -> str:
        return json.dumps(self.as_json(), indent=4, sort_keys=True, default=str)


def _of_this_computer() -> Any:
    """Return the module that asks conda and pip; it and subprocess are needed for nothing else."""
    return importlib.import_module("trainyard._existing")


def _with_packages(
    name: str, conda_specification: Optional[str], pip_requirements: Optional[str]
) -> Environment:
    """Return an environment of one of two files, or one that installs nothing."""
    if conda_specification and pip_requirements:
        raise _errors.UserErrorException(
            "conda_specification and pip_requirements are both given; pip's requirements can stand"
            ' in the conda file, below "- pip:"'
        )
    if conda_specification:
        return Environment.from_conda_specification(name, conda_specification)
    if pip_requirements:
        return Environment.from_pip_requirements(name, pip_requirements)
    environment = Environment(name)
    environment.python.user_managed_dependencies = True
    return environment


def _tell(troubles: List[str]) -> None:
    for trouble in troubles:
        warnings.warn(trouble, stacklevel=3)
