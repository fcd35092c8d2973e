"""`from azureml.tensorboard import Tensorboard`"""

from azureml._later import later

Tensorboard = later(
    "Tensorboard",
    "the Metrics tab of the run's page, which is live; event files that the script writes to"
    " ./outputs are brought by run.download_files(prefix='outputs/') for a TensorBoard of your own",
)

__all__ = ["Tensorboard"]
