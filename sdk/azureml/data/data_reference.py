"""`from azureml.data.data_reference import DataReference`"""

from trainyard._datastore import DataReference

__all__ = ["DataReference"]
