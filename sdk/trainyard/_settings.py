"""The sections of an environment, and how Docker runs it: named values that scripts set.

What a studio does not use is kept, and `unused()` says so in words for a warning.
"""

import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from trainyard import _errors
from trainyard._conda import CondaDependencies
from trainyard._files import text_of

DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
# The default images of the v1 SDK's versions: whoever keeps one has not asked for another.
DEFAULT_IMAGES = (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    "mcr.microsoft.com/azureml/intelmpi2018.3-ubuntu16.04:20200821.v1",
    "mcr.microsoft.com/azureml/intelmpi2018.3-cuda10.0-cudnn7-ubuntu16.04:20200821.v1",
)
# Every image below this name stands for the studio's own base.
STUDIO_BASES = "mcr.microsoft.com/azureml/"
DEFAULT_SHM_SIZE = "2g"


class Settings:
    """Named values. A name that does not exist cannot be set: a typing error shows at once."""

    def _close(self, values: Optional[Dict[str, Any]] = None) -> None:
        """Take no new names from here on; set `values`."""
        self.__dict__["_is_closed"] = True
        for name in values or {}:
            setattr(self, name, values[name])  # type: ignore[index]

    if not TYPE_CHECKING:  # a checker that saw these would take every name for a setting

        def __setattr__(self, name: str, value: Any) -> None:
            is_known = name in self.__dict__ or name.startswith("_") or hasattr(type(self), name)
            if not is_known and self.__dict__.get("_is_closed"):
                raise self._unknown(name)
            object.__setattr__(self, name, value)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise self._unknown(name)

    def _unknown(self, name: str) -> AttributeError:
        own = [key for key in self.__dict__ if not key.startswith("_")]
        own += [key for key in dir(type(self)) if isinstance(getattr(type(self), key), property)]
        return AttributeError(
            "{} has no setting {!r}; it has {}".format(
                type(self).__name__, name, ", ".join(sorted(own))
            )
        )


class ContainerRegistry(Settings):
    """Where a base image lies. The address goes before its name; the engine signs in itself."""

    def __init__(self, **values: Any) -> None:
        self.address: Optional[str] = None
        self.username: Optional[str] = None
        self.password: Optional[str] = None
        self.registry_identity: Any = None
        self._close(values)


class PythonSection(Settings):
    """The Python side of an environment: `conda_dependencies`, and names scripts set.

    user_managed_dependencies: nothing is installed; the base image's own Python is used, without
    such an image a Python and nothing else.
    """

    def __init__(self, conda_dependencies: Optional[CondaDependencies] = None, **values: Any):
        self.conda_dependencies: Optional[CondaDependencies] = (
            conda_dependencies or CondaDependencies()
        )
        self._file: Optional[str] = None
        self.interpreter_path = "python"
        self.user_managed_dependencies = False
        self.base_conda_environment: Optional[str] = None
        self._close(values)

    @property
    def conda_dependencies_file(self) -> Optional[str]:
        """The file that the packages were read from; setting it reads them."""
        return self._file

    @conda_dependencies_file.setter
    def conda_dependencies_file(self, path: Optional[str]) -> None:
        if path is not None:
            self.conda_dependencies = CondaDependencies(path)
        self._file = path

    def unused(self) -> List[str]:
        """Return what is set here and has no effect."""
        found = []
        if self.interpreter_path not in (None, "", "python"):
            found.append(
                "python.interpreter_path={!r}: an image is asked for `python`".format(
                    self.interpreter_path
                )
            )
        if self.base_conda_environment:
            found.append("python.base_conda_environment: the image is made of the packages alone")
        return found


class DockerPlatform(Settings):
    """Kept, not used: images are built for the studio's kind of machine."""

    def __init__(self, **values: Any) -> None:
        self.os = "Linux"
        self.architecture = "amd64"
        self._close(values)


class DockerSection(Settings):
    """The image below an environment: `base_image`, or `base_dockerfile` that makes it.

    enabled says nothing here: a cluster that runs Docker uses an image, another one does not.
    """

    def __init__(self, **values: Any) -> None:
        self.enabled = False
        self.base_image: Optional[str] = DEFAULT_CPU_IMAGE
        self.base_image_registry = ContainerRegistry()
        self._dockerfile: Optional[str] = None
        self.platform = DockerPlatform()
        self.gpu_support = False
        self.shared_volumes = True
        self.shm_size: Optional[str] = DEFAULT_SHM_SIZE
        self.arguments: List[str] = []
        self._close(values)

    @property
    def base_dockerfile(self) -> Optional[str]:
        """The Dockerfile's text; setting the path of a file reads it."""
        return self._dockerfile

    @base_dockerfile.setter
    def base_dockerfile(self, text_or_path: Optional[str]) -> None:
        self._dockerfile = None if text_or_path is None else dockerfile_text(text_or_path)

    @property
    def image(self) -> str:
        """The whole name of the base image that was asked for; "" for the studio's own."""
        if not self.base_image or self.base_image in DEFAULT_IMAGES:
            return ""
        address = (self.base_image_registry.address or "").split("://")[-1].strip("/")
        if not address or self.base_image.startswith(address + "/"):
            return self.base_image
        return address + "/" + self.base_image

    def words(self) -> Dict[str, str]:
        """Return the image's part of a definition; {} for the studio's own base.

        Raises UserErrorException when both an image and a Dockerfile are asked for.
        """
        image = self.image
        if self._dockerfile is None:
            return {"base_image": image} if image else {}
        if image:
            raise _errors.UserErrorException(
                "docker.base_image {!r} and docker.base_dockerfile are both set; keep one and set"
                " the other to None".format(image)
            )
        return {"dockerfile": self._dockerfile}

    def unused(self) -> List[str]:
        """Return what is set here and has no effect."""
        found = how_tasks_run("docker.", self.shm_size, self.arguments)
        if self.base_image_registry.username or self.base_image_registry.password:
            found.append(
                "docker.base_image_registry's username and password are never sent: sign the"
                " cluster's Docker engine in to the registry"
            )
        return found


class DockerConfiguration(Settings):
    """How Docker runs a task. Kept; the cluster decides, and submitting says so."""

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: Optional[List[str]] = None,
        shm_size: Optional[str] = DEFAULT_SHM_SIZE,
    ):
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = list(arguments or [])
        self.shm_size = shm_size
        self._close()

    def unused(self) -> List[str]:
        """Return what is set here and has no effect."""
        return how_tasks_run("docker_runtime_config.", self.shm_size, self.arguments)


class SparkSection(Settings):
    """Kept, not used: this studio runs no Spark."""

    def __init__(self, **values: Any) -> None:
        self.repositories: List[str] = []
        self.packages: List[Any] = []
        self.precache_packages = True
        self._close(values)

    def unused(self) -> List[str]:
        """Return what is set here and has no effect."""
        return ["spark.packages: this studio runs no Spark"] if self.packages else []


class DatabricksSection(Settings):
    """Kept, not used: this studio runs no Databricks."""

    def __init__(self, **values: Any) -> None:
        self.maven_libraries: List[Any] = []
        self.pypi_libraries: List[Any] = []
        self.rcran_libraries: List[Any] = []
        self.jar_libraries: List[Any] = []
        self.egg_libraries: List[Any] = []
        self._close(values)

    def unused(self) -> List[str]:
        """Return what is set here and has no effect."""
        libraries = [name for name in vars(self) if name.endswith("_libraries")]
        return [
            "databricks.{}: this studio runs no Databricks".format(name)
            for name in libraries
            if getattr(self, name)
        ]


def how_tasks_run(start: str, shm_size: Optional[str], arguments: List[str]) -> List[str]:
    """Return which of Docker's run settings are set to something else than the default."""
    found = []
    if shm_size not in (None, "", DEFAULT_SHM_SIZE):
        found.append("{}shm_size={!r}: the cluster decides how tasks run".format(start, shm_size))
    if arguments:
        words = " ".join(str(argument) for argument in arguments)
        found.append("{}arguments {!r}: the cluster decides how tasks run".format(start, words))
    return found


def dockerfile_text(text_or_path: str) -> str:
    """Return a Dockerfile's text, given as it is or as the path of a file.

    Raises UserErrorException for a path where there is no such file.
    """
    given = os.fspath(text_or_path)
    if "\n" in given or given.lstrip().upper().startswith(("FROM ", "ARG ")):
        return given
    return text_of(given, "the Dockerfile", "; give its path, or its text beginning with FROM")


class HistoryConfiguration(Settings):
    """Kept, not used: a run always keeps its outputs, its code and what it writes to ./logs."""

    def __init__(self, **values: Any) -> None:
        self.output_collection = True
        self.snapshot_project = True
        self.directories_to_watch: List[str] = ["logs"]
        self._close(values)


class AmlComputeConfiguration(Settings):
    """A cluster made for one run: kept, and said to be of no use where it is set."""

    def __init__(self, **values: Any) -> None:
        self.name: Optional[str] = None
        self.vm_size: Optional[str] = None
        self.vm_priority: Optional[str] = None
        self.retain_cluster = False
        self.cluster_max_node_count: Optional[int] = None
        self._close(values)

    def unused(self) -> List[str]:
        """Return what is set here and has no effect."""
        if not self.vm_size:
            return []
        return ["amlcompute.vm_size: name a cluster as the target; ComputeTarget.create makes one"]


class ResourceConfiguration(Settings):
    """What a service of a model would be given: kept, not used, for nothing is served here."""

    def __init__(
        self,
        cpu: Optional[float] = None,
        memory_in_gb: Optional[float] = None,
        gpu: Optional[int] = None,
    ):
        self.cpu = cpu
        self.memory_in_gb = memory_in_gb
        self.gpu = gpu
        self._close()


class TensorflowConfiguration(Settings):
    """Workers of TensorFlow: each process finds the others by its variable TF_CONFIG.

    worker_count: of all nodes together.   parameter_server_count: these and all workers are on one
    node; 0 for workers on a node each (MultiWorkerMirroredStrategy).
    """

    def __init__(self, worker_count: int = 1, parameter_server_count: int = 1):
        self.worker_count = worker_count
        self.parameter_server_count = parameter_server_count
        self._close()
