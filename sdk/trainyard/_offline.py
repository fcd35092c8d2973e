"""The run of a script that was started by hand: it prints what it would have told a studio."""

import uuid
from typing import Any, Dict, Iterable, List, Optional

from trainyard import _errors


class OfflineRun:
    """Stands for a run where there is none: the same calls, nothing is kept anywhere."""

    def __init__(self, run_id: Optional[str] = None):
        self._run_id = run_id or "OfflineRun_{}".format(uuid.uuid4())
        self._tags: Dict[str, str] = {}

    @property
    def id(self) -> str:
        return self._run_id

    def log(self, name: str, value: Any, description: str = "", step: Optional[int] = None) -> None:
        print("Attempted to log scalar metric {}:\n{}".format(name, value))

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        print("Attempted to log list metric {}:\n{}".format(name, value))

    def log_row(self, name: str, description: Optional[str] = None, **kwargs: Any) -> None:
        print("Attempted to log row metric {}:\n{}".format(name, kwargs))

    def log_table(self, name: str, value: Dict[str, List[Any]], description: str = "") -> None:
        print("Attempted to log table metric {}:\n{}".format(name, value))

    def log_image(
        self, name: str, path: Optional[str] = None, plot: Any = None, description: str = ""
    ) -> None:
        print("Attempted to log image metric {}:\n{}".format(name, path or plot))

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        print("Attempted to log residual metric {}:\n{}".format(name, value))

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        print("Attempted to log predictions metric {}:\n{}".format(name, value))

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        print("Attempted to log accuracy_table metric {}:\n{}".format(name, value))

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        print("Attempted to log confusion_matrix metric {}:\n{}".format(name, value))

    def tag(self, key: str, value: Optional[str] = None) -> None:
        self._tags[key] = "" if value is None else str(value)
        print("Attempted to add tag {} with value {}".format(key, value))

    def set_tags(self, tags: Dict[str, str]) -> None:
        self._tags.update(tags)
        print("Attempted to set tags {}".format(tags))

    def get_tags(self) -> Dict[str, str]:
        return dict(self._tags)

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Any = None) -> None:
        print("Attempted to track file {} at {}".format(name, path_or_stream))

    def upload_folder(self, name: str, path: str, datastore_name: Any = None) -> None:
        print("Attempted to track folder {} at {}".format(name, path))

    def upload_files(self, names: List[str], paths: List[str], **unused: Any) -> None:
        for name, path in zip(names, paths):
            self.upload_file(name, path)

    def flush(self, timeout_seconds: float = 300) -> None:
        """There is nothing on its way anywhere."""

    def complete(self) -> None:
        """There is nothing to complete."""

    def get_status(self) -> str:
        return "Running"

    def cancel(self) -> None:
        raise _errors.RunEnvironmentException("an offline run cannot be canceled; end its process")

    def __enter__(self) -> "OfflineRun":
        print("[START] Run {} context".format(self._run_id))
        return self

    def __exit__(self, *error: Any) -> None:
        print("[STOP] Run {} context".format(self._run_id))

    def __repr__(self) -> str:
        return "Run(Id: {}, offline)".format(self._run_id)
