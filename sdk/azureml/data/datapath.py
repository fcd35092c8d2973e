"""`from azureml.data.datapath import DataPath`"""

from azureml._later import later
from trainyard._datastore import DataPath

DataPathComputeBinding = later(
    "DataPathComputeBinding", "datastore.path(path).as_mount() among the script's arguments"
)

__all__ = ["DataPath", "DataPathComputeBinding"]
