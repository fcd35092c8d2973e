"""`from azureml.core.runconfig import RunConfiguration`"""

from azureml._later import later
from trainyard._conda import CondaDependencies
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
_ONE_NODE = "a script that runs on one node"
MpiConfiguration = later("MpiConfiguration", _ONE_NODE)
PyTorchConfiguration = later("PyTorchConfiguration", _ONE_NODE)
TensorflowConfiguration = later("TensorflowConfiguration", _ONE_NODE)
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
