"""The run of a script that was started by hand: it prints what it would have told a studio."""

import sys
from typing import Any, Dict, Iterable, Iterator, List, Optional

from trainyard import _errors, _values
from trainyard._lazy import uuid


class OfflineRun:
    """Stands for a run where there is none: each call prints; this process keeps what was logged.

    It has no experiment, input_datasets or register_model: scripts ask hasattr() for these.
    """

    def __init__(self, run_id: Optional[str] = None, parent_run: "Optional[OfflineRun]" = None):
        self._run_id = run_id or "OfflineRun_{}".format(uuid.uuid4())
        self.parent = parent_run
        self._children: List[OfflineRun] = []
        self._tags: Dict[str, str] = {}
        self._properties: Dict[str, str] = {}
        self._status = "Running"
        self._files: List[str] = []
        self._points: Dict[str, List[Any]] = {}
        self._lists: Dict[str, List[Any]] = {}
        self._rows: Dict[str, List[Dict[str, Any]]] = {}

    @property
    def id(self) -> str:
        """`OfflineRun_<uuid>`."""
        return self._run_id

    @property
    def tags(self) -> Dict[str, str]:
        """Name → text of the tags that this process set."""
        return dict(self._tags)

    @property
    def properties(self) -> Dict[str, str]:
        """Name → text of the properties that this process added."""
        return dict(self._properties)

    # --- what is logged ------------------------------------------------------------
    def log(self, name: str, value: Any, description: str = "", step: Optional[int] = None) -> None:
        """Print a point of the metric `name`, and keep it."""
        _attempted("log scalar metric {}:\n{}", name, value)
        self._points.setdefault(name, []).append(_kept(value))

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Print the values of the list `name`, and keep them."""
        values = _listed(value)
        _attempted("log list metric {}:\n{}", name, values if hasattr(value, "__next__") else value)
        self._lists.setdefault(name, []).extend(_kept(one) for one in values)

    def log_row(self, name: str, description: Optional[str] = None, **kwargs: Any) -> None:
        """Print a row of the table `name`, and keep it."""
        _attempted("log row metric {}:\n{}", name, kwargs)
        self._rows.setdefault(name, []).append({key: _kept(kwargs[key]) for key in kwargs})

    def log_table(self, name: str, value: Dict[str, List[Any]], description: str = "") -> None:
        """Print the columns of the table `name`, and keep them."""
        _attempted("log table metric {}:\n{}", name, value)
        columns = {key: _listed(value[key]) for key in value}
        most = max([len(column) for column in columns.values()] or [0])
        rows = self._rows.setdefault(name, [])
        for at in range(most):
            rows.append({key: _kept(columns[key][at]) for key in columns if at < len(columns[key])})

    def log_image(
        self, name: str, path: Optional[str] = None, plot: Any = None, description: str = ""
    ) -> None:
        """Print that a picture was logged; only its path, or a plot's text, is kept."""
        self._log_file("image", name, path or plot)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Print residuals, and keep them."""
        self._log_file("residual", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Print predictions, and keep them."""
        self._log_file("predictions", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Print an accuracy table, and keep it."""
        self._log_file("accuracy_table", name, value)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Print a confusion matrix, and keep it."""
        self._log_file("confusion_matrix", name, value)

    def _log_file(self, kind: str, name: str, value: Any) -> None:
        _attempted("log " + kind + " metric {}:\n{}", name, value)
        # Not the thing itself: a figure would stay in memory for as long as the script runs.
        kept = value if isinstance(value, (str, dict)) else str(value)
        self._points.setdefault(name, []).append(kept)

    def get_metrics(
        self,
        name: Optional[str] = None,
        recursive: bool = False,
        run_type: Optional[str] = None,
        populate: bool = False,
    ) -> Dict[str, Any]:
        """Return name → what this process logged, in the shapes of Run.get_metrics."""
        found: Dict[str, Any] = {
            key: values[0] if len(values) == 1 else list(values)
            for key, values in self._points.items()
        }
        found.update({key: list(values) for key, values in self._lists.items()})
        found.update({key: _columns(rows) for key, rows in self._rows.items()})
        if name is not None:
            found = {key: value for key, value in found.items() if key == name}
        if not recursive:
            return found
        several = {self._run_id: found}
        for child in self._children:
            several.update(child.get_metrics(name, True))
        return several

    # --- tags and properties ------------------------------------------------------------
    def tag(self, key: str, value: Optional[str] = None) -> None:
        """Set a tag, and print it."""
        self._tags[key] = "" if value is None else str(value)
        _attempted("add tag {} with value {}", key, value)

    def set_tags(self, tags: Dict[str, str]) -> None:
        """Set tags, and print them."""
        self._tags.update(tags)
        _attempted("set tags {}", tags)

    def remove_tags(self, tags: Any) -> None:
        """Take tags away by their names, and print them."""
        for key in [tags] if isinstance(tags, str) else list(tags):
            self._tags.pop(key, None)
        _attempted("remove tags {}", tags)

    def get_tags(self) -> Dict[str, str]:
        """Return name → text of the tags."""
        return self.tags

    def add_properties(self, properties: Dict[str, Any]) -> None:
        """Add properties. Raises Conflict for one that has another value."""
        added = {str(key): str(value) for key, value in properties.items()}
        for key, value in added.items():
            if self._properties.get(key, value) != value and key != "description":
                raise _errors.Conflict(
                    "the run has the property {} already, and properties do not change; what"
                    " changes is a tag".format(key)
                )
        self._properties.update(added)
        _attempted("add properties {}", properties)

    def get_properties(self) -> Dict[str, str]:
        """Return name → text of the properties."""
        return self.properties

    # --- files ------------------------------------------------------------
    def upload_file(self, name: str, path_or_stream: Any, datastore_name: Any = None) -> None:
        """Print that a file would be kept; it is not copied."""
        self._files.append(name)
        _attempted("track file {} at {}", name, path_or_stream)

    def upload_folder(self, name: str, path: str, datastore_name: Any = None) -> None:
        """Print that a folder would be kept; it is not copied."""
        self._files.append(name)
        _attempted("track folder {} at {}", name, path)

    def upload_files(self, names: List[str], paths: List[str], *more: Any, **unused: Any) -> None:
        """Print that files would be kept; they are not copied."""
        for name, path in zip(names, paths):
            self.upload_file(name, path)

    def get_file_names(self) -> List[str]:
        """Return the names under which files and folders would have been kept."""
        return list(self._files)

    def take_snapshot(self, file_or_folder_path: str) -> None:
        """Print that a file or a folder would be kept as the run's code."""
        _attempted("take a snapshot of {}", file_or_folder_path)

    # --- children ------------------------------------------------------------
    def child_run(
        self, name: Optional[str] = None, run_id: Optional[str] = None, outputs: Any = None
    ) -> "OfflineRun":
        """Return an offline run below this one; its id begins with this one's."""
        child = OfflineRun(run_id or "{}.{}".format(self._run_id, uuid.uuid4()), self)
        self._children.append(child)
        return child

    def create_children(
        self, count: Optional[int] = None, tag_key: Optional[str] = None, tag_values: Any = None
    ) -> "List[OfflineRun]":
        """Return `count` offline runs below this one, or one for each tag value."""
        values = list(tag_values or ())
        children = [self.child_run() for _ in range(len(values) if count is None else count)]
        for child, value in zip(children, values):
            child._tags[str(tag_key)] = str(value)
        return children

    def get_children(self, recursive: bool = False, **unused: Any) -> "Iterator[OfflineRun]":
        """Yield the runs below this one; recursive: all the way down."""
        for child in self._children:
            yield child
            if recursive:
                for grandchild in child.get_children(True):
                    yield grandchild

    # --- its state ------------------------------------------------------------
    def flush(self, timeout_seconds: float = 300) -> None:
        """There is nothing on its way anywhere."""

    def wait_for_completion(self, *unused: Any, **more: Any) -> Dict[str, Any]:
        """Return at once: there is nothing to wait for."""
        return self.get_details()

    def start(self) -> None:
        """Say that it runs."""
        self._status = "Running"

    def complete(self, _set_status: bool = True) -> None:
        """Say that it is Completed."""
        self._status = "Completed"

    def fail(self, error_details: Any = None, error_code: Any = None, **unused: Any) -> None:
        """Say that it has Failed, and print why."""
        self._status = "Failed"
        if error_details is not None:
            _attempted("fail with {}", error_details)

    def cancel(self) -> None:
        """Nobody could cancel it. Raises RunEnvironmentException."""
        raise _errors.RunEnvironmentException("an offline run cannot be canceled; end its process")

    @property
    def status(self) -> str:
        """Running until complete() or fail() is called."""
        return self._status

    def get_status(self) -> str:
        """Return the status; nobody is asked."""
        return self._status

    def get_details(self) -> Dict[str, Any]:
        """Return what there is to say of an offline run, with the v1 SDK's keys."""
        details = {"runId": self._run_id, "target": "local", "status": self._status}
        return dict(details, properties=self.properties)

    def __enter__(self) -> "OfflineRun":
        print("[START] Run {} context".format(self._run_id))
        return self

    def __exit__(self, *error: Any) -> None:
        print("[STOP] Run {} context".format(self._run_id))

    def __repr__(self) -> str:
        return "Run(Id: {}, offline)".format(self._run_id)


def _attempted(words: str, *values: Any) -> None:
    text = "Attempted to " + words.format(*values)
    try:
        print(text)
    except UnicodeEncodeError:
        # A terminal that cannot show a character must not end the training.
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        print(text.encode(encoding, "replace").decode(encoding))


def _kept(value: Any) -> Any:
    """Return a value as plain data: a tensor that is kept would keep its graph in memory."""
    try:
        return _values.plain(value)
    except _values.Several:
        return [_kept(one) for one in _listed(value)]
    except TypeError:
        return repr(value)


def _listed(value: Any) -> List[Any]:
    try:
        return [value] if isinstance(value, (str, bytes)) else list(value)
    except TypeError:
        return [value]


def _columns(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return rows as column → values, None where a row has none; of one row, column → value."""
    names = {name: None for row in rows for name in row}
    if len(rows) == 1:
        return dict(rows[0])
    return {name: [row.get(name) for row in rows] for name in names}
