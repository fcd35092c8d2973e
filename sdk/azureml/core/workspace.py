"""`from azureml.core.workspace import Workspace`"""

from trainyard._core import Workspace

__all__ = ["Workspace"]
