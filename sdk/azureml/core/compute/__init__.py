"""`from azureml.core.compute import ComputeTarget, AmlCompute`"""

from azureml._later import later
from azureml.core.compute.amlcompute import (
    AmlCompute,
    AmlComputeProvisioningConfiguration,
    AmlComputeStatus,
)
from azureml.core.compute.compute import ComputeTarget
from trainyard._errors import ComputeTargetException

_INSTEAD = "a cluster: AmlCompute.provisioning_configuration and ComputeTarget.create"
ComputeInstance = later("ComputeInstance", _INSTEAD)
RemoteCompute = later("RemoteCompute", _INSTEAD)

__all__ = [
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ComputeInstance",
    "ComputeTarget",
    "ComputeTargetException",
    "RemoteCompute",
]
