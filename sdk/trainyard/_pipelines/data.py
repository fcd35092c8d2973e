"""PipelineData: what one step writes and others read, kept below `azureml/<run id>/<name>`."""

import copy
from typing import Any, Dict, Optional

from trainyard import _errors
from trainyard._datasets import links
from trainyard._datasets.base import NAME, DatasetConsumptionConfig
from trainyard._datasets.outputs import (
    MOUNT,
    REFERENCE,
    UPLOAD,
    OutputDatasetConfig,
    OutputFileDatasetConfig,
    OutputTabularDatasetConfig,
)
from trainyard._datastore import Datastore

PLACE = "azureml/{run-id}/{output-name}"
OF_AUTOML = "PipelineData without it, written by a PythonScriptStep"


class PipelineData:
    """A folder that one step fills and others read.

    Among the `outputs` of a step it is written there, among the `inputs` read; among its arguments
    it becomes the folder's path. It is a folder always, whatever is_directory says.

    datastore: where its files are kept (default: the pipeline's).   output_name: what the step
    that writes it calls it.   output_mode: "mount", kept however the script ends, or "upload", kept
    when it ends well.   output_path_on_compute: where the script writes, below the folder that it
    starts in.   output_overwrite: of an upload, replace files that are there.
    pipeline_output_name: what PipelineRun.get_pipeline_output finds it by.
    Raises UserErrorException.
    """

    def __init__(
        self,
        name: str,
        datastore: Optional[Datastore] = None,
        output_name: Optional[str] = None,
        output_mode: str = "mount",
        output_path_on_compute: Optional[str] = None,
        output_overwrite: Optional[bool] = None,
        data_type: Optional[str] = None,
        is_directory: Optional[bool] = None,
        pipeline_output_name: Optional[str] = None,
        training_output: Any = None,
    ):
        for given in (name, output_name or name):
            if not isinstance(given, str) or not NAME.match(given):
                raise _errors.UserErrorException(
                    "{!r} is no name of a PipelineData: at most 100 letters, digits and"
                    " underscores".format(given)
                )
        if output_mode not in (MOUNT, UPLOAD):
            raise _errors.UserErrorException(
                "{!r} is no output_mode; modes: mount, upload".format(output_mode)
            )
        if datastore is not None and not isinstance(datastore, Datastore):
            raise _errors.UserErrorException(
                "the datastore of PipelineData {} is one such as"
                " workspace.get_default_datastore() returns, not {!r}".format(name, datastore)
            )
        if training_output is not None:
            raise _errors.not_built("PipelineData(training_output=...)", OF_AUTOML)
        self._link = links.Link(name)
        self._name = name
        self.datastore = datastore
        self._output_name = output_name or name
        self.output_mode = output_mode
        self.output_path_on_compute = output_path_on_compute
        self.output_overwrite = output_overwrite
        self.data_type = data_type
        self.is_directory = is_directory
        self.pipeline_output_name = pipeline_output_name

    @property
    def name(self) -> str:
        """Its name, by which the steps that read it find it."""
        return self._name

    @property
    def output_name(self) -> str:
        """What the step that writes it calls it: get_output_data takes this name."""
        return self._output_name

    @property
    def datastore_name(self) -> Optional[str]:
        """The name of its datastore; None for that of the pipeline."""
        return self.datastore.name if self.datastore is not None else None

    @property
    def link(self) -> links.Link:
        """What ties the step that writes it to those that read it."""
        return self._link

    # --- how it is read ------------------------------------------------------------
    def as_input(self, input_name: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input called `input_name` (default: its name), mounted."""
        return links.as_input(self._link, input_name or self._name)

    def as_mount(self, input_name: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input whose files are laid out read-only on the node."""
        return self.as_input(input_name)

    def as_download(
        self,
        input_name: Optional[str] = None,
        path_on_compute: Optional[str] = None,
        overwrite: Optional[bool] = None,
    ) -> DatasetConsumptionConfig:
        """Return it as an input whose files are copied to the node: the script may change them."""
        return self.as_input(input_name).as_download(path_on_compute)

    def as_dataset(self) -> "PipelineDataset":
        """Return it as a dataset: register(name) keeps it under a name."""
        return PipelineDataset(self)

    # --- how it is written ------------------------------------------------------------
    def as_upload(
        self, path_on_compute: Optional[str] = None, overwrite: Optional[bool] = None
    ) -> "PipelineData":
        """Return the same data, kept only when the script that writes it ends well."""
        changed = copy.copy(self)
        changed.output_mode, changed.output_overwrite = UPLOAD, overwrite
        changed.output_path_on_compute = path_on_compute or self.output_path_on_compute
        return changed

    def output(self, datastore: Optional[Datastore] = None) -> OutputFileDatasetConfig:
        """Return how the step that writes it is told; datastore: that of the pipeline."""
        store = self.datastore or datastore
        place = None if store is None else (store, PLACE)
        made = OutputFileDatasetConfig(self._output_name, place, self.output_path_on_compute)
        made._link = self._link
        if self.output_mode == UPLOAD:
            return made.as_upload(bool(self.output_overwrite))
        return made

    def get_env_variable_name(self) -> str:
        """Return the variable that has its path in the scripts."""
        return "AZUREML_DATAREFERENCE_" + self._name

    def __str__(self) -> str:
        return REFERENCE + self._name

    def __repr__(self) -> str:
        return "PipelineData({!r})".format(self._name)


class PipelineDataset:
    """A PipelineData as a dataset: registered by the step that writes it, read as a table.

    Each method returns another one; what it was called on does not change.
    """

    def __init__(
        self,
        data: PipelineData,
        *,
        _registering: Optional[Dict[str, Any]] = None,
        _reading: Optional[Dict[str, Any]] = None,
    ):
        self._data = data
        self._registering = _registering
        self._reading = _reading

    @property
    def name(self) -> str:
        """The name of the PipelineData."""
        return self._data.name

    @property
    def link(self) -> links.Link:
        """What ties the step that writes it to those that read it."""
        return self._data.link

    @property
    def pipeline_output_name(self) -> Optional[str]:
        """What PipelineRun.get_pipeline_output finds it by."""
        return self._data.pipeline_output_name

    @property
    def output_name(self) -> str:
        """What the step that writes it calls it."""
        return self._data.output_name

    def register(
        self, name: str, create_new_version: bool = True, properties: Any = None
    ) -> "PipelineDataset":
        """Return one that becomes the next version of dataset `name` when its step Completed."""
        return PipelineDataset(self._data, _registering={"name": name}, _reading=self._reading)

    def as_input(self, input_name: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input (default: of its name): mounted, or as a table where it is one."""
        return links.as_input(self.link, input_name or self.name, self._reading)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """Return it as an input called `name`; .as_download() copies."""
        return self.as_input(name)

    def as_mount(self, path_on_compute: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input whose files are laid out read-only on the node."""
        return self.as_input().as_mount(path_on_compute)

    def as_download(self, path_on_compute: Optional[str] = None) -> DatasetConsumptionConfig:
        """Return it as an input whose files are copied to the node."""
        return self.as_input().as_download(path_on_compute)

    def output(self, datastore: Optional[Datastore] = None) -> OutputDatasetConfig:
        """Return how the step that writes it is told."""
        files = self._data.output(datastore)
        made: OutputDatasetConfig = files
        if self._reading:
            made = files._as_table(dict(self._reading), None, None, None)
        return made.register_on_complete(**self._registering) if self._registering else made

    def parse_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: Any = True,
        partition_format: Optional[str] = None,
        file_extension: Optional[str] = "",
        set_column_types: Optional[Dict[str, Any]] = None,
        quoted_line_breaks: bool = False,
    ) -> "PipelineDataset":
        """Return one that is read as the table of its CSV files, in run.input_datasets.

        file_extension and quoted_line_breaks are taken: all its files are read, whole.
        """
        table = self._data.output().read_delimited_files(
            include_path, separator, header, partition_format, None, set_column_types
        )
        return self._as_table(table)

    def parse_parquet_files(
        self,
        include_path: bool = False,
        partition_format: Optional[str] = None,
        file_extension: Optional[str] = ".parquet",
        set_column_types: Optional[Dict[str, Any]] = None,
    ) -> "PipelineDataset":
        """Return one that is read as the table of its Parquet files, in run.input_datasets.

        file_extension is taken: all its files are read.
        """
        table = self._data.output().read_parquet_files(
            include_path, partition_format, None, set_column_types
        )
        return self._as_table(table)

    def _as_table(self, table: OutputTabularDatasetConfig) -> "PipelineDataset":
        registering = self._registering
        return PipelineDataset(self._data, _registering=registering, _reading=table._reading)

    def __str__(self) -> str:
        return str(self._data)

    def __repr__(self) -> str:
        return "PipelineDataset({!r})".format(self.name)
