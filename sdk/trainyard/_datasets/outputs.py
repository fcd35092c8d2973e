"""Output datasets: folders that a script fills, whose files go to the store, and become a dataset.

out = OutputFileDatasetConfig("clean", (datastore, "clean/{run-id}")).register_on_complete("clean")
ScriptRunConfig("src", "clean.py", arguments=["--to", out])

In a pipeline `out` among a step's arguments is written, and `out.as_input()` read by another step.
"""

import copy
import re
from typing import Any, Dict, List, Mapping, Optional, Tuple, TypeVar, Union

from trainyard import _errors
from trainyard._datasets import links, partitions, types
from trainyard._datasets.base import NAME, DatasetConsumptionConfig
from trainyard._datastore import DataPath, DataReference, DataReferenceConfiguration, Datastore
from trainyard._lazy import uuid
from trainyard._place import Place

MARK = "DatasetOutputConfig:"
REFERENCE = "$AZUREML_DATAREFERENCE_"
LISTED, VALUE = "AZUREML_DATASET_FILE_OUTPUTS", "AZUREML_DATAREFERENCE_"
MOUNT, UPLOAD = "mount", "upload"
Self = TypeVar("Self", bound="OutputDatasetConfig")


class OutputDatasetConfig:
    """A folder of a run that becomes a dataset; see OutputFileDatasetConfig.

    Each method returns another one of the same name; the one it was called on does not change.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        destination: Any = None,
        source: Optional[str] = None,
        partition_format: Optional[str] = None,
    ):
        self.name = _named(name)
        self._link = links.Link(self.name)
        self.destination = destination
        self.source = source
        self.mode = MOUNT
        self._store, self._path = _in_store(destination)
        self._overwrite = False
        self._globs: List[str] = []
        self._form = "file"
        self._reading: Dict[str, Any] = {}
        self._registering: Optional[Dict[str, Any]] = None
        if partition_format is not None:
            partitions.read(partition_format)
            self._reading["partition_format"] = partition_format

    def _with(self: Self, **changes: Any) -> Self:
        changed = copy.copy(self)
        changed.__dict__.update(changes)
        return changed

    def register_on_complete(
        self: Self,
        name: str,
        description: Optional[str] = None,
        tags: Optional[Dict[str, Any]] = None,
    ) -> Self:
        """Return one that becomes the next version of dataset `name` when the run is Completed."""
        words = {str(key): "" if text is None else str(text) for key, text in (tags or {}).items()}
        found = {"name": str(name), "description": description or "", "tags": words}
        return self._with(_registering=found)

    @property
    def link(self) -> links.Link:
        """What ties it to the steps of a pipeline that read it."""
        return self._link

    def as_input(self, name: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input of a later step of a pipeline, mounted; .as_download() copies.

        name: of the input; by default one that no other has.
        """
        return links.as_input(self._link, name)

    def order(self, workspace: Place) -> Dict[str, Any]:
        """Return how the studio is told of this output. Raises UserErrorException."""
        if self._store is not None and self._store.workspace.name != workspace.name:
            raise _errors.UserErrorException(
                "output {} goes to a datastore of workspace {}, and its run is in {}".format(
                    self.name, self._store.workspace.name, workspace.name
                )
            )
        words: Dict[str, Any] = {
            "name": self.name,
            "mode": self.mode,
            "destination": self._path,
            "path": self.source or "",
            "overwrite": self._overwrite,
            "globs": list(self._globs),
        }
        if self._registering is not None:
            as_what = {"form": self._form, "reading": self._reading}
            words["register"] = dict(self._registering, **as_what)
        return words

    def __str__(self) -> str:
        return MARK + self.name

    def __repr__(self) -> str:
        words = (
            "" if self._registering is None else ", dataset={!r}".format(self._registering["name"])
        )
        return "{}({!r}, mode={!r}{})".format(type(self).__name__, self.name, self.mode, words)


class OutputFileDatasetConfig(OutputDatasetConfig):
    """A folder that a script fills; as an argument of the script it becomes the folder's path.

    name: of the output; its path is in the variable of that name, too.   destination: (datastore,
    "path"), where {run-id} and {output-name} stand for these; by default a folder of the run's
    own, dataset/{run-id}/{output-name}.   source: where on the node the script writes, below the
    folder that it starts in; by default an empty folder.   partition_format: as in from_files.
    Raises UserErrorException.
    """

    def as_upload(
        self, overwrite: bool = False, source_globs: Union[None, str, List[str]] = None
    ) -> "OutputFileDatasetConfig":
        """Return one whose files go to the store when the script has ended well.

        overwrite: replace files that are there; else one that is there with other content fails
        the run.   source_globs: patterns of the files to keep: "**/*.csv".
        """
        globs = [source_globs] if isinstance(source_globs, str) else list(source_globs or ())
        return self._with(
            mode=UPLOAD, _overwrite=bool(overwrite), _globs=[str(one) for one in globs]
        )

    def as_mount(self, disable_metadata_cache: bool = False) -> "OutputFileDatasetConfig":
        """Return one whose files go to the store however the script ends, replacing what is there.

        disable_metadata_cache: taken, and of no effect: there is no such cache.
        """
        return self._with(mode=MOUNT, _overwrite=False, _globs=[])

    def read_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: Any = True,
        partition_format: Optional[str] = None,
        path_glob: Optional[str] = None,
        set_column_types: Optional[Dict[str, Any]] = None,
    ) -> "OutputTabularDatasetConfig":
        """Return one that becomes a table of CSV files, as Dataset.Tabular reads them."""
        reading = {
            "format": "delimited",
            "separator": separator,
            "header": bool(header),
            "encoding": "utf8",
            "infer_column_types": True,
            "include_path": bool(include_path),
            "empty_as_string": False,
        }
        return self._as_table(reading, partition_format, path_glob, set_column_types)

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: Optional[str] = None,
        path_glob: Optional[str] = None,
        set_column_types: Optional[Dict[str, Any]] = None,
    ) -> "OutputTabularDatasetConfig":
        """Return one that becomes a table of Parquet files, as Dataset.Tabular reads them."""
        reading = {"format": "parquet", "include_path": bool(include_path)}
        return self._as_table(reading, partition_format, path_glob, set_column_types)

    def _as_table(
        self, reading: Dict[str, Any], form: Optional[str], glob: Optional[str], column_types: Any
    ) -> "OutputTabularDatasetConfig":
        if glob is not None:
            raise _errors.not_built("path_glob", "as_upload(source_globs=...) before it")
        form = form or self._reading.get("partition_format")
        if form is not None:
            partitions.read(form)
            reading["partition_format"] = form
        if column_types:
            reading["types"] = types.words_of(column_types)
        table = OutputTabularDatasetConfig(self.name)
        table.__dict__.update(self.__dict__, _form="tabular", _reading=reading)
        return table


class OutputTabularDatasetConfig(OutputDatasetConfig):
    """An output that is read as a table. OutputFileDatasetConfig.read_…_files makes one."""

    def keep_columns(self, columns: Union[str, List[str]]) -> "OutputTabularDatasetConfig":
        """Return one whose table has these columns alone."""
        return self._step("keep_columns", columns)

    def drop_columns(self, columns: Union[str, List[str]]) -> "OutputTabularDatasetConfig":
        """Return one whose table has not these columns."""
        return self._step("drop_columns", columns)

    def as_input(self, name: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input of a later step, whose script has the table in input_datasets."""
        return links.as_input(self._link, name, self._reading)

    def _step(self, step: str, columns: Union[str, List[str]]) -> "OutputTabularDatasetConfig":
        names = [columns] if isinstance(columns, str) else [str(name) for name in columns]
        steps = [*self._reading.get("steps", ()), [step, names]]
        return self._with(_reading=dict(self._reading, steps=steps))


class OutputData(DataReference):
    """Where an output of a run that has ended lies in the store."""

    def download(
        self, local_path: str, overwrite: Optional[bool] = None, show_progress: bool = False
    ) -> int:
        """Copy its files into the folder `local_path`, by their paths in the store; how many."""
        inside = self.path_on_datastore + "/" if self.path_on_datastore else ""
        return self.datastore.download(local_path, inside, bool(overwrite), show_progress)


def _named(name: Optional[str]) -> str:
    if name is None:
        return "output_{:.8}".format(uuid.uuid4().hex)
    if not isinstance(name, str) or not NAME.match(name):
        raise _errors.UserErrorException(
            "{!r} is no name of an output: at most 100 letters, digits and underscores".format(name)
        )
    return name


def _in_store(destination: Any) -> Tuple[Optional[Datastore], Optional[str]]:
    """Return the datastore and the path there that a destination names, None for what it leaves."""
    if destination is None:
        return None, None
    if isinstance(destination, Datastore):
        return destination, None
    if isinstance(destination, DataPath) and destination._datastore is not None:
        return destination._datastore, destination.path_on_datastore
    is_pair = isinstance(destination, (tuple, list)) and len(destination) == 2
    if is_pair and isinstance(destination[0], Datastore):
        store, path = destination
        if path is None or isinstance(path, str):
            return store, path
    raise _errors.UserErrorException(
        "{!r} is no destination of an output; it is (datastore, 'path')".format(destination)
    )


# --- among the arguments of a script ------------------------------------------------------------
Taken = Tuple[List[Any], Dict[str, Any], List[Dict[str, Any]]]


def taken(
    given: List[Any],
    workspace: Optional[Place],
    besides: Mapping[str, Any],
    more: Mapping[str, Any],
) -> Taken:
    """Return the arguments with marks in place of outputs, what is left of `besides`, the outputs.

    besides, more: name → what the run reads, and what it writes, that no argument names.
    Raises UserErrorException for two outputs of one name.
    """
    configs: Dict[str, OutputDatasetConfig] = {}
    left = {name: value for name, value in besides.items() if not _is_upload(value)}
    names = {name: besides[name] for name in besides if name not in left}
    for name, value in dict(names, **more).items():
        _add(configs, _config(value, workspace)._with(name=_named(name)))
    texts = []
    for argument in given:
        if isinstance(argument, OutputDatasetConfig) or _is_upload(argument):
            argument = _add(configs, _config(argument, workspace))
        elif isinstance(argument, str) and argument[len(REFERENCE) :] in configs:
            if argument.startswith(REFERENCE):  # as the v1 SDK writes a reference by itself
                argument = MARK + argument[len(REFERENCE) :]
        texts.append(argument)
    if configs and workspace is None:
        raise _errors.UserErrorException("an output among the arguments needs a workspace")
    orders = [one.order(workspace) for one in configs.values()] if workspace is not None else []
    return texts, left, orders


def _is_upload(value: Any) -> bool:
    is_reference = isinstance(value, (DataReference, DataReferenceConfiguration))
    return is_reference and value.mode == UPLOAD


def _config(value: Any, workspace: Optional[Place]) -> OutputDatasetConfig:
    """Return what fills an output: a configuration, or a path of a datastore as_upload."""
    if isinstance(value, OutputDatasetConfig):
        return value
    if isinstance(value, DataReferenceConfiguration) and workspace is not None:
        value = value.reference(workspace, "unnamed")
    if not isinstance(value, DataReference):
        raise _errors.UserErrorException(
            "output_data of a run configuration holds OutputFileDatasetConfig, not {!r}".format(
                type(value).__name__
            )
        )
    name = re.sub(r"[^A-Za-z0-9_]", "_", value.data_reference_name)[:100]
    place = (value.datastore, value.path_on_datastore)
    made = OutputFileDatasetConfig(name, place, value.path_on_compute)
    return made.as_upload(value.overwrite)


def _add(configs: Dict[str, OutputDatasetConfig], one: OutputDatasetConfig) -> str:
    """Note an output, and return what stands for it among the arguments."""
    other = configs.setdefault(one.name, one)
    if other is not one and other.__dict__ != one.__dict__:
        raise _errors.UserErrorException(
            "two outputs are called {}; OutputFileDatasetConfig(name=...) gives each a name of its"
            " own".format(one.name)
        )
    return str(one)


def of_script(environ: Mapping[str, str]) -> Dict[str, str]:
    """Return name → path of the output folders of the run whose script this is."""
    names = [name.strip() for name in environ.get(LISTED, "").split(",")]
    return {name: environ[VALUE + name] for name in names if VALUE + name in environ}
