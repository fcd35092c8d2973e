"""`from azureml.core.run import Run`"""

from trainyard._core import Run
from trainyard._offline import OfflineRun as _OfflineRun

__all__ = ["Run", "_OfflineRun"]
