"""Trainyard: submit training runs to a studio, follow them, log metrics from the script.

    from trainyard import Experiment, ScriptRunConfig, Workspace
    workspace = Workspace.from_config()
    run = Experiment(workspace, "mnist").submit(ScriptRunConfig("src", "train.py"))
    run.wait_for_completion(show_output=True)

and in the script: `from trainyard import Run; Run.get_context().log("loss", loss)`. The package
`azureml` beside this one has the same classes under the names of the v1 SDK.
"""

from trainyard._compute import AmlCompute, ComputeTarget
from trainyard._conda import VERSION, CondaDependencies
from trainyard._core import Experiment, Run, Workspace
from trainyard._dataset import Dataset
from trainyard._datasets.base import DatasetConsumptionConfig, FileDataset
from trainyard._datasets.outputs import OutputFileDatasetConfig
from trainyard._datasets.tabular import TabularDataset
from trainyard._datastore import DataPath, DataReference, Datastore
from trainyard._distributed import MpiConfiguration, PyTorchConfiguration
from trainyard._environment import Environment
from trainyard._errors import AzureMLException, StudioError, Unreachable
from trainyard._following import until_end
from trainyard._image_build import DockerImageDetails, ImageBuildDetails
from trainyard._model import Model
from trainyard._runconfig import RunConfiguration, ScriptRunConfig
from trainyard._settings import (
    ContainerRegistry,
    DockerConfiguration,
    DockerSection,
    PythonSection,
    TensorflowConfiguration,
)

__all__ = [
    "VERSION",
    "AmlCompute",
    "AzureMLException",
    "ComputeTarget",
    "CondaDependencies",
    "ContainerRegistry",
    "DataPath",
    "DataReference",
    "Dataset",
    "DatasetConsumptionConfig",
    "Datastore",
    "DockerConfiguration",
    "DockerImageDetails",
    "DockerSection",
    "Environment",
    "Experiment",
    "FileDataset",
    "ImageBuildDetails",
    "Model",
    "MpiConfiguration",
    "OutputFileDatasetConfig",
    "PyTorchConfiguration",
    "PythonSection",
    "Run",
    "RunConfiguration",
    "ScriptRunConfig",
    "StudioError",
    "TabularDataset",
    "TensorflowConfiguration",
    "Unreachable",
    "Workspace",
    "follow",
]


def follow(run: Run, *, show_stages: bool = True) -> None:
    """Print a run's logs as they grow, with a line for each stage, until the run has ended."""
    until_end(run._client, run.id, run.get_portal_url(), show_stages=show_stages)
