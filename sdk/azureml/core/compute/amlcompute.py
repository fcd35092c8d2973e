"""`from azureml.core.compute.amlcompute import AmlCompute, AmlComputeStatus`"""

from trainyard._amlcompute import (
    AmlComputeProvisioningConfiguration,
    AmlComputeStatus,
    ScaleSettings,
)
from trainyard._compute import AmlCompute

__all__ = [
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ScaleSettings",
]
