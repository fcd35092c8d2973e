"""`from azureml.core import Workspace, Experiment, Run, …`"""

from azureml._later import later, refuse
from azureml.core.compute_target import ComputeTarget
from azureml.core.dataset import Dataset
from azureml.core.datastore import Datastore
from azureml.core.environment import Environment
from azureml.core.experiment import Experiment
from azureml.core.model import Model
from azureml.core.run import Run
from azureml.core.runconfig import RunConfiguration
from azureml.core.script_run_config import ScriptRunConfig
from azureml.core.webservice import Webservice
from azureml.core.workspace import Workspace
from trainyard._conda import VERSION

_SECRETS = "a variable of the run's environment: RunConfiguration.environment_variables"
Image = later("Image", "Environment.from_docker_image or Environment.from_dockerfile")
Keyvault = later("Keyvault", _SECRETS)

refuse(
    "azureml.core",
    "the classes that are here: Workspace, Experiment, Run, ScriptRunConfig, RunConfiguration,"
    " Environment, Dataset, Datastore, Model, ComputeTarget",
)
__version__ = VERSION
__all__ = [
    "VERSION",
    "ComputeTarget",
    "Dataset",
    "Datastore",
    "Environment",
    "Experiment",
    "Image",
    "Keyvault",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRunConfig",
    "Webservice",
    "Workspace",
]
