"""`from azureml.core.datastore import Datastore`"""

from trainyard._datastore import Datastore

__all__ = ["Datastore"]
