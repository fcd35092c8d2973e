"""FileDataset.mount(): on this computer, files that are mounted are copies."""

import os
from typing import Any, Optional

from trainyard._lazy import shutil, tempfile


class MountContext:
    """The files of a dataset in a folder of this computer, for a while. They are copies."""

    def __init__(self, dataset: Any, mount_point: Optional[str] = None):
        self._dataset = dataset
        self._is_own = mount_point is None
        self.mount_point = os.path.abspath(mount_point or tempfile.mkdtemp())

    def start(self) -> None:
        """Copy the files into mount_point, over those that are there."""
        self._dataset.download(self.mount_point, overwrite=True)

    def stop(self) -> None:
        """Delete the copies, if the folder was made for them."""
        if self._is_own:
            shutil.rmtree(self.mount_point, ignore_errors=True)

    def __enter__(self) -> "MountContext":
        self.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop()
