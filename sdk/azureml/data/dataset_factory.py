"""`from azureml.data.dataset_factory import FileDatasetFactory, TabularDatasetFactory, DataType`"""

from trainyard._datasets.files import FileDatasetFactory
from trainyard._datasets.tables import TabularDatasetFactory
from trainyard._datasets.types import DataType

__all__ = ["DataType", "FileDatasetFactory", "TabularDatasetFactory"]
