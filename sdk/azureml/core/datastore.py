"""`from azureml.core.datastore import Datastore`"""

from azureml._later import later

Datastore = later("Datastore", "put small files into the source folder; large ones on the node")

__all__ = ["Datastore"]
