"""`from azureml.data import FileDataset, TabularDataset`"""

from azureml._later import refuse
from trainyard._datasets.base import FileDataset
from trainyard._datasets.outputs import OutputFileDatasetConfig
from trainyard._datasets.tabular import TabularDataset
from trainyard._datasets.types import DataType

refuse(
    "azureml.data", "FileDataset or TabularDataset, as Dataset.File or Dataset.Tabular makes them"
)

__all__ = ["DataType", "FileDataset", "OutputFileDatasetConfig", "TabularDataset"]
