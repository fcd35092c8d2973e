"""`from azureml.core.runconfig import RunConfiguration`"""

from azureml._later import later, refuse
from trainyard._conda import CondaDependencies
from trainyard._datastore import DataReferenceConfiguration
from trainyard._distributed import MpiConfiguration, PyTorchConfiguration
from trainyard._environment import Environment
from trainyard._runconfig import RunConfiguration, ScriptRunConfig
from trainyard._settings import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    AmlComputeConfiguration,
    ContainerRegistry,
    DockerConfiguration,
    DockerSection,
    HistoryConfiguration,
    PythonSection,
    SparkSection,
    TensorflowConfiguration,
)

MPI_CPU_IMAGE, MPI_GPU_IMAGE = DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE
_JARS = "a Docker image that has it: Environment.from_docker_image"
JarLibrary = later("JarLibrary", _JARS)
MavenLibrary = later("MavenLibrary", _JARS)

refuse("azureml.core.runconfig", "RunConfiguration and ScriptRunConfig")

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "MPI_CPU_IMAGE",
    "MPI_GPU_IMAGE",
    "AmlComputeConfiguration",
    "CondaDependencies",
    "ContainerRegistry",
    "DataReferenceConfiguration",
    "DockerConfiguration",
    "DockerSection",
    "Environment",
    "HistoryConfiguration",
    "JarLibrary",
    "MavenLibrary",
    "MpiConfiguration",
    "PyTorchConfiguration",
    "PythonSection",
    "RunConfiguration",
    "ScriptRunConfig",
    "SparkSection",
    "TensorflowConfiguration",
]
