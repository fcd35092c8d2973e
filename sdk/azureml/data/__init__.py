"""`from azureml.data import FileDataset, TabularDataset`"""

from azureml._later import later, refuse
from trainyard._datasets.base import FileDataset
from trainyard._datasets.tabular import TabularDataset

OutputFileDatasetConfig = later("OutputFileDatasetConfig", "write the files to ./outputs")
DataType = later("DataType", "to_pandas_dataframe().astype(...)")

__getattr__ = refuse(
    "azureml.data", "FileDataset or TabularDataset, as Dataset.File or Dataset.Tabular makes them"
)

__all__ = ["DataType", "FileDataset", "OutputFileDatasetConfig", "TabularDataset"]
