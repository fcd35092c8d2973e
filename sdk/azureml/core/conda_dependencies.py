"""`from azureml.core.conda_dependencies import CondaDependencies`"""

from trainyard._conda import CondaDependencies

__all__ = ["CondaDependencies"]
