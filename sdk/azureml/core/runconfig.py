"""`from azureml.core.runconfig import RunConfiguration`"""

from azureml._later import later
from trainyard._conda import CondaDependencies
from trainyard._distributed import MpiConfiguration, PyTorchConfiguration
from trainyard._environment import Environment
from trainyard._runconfig import RunConfiguration, ScriptRunConfig
from trainyard._settings import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    ContainerRegistry,
    DockerConfiguration,
    DockerSection,
    PythonSection,
    SparkSection,
)

MPI_CPU_IMAGE, MPI_GPU_IMAGE = DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE
TensorflowConfiguration = later(
    "TensorflowConfiguration",
    "PyTorchConfiguration or MpiConfiguration; every process then has RANK, WORLD_SIZE, MASTER_ADDR"
    " and MASTER_PORT",
)
DataReferenceConfiguration = later(
    "DataReferenceConfiguration", "the path of the data as an argument"
)

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "MPI_CPU_IMAGE",
    "MPI_GPU_IMAGE",
    "CondaDependencies",
    "ContainerRegistry",
    "DataReferenceConfiguration",
    "DockerConfiguration",
    "DockerSection",
    "Environment",
    "MpiConfiguration",
    "PyTorchConfiguration",
    "PythonSection",
    "RunConfiguration",
    "ScriptRunConfig",
    "SparkSection",
    "TensorflowConfiguration",
]
