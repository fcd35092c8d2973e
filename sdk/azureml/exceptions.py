"""`from azureml.exceptions import …`: the same classes as everywhere else."""

from trainyard._errors import (
    ActivityFailedException,
    AzureMLException,
    ComputeTargetException,
    ExperimentException,
    ExperimentExecutionException,
    ModelPathNotFoundException,
    RunConfigurationException,
    RunEnvironmentException,
    SnapshotException,
    UserErrorException,
    WebserviceException,
    WorkspaceException,
)

__all__ = [
    "ActivityFailedException",
    "AzureMLException",
    "ComputeTargetException",
    "ExperimentException",
    "ExperimentExecutionException",
    "ModelPathNotFoundException",
    "RunConfigurationException",
    "RunEnvironmentException",
    "SnapshotException",
    "UserErrorException",
    "WebserviceException",
    "WorkspaceException",
]
