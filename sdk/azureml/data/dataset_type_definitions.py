"""`from azureml.data.dataset_type_definitions import PromoteHeadersBehavior`"""

from azureml._later import refuse

refuse(
    "azureml.data.dataset_type_definitions",
    "header=True or False of Dataset.Tabular.from_delimited_files",
)
