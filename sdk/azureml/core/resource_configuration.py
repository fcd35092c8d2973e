"""`from azureml.core.resource_configuration import ResourceConfiguration`"""

from trainyard._settings import ResourceConfiguration

__all__ = ["ResourceConfiguration"]
