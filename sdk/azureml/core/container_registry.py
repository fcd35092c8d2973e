"""`from azureml.core.container_registry import ContainerRegistry`"""

from trainyard._settings import ContainerRegistry

__all__ = ["ContainerRegistry"]
