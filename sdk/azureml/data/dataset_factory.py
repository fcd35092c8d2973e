"""`from azureml.data.dataset_factory import FileDatasetFactory, TabularDatasetFactory`"""

from trainyard._datasets.files import FileDatasetFactory
from trainyard._datasets.tables import TabularDatasetFactory

__all__ = ["FileDatasetFactory", "TabularDatasetFactory"]
