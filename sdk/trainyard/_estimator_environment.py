"""The environment of an estimator: its framework's packages, one's own, and what is left out."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from trainyard import _errors, _files
from trainyard._conda import CondaDependencies
from trainyard._conda_text import bare
from trainyard._environment import Environment
from trainyard._frameworks import NEED_MPI, Framework, Packages
from trainyard._settings import ContainerRegistry

CPU_ONLY = "left out, this machine has no GPU for it; the run uses the CPU"
NO_MPI = "left out, no image has an MPI library: processes find one another by their variables"
# What says packages or an image; an environment_definition says all of it itself.
OF_ENVIRONMENTS = (
    "custom_docker_base_image",
    "custom_docker_image",
    "image_registry_details",
    "conda_packages",
    "pip_packages",
    "conda_dependencies_file_path",
    "pip_requirements_file_path",
    "conda_dependencies_file",
    "pip_requirements_file",
    "framework_version",
)

_Made = NamedTuple(
    "_Made",
    [
        ("environment", Environment),
        # Requirements for GPUs → those of the CPU in their place; and of MPI; all put in by us.
        ("gpu", Dict[str, Optional[str]]),
        ("mpi", Tuple[str, ...]),
        ("cpu_python", str),
    ],
)


class Made(_Made):
    """An estimator's environment, and which of its packages only some machines can have."""

    def fitting(self, has_gpu: bool) -> Environment:
        """Return the environment for a machine: itself, or a copy that says what it lacks."""
        dependencies = self.environment.python.conda_dependencies
        if dependencies is None or not (self.gpu or self.mpi):
            return self.environment
        there = set(dependencies.pip_packages)
        gone = [(name, NO_MPI) for name in self.mpi if name in there]
        gone += [(name, CPU_ONLY) for name in self.gpu if name in there and not has_gpu]
        if not gone:
            return self.environment
        copied = self.environment.clone(self.environment.name)
        packages = copied.python.conda_dependencies
        assert packages is not None
        for name, _ in gone:
            instead = self.gpu.get(name)
            packages.remove_pip_package(name)
            if instead is not None:
                packages.add_pip_package(instead)
        if not has_gpu and self.cpu_python:
            packages.add_conda_package(self.cpu_python)
        words = {
            "conda": packages.serialize_to_string(),
            "left_out": ["{}: {}".format(name, why) for name, why in gone],
        }
        copied._write(words, packages)
        return copied


def make(asked: Dict[str, Any], kind: str, framework: Optional[Framework]) -> Made:
    """Return the environment that an estimator's arguments ask for. Raises UserErrorException."""
    given = asked["environment_definition"]
    if given is not None:
        return Made(_checked(given, asked, kind), {}, (), "")
    packages = None if framework is None else _of_version(framework, asked["framework_version"])
    name = kind if framework is None else "{}-{}".format(kind, asked["framework_version"])
    environment = Environment(name)
    image = asked["custom_docker_image"] or asked["custom_docker_base_image"]
    _set_image(environment, image, asked)
    environment.python.user_managed_dependencies = bool(asked["user_managed"])
    environment.environment_variables = {
        str(key): str(value) for key, value in (asked["environment_variables"] or {}).items()
    }
    dependencies = environment.python.conda_dependencies = _dependencies(asked)
    is_python_said = dependencies.python_version is not None
    gpu, mpi, cpu_python = _add(dependencies, packages, asked)
    if image:
        mpi = ()  # Whoever brings an image may have such a library in it.
    if is_python_said:
        cpu_python = ""
    return Made(environment, gpu, mpi, cpu_python)


def _checked(given: Any, asked: Dict[str, Any], kind: str) -> Environment:
    if not isinstance(given, Environment):
        raise _errors.UserErrorException(
            "environment_definition must be an Environment, not {!r}".format(given)
        )
    beside = [name for name in OF_ENVIRONMENTS if asked[name]]
    if beside:
        raise _errors.UserErrorException(
            "{}(environment_definition=...) says all of the environment; {} cannot be said beside"
            " it: put it into the environment".format(kind, ", ".join(beside))
        )
    variables = asked["environment_variables"]
    if not variables:
        return given
    copied = given.clone(given.name)
    copied.environment_variables.update(variables)
    return copied


def _of_version(framework: Framework, version: Any) -> Packages:
    if str(version) not in framework.versions:
        raise _errors.UserErrorException(
            "{}(framework_version={!r}): there are {}; of another version, use Estimator with"
            " pip_packages=[...], or ScriptRunConfig".format(
                framework.name, version, ", ".join(framework.versions)
            )
        )
    return framework.versions[str(version)]


def _set_image(environment: Environment, image: Optional[str], asked: Dict[str, Any]) -> None:
    environment.docker.enabled = bool(asked["use_docker"])
    if image:
        environment.docker.base_image = image
    registry = asked["image_registry_details"]
    if registry is not None:
        if not isinstance(registry, ContainerRegistry):
            raise _errors.UserErrorException(
                "image_registry_details must be a ContainerRegistry, not {!r}".format(registry)
            )
        environment.docker.base_image_registry = registry
    if asked["shm_size"] is not None:
        environment.docker.shm_size = asked["shm_size"]


def _dependencies(asked: Dict[str, Any]) -> CondaDependencies:
    """Return what a conda file and a pip file say, without the framework's packages."""
    conda = asked["conda_dependencies_file"] or asked["conda_dependencies_file_path"]
    pip = asked["pip_requirements_file"] or asked["pip_requirements_file_path"]
    dependencies = CondaDependencies(conda) if conda else CondaDependencies()
    if pip:
        for line in _files.requirement_lines(_files.requirements_of(pip)):
            if line.startswith("-"):
                dependencies.set_pip_option(line)
            else:
                dependencies.add_pip_package(line)
    return dependencies


def _add(
    dependencies: CondaDependencies, packages: Optional[Packages], asked: Dict[str, Any]
) -> Tuple[Dict[str, Optional[str]], Tuple[str, ...], str]:
    """Add the framework's packages, then the person's own, which win.

    Returns those for GPUs (each with what stands in its place on the CPU), those for MPI, and the
    Python of the CPU.
    """
    said = _listed(asked)
    ours: List[str] = []
    if packages is not None:
        named = {bare(name) for name in dependencies.pip_packages}
        gpu = packages.gpu if asked["use_gpu"] else ()
        replaced = {bare(name)[: -len("-gpu")] for name in gpu if bare(name).endswith("-gpu")}
        kept = [name for name in packages.pip if bare(name) not in replaced]
        ours = [name for name in (*kept, *gpu, *packages.mpi) if bare(name) not in named]
        if dependencies.python_version is None:
            python = packages.gpu_python if asked["use_gpu"] else packages.python
            dependencies.add_conda_package(python)
    dependencies.add_pip_package("azureml-defaults")
    for name in ours:
        dependencies.add_pip_package(name)
    for name in said["pip_packages"]:
        # `numpy` alone asks for any numpy: the one that the framework works with is one.
        if bare(name) != name.lower() or name.lower() not in map(bare, ours):
            dependencies.add_pip_package(name)
    for name in said["conda_packages"]:
        dependencies.add_conda_package(name)
    if packages is None:
        return {}, (), ""
    theirs = set(said["pip_packages"])
    mine = [name for name in ours if name in set(dependencies.pip_packages) - theirs]
    of_cpu = {bare(name) + "-gpu": name for name in packages.pip}
    gpu_only = {name: of_cpu.get(bare(name)) for name in mine if name in packages.gpu}
    mpi = tuple(name for name in mine if bare(name) in NEED_MPI)
    is_python_ours = packages.gpu_python != packages.python and asked["use_gpu"]
    return gpu_only, mpi, packages.python if is_python_ours else ""


def _listed(asked: Dict[str, Any]) -> Dict[str, List[str]]:
    """Return the lists of packages. Raises UserErrorException for a text in place of a list."""
    found = {}
    for key in ("pip_packages", "conda_packages"):
        if isinstance(asked[key], str):
            raise _errors.UserErrorException(
                "{0} must be a list of texts; write {0}=[{1!r}]".format(key, asked[key])
            )
        found[key] = [str(name) for name in asked[key] or ()]
    return found
