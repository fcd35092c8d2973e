"""`from azureml.core.compute import ComputeTarget, AmlCompute`"""

from azureml._later import later, refuse
from azureml.core.compute.amlcompute import (
    AmlCompute,
    AmlComputeProvisioningConfiguration,
    AmlComputeStatus,
)
from azureml.core.compute.compute import ComputeTarget
from trainyard._errors import ComputeTargetException

_INSTEAD = "a cluster: AmlCompute.provisioning_configuration and ComputeTarget.create"
AksCompute = later("AksCompute", _INSTEAD)
BatchCompute = later("BatchCompute", _INSTEAD)
ComputeInstance = later("ComputeInstance", _INSTEAD)
DatabricksCompute = later("DatabricksCompute", _INSTEAD)
DataFactoryCompute = later("DataFactoryCompute", _INSTEAD)
HDInsightCompute = later("HDInsightCompute", _INSTEAD)
RemoteCompute = later("RemoteCompute", _INSTEAD)

refuse("azureml.core.compute", _INSTEAD)

__all__ = [
    "AksCompute",
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "BatchCompute",
    "ComputeInstance",
    "ComputeTarget",
    "ComputeTargetException",
    "DataFactoryCompute",
    "DatabricksCompute",
    "HDInsightCompute",
    "RemoteCompute",
]
