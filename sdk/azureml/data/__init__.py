"""`from azureml.data import FileDataset, TabularDataset`"""

from azureml._later import later
from trainyard._datasets.base import FileDataset
from trainyard._datasets.tabular import TabularDataset

OutputFileDatasetConfig = later("OutputFileDatasetConfig", "write the files to ./outputs")
DataType = later("DataType", "to_pandas_dataframe().astype(...)")

__all__ = ["DataType", "FileDataset", "OutputFileDatasetConfig", "TabularDataset"]
