"""`from azureml.core.environment import Environment`"""

from trainyard._conda import CondaDependencies
from trainyard._environment import Environment
from trainyard._image_build import DockerImageDetails, ImageBuildDetails
from trainyard._settings import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    ContainerRegistry,
    DatabricksSection,
    DockerSection,
    PythonSection,
    SparkSection,
)

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "CondaDependencies",
    "ContainerRegistry",
    "DatabricksSection",
    "DockerImageDetails",
    "DockerSection",
    "Environment",
    "ImageBuildDetails",
    "PythonSection",
    "SparkSection",
]
