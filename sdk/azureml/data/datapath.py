"""`from azureml.data.datapath import DataPath`"""

from trainyard._datastore import DataPath

__all__ = ["DataPath"]
