"""Dataset.Tabular: tables of CSV, Parquet and JSON-lines files, and of data frames."""

import os
from typing import Any, Dict, Optional

from trainyard import _errors
from trainyard._datasets import naming, partitions, types
from trainyard._datasets.files import found
from trainyard._datasets.tabular import TabularDataset
from trainyard._datastore import Datastore
from trainyard._lazy import shutil, tempfile, uuid

INVALID_LINES = ("error", "drop")


class TabularDatasetFactory:
    """Makes tables; it is Dataset.Tabular."""

    @staticmethod
    def from_delimited_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Optional[Dict[str, Any]] = None,
        separator: str = ",",
        header: Any = True,
        partition_format: Optional[str] = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Return the table of CSV files and the like. path: as for Dataset.File.from_files.

        set_column_types: {"zip": DataType.to_string()}; other columns are as they look.
        partition_format: columns out of the paths: "/{state}/{date:yyyy/MM/dd}/data.csv".
        """
        reading = {
            "format": "delimited",
            "separator": separator,
            "header": bool(header),
            "encoding": encoding,
            "infer_column_types": bool(infer_column_types),
            "include_path": bool(include_path),
            "empty_as_string": bool(empty_as_string),
        }
        if support_multi_line:
            reading["multiline"] = True
        return _table(path, validate, reading, set_column_types, partition_format)

    @staticmethod
    def from_parquet_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Optional[Dict[str, Any]] = None,
        partition_format: Optional[str] = None,
    ) -> TabularDataset:
        """Return the table of Parquet files; all as for from_delimited_files."""
        reading = {"format": "parquet", "include_path": bool(include_path)}
        return _table(path, validate, reading, set_column_types, partition_format)

    @staticmethod
    def from_json_lines_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Optional[Dict[str, Any]] = None,
        partition_format: Optional[str] = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Return the table of files with an object of JSON in each line.

        invalid_lines: "error", or "drop" to leave out lines that hold none.
        """
        if invalid_lines not in INVALID_LINES:
            raise _errors.UserErrorException(
                "invalid_lines is one of {}, not {!r}".format(
                    ", ".join(INVALID_LINES), invalid_lines
                )
            )
        reading = {"format": "json_lines", "encoding": encoding, "include_path": bool(include_path)}
        if invalid_lines != "error":
            reading["invalid_lines"] = invalid_lines
        return _table(path, validate, reading, set_column_types, partition_format)

    @staticmethod
    def from_sql_query(
        query: Any, validate: bool = True, set_column_types: Any = None, query_timeout: int = 30
    ) -> Any:
        """Not here: no database is asked. Raises NotImplementedError."""
        raise _errors.not_built(
            "Dataset.Tabular.from_sql_query", "pandas.read_sql, and register_pandas_dataframe"
        )

    @staticmethod
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: Optional[str] = None,
        tags: Optional[Dict[str, Any]] = None,
        show_progress: bool = True,
        row_group_size: Optional[int] = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Keep a data frame in a datastore and register the table, as the name's next version.

        target: a datastore, or (datastore, path). It is Parquet where pandas can write that, and
        CSV where pyarrow is missing.
        """
        pair = (target, "managed-dataset") if isinstance(target, Datastore) else target
        named = naming.read(pair)
        if named.datastore is None:
            raise _errors.UserErrorException("target is a datastore, or (datastore, 'path')")
        parts = [named.patterns[0].strip("/")]
        if make_target_path_unique:
            parts.append(str(uuid.uuid4()))
        place = "/".join(part for part in parts if part)
        folder = tempfile.mkdtemp()
        try:
            ending = _written(dataframe, folder, row_group_size)
            named.datastore.upload(folder, place, overwrite=True, show_progress=show_progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        made: Any = TabularDatasetFactory.from_parquet_files
        if ending == "csv":
            made = TabularDatasetFactory.from_delimited_files
        table: TabularDataset = made((named.datastore, place + "/data." + ending))
        return table.register(
            named.datastore.workspace, name, description, tags, create_new_version=True
        )


def _written(dataframe: Any, folder: str, row_group_size: Optional[int]) -> str:
    options = {} if row_group_size is None else {"row_group_size": row_group_size}
    try:
        dataframe.to_parquet(os.path.join(folder, "data.parquet"), index=False, **options)
        return "parquet"
    except ImportError:
        dataframe.to_csv(os.path.join(folder, "data.csv"), index=False)
        return "csv"


def _table(
    path: Any, validate: bool, reading: Dict[str, Any], column_types: Any, partition_format: Any
) -> TabularDataset:
    # Only what was said is kept: the same table as before is the same version as before.
    if column_types:
        reading["types"] = types.words_of(column_types)
    if partition_format is not None:
        partitions.read(partition_format)
        reading["partition_format"] = partition_format
    files = found(path, validate)
    partitions.check(files, partition_format, validate)
    return TabularDataset(files, reading=reading)
