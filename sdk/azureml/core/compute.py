"""`from azureml.core.compute import ComputeTarget, AmlCompute`"""

from trainyard._amlcompute import AmlComputeProvisioningConfiguration, AmlComputeStatus
from trainyard._compute import AmlCompute, ComputeTarget
from trainyard._errors import ComputeTargetException

__all__ = [
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ComputeTarget",
    "ComputeTargetException",
]
