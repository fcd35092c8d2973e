"""`from azureml.data.dataset_type_definitions import PromoteHeadersBehavior`"""

from azureml._later import refuse

__getattr__ = refuse(
    "azureml.data.dataset_type_definitions",
    "header=True or False of Dataset.Tabular.from_delimited_files",
)
