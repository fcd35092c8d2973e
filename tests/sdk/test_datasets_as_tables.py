"""Tables by the SDK against a whole studio: CSV, JSON lines, Parquet, data frames."""

import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from azureml.core import Dataset
from azureml.data import TabularDataset
from azureml.data.dataset_factory import TabularDatasetFactory
from azureml.exceptions import UserErrorException

from tests.sdk.driving import SDK

WITHOUT = """
import sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[4:]:
    sys.modules[name] = None
from azureml.core import Dataset, Workspace
table = Dataset.get_by_name(Workspace.from_config(sys.argv[2]), sys.argv[3])
frame = table.to_pandas_dataframe()
print(frame.to_json(orient="split", date_format="iso"))
print(list(map(str, frame.dtypes)))
"""


@pytest.fixture
def put(workspace, tmp_path):
    """Put files into the datastore below a folder; return (datastore, folder)."""

    def put(target, **contents):
        folder = tmp_path / target
        folder.mkdir()
        for name, content in contents.items():
            (folder / name.replace("__", ".")).write_bytes(content)
        store = workspace.get_default_datastore()
        store.upload(os.fspath(folder), target, overwrite=True, show_progress=False)
        return store, target

    return put


def without(names, workspace_folder, dataset):
    """Read a registered table in a Python that has not these modules."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, os.fspath(SDK), workspace_folder, dataset, *names],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_csv_files_become_one_frame_with_steps(workspace, put):
    where = put("csv", a__csv=b"x,y,note\n1,0.5,a\n2,1.5,\n", b__csv=b"x,y,note\n3,2.5,c\n")
    table = Dataset.Tabular.from_delimited_files(where)
    assert isinstance(table, TabularDataset) and TabularDatasetFactory is Dataset.Tabular
    frame = table.to_pandas_dataframe()
    assert list(frame.columns) == ["x", "y", "note"] and list(frame["x"]) == [1, 2, 3]
    assert frame["note"].isna().tolist() == [False, True, False]
    small = table.drop_columns("note").keep_columns(["y", "x"]).skip(1).take(2)
    assert small.to_pandas_dataframe().to_dict("list") == {"y": [1.5, 2.5], "x": [2, 3]}
    known = small.register(workspace, "small-table", tags={"a": "b"})
    again = Dataset.get_by_name(workspace, "small-table")
    assert again == known and isinstance(again, TabularDataset)
    assert again.to_pandas_dataframe().equals(small.to_pandas_dataframe())
    assert '"ParseDelimited",\n    "DropColumns",\n    "KeepColumns"' in repr(again)
    with pytest.raises(UserErrorException, match="no column z; its columns: x, y, note"):
        table.keep_columns("z").to_pandas_dataframe()


def test_how_a_csv_file_is_written_can_be_said(put):
    where = put("odd", a__csv="1;ä\n02;\n".encode("latin1"))
    table = Dataset.Tabular.from_delimited_files(
        where, separator=";", header=False, encoding="latin1", infer_column_types=False,
        include_path=True, empty_as_string=True,
    )  # fmt: skip
    assert table.to_pandas_dataframe().to_dict("list") == {
        "Path": ["/a.csv", "/a.csv"], "Column1": ["1", "02"], "Column2": ["ä", ""],
    }  # fmt: skip
    wrong = Dataset.Tabular.from_json_lines_files(where)
    with pytest.raises(UserErrorException, match=r"a\.csv cannot be read as json_lines"):
        wrong.to_pandas_dataframe()


def test_halves_of_a_table_are_the_same_whenever_they_are_read(put):
    text = "n\n" + "".join(f"{n}\n" for n in range(1000))
    table = Dataset.Tabular.from_delimited_files(put("halves", a__csv=text.encode()))
    one, other = table.random_split(percentage=0.8, seed=7)
    ours, theirs = (set(part.to_pandas_dataframe()["n"]) for part in (one, other))
    assert ours | theirs == set(range(1000)) and not ours & theirs and 750 < len(ours) < 850
    assert set(table.random_split(0.8, seed=7)[0].to_pandas_dataframe()["n"]) == ours
    assert set(one.to_pandas_dataframe()["n"]) == ours
    one, other = table.random_split(0.5)
    assert len(one.to_pandas_dataframe()) + len(other.to_pandas_dataframe()) == 1000
    assert 0 < len(table.take_sample(0.1, seed=1).to_pandas_dataframe()) < 200


def test_json_lines_and_packed_csv(put):
    lines = b'{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n'
    frame = Dataset.Tabular.from_json_lines_files(put("lines", a__jsonl=lines))
    assert frame.to_pandas_dataframe()["a"].tolist() == [1, 2]
    content = gzip.compress(b"a,b\n1,2\n")
    packed = Dataset.Tabular.from_delimited_files(put("packed", a__csv__gz=content))
    assert packed.to_pandas_dataframe().to_dict("list") == {"a": [1], "b": [2]}


def test_a_data_frame_is_kept_and_read_back_with_and_without_pyarrow(workspace, live_studio):
    numbers = range(1200)
    frame = pd.DataFrame(
        {
            "n": numbers,
            "x": [n / 7 for n in numbers],
            "name": [f"ä {n}" for n in numbers],
            "is_even": [n % 2 == 0 for n in numbers],
            "at": pd.date_range("2026-01-01", periods=1200, freq="h"),
        }
    )
    store = workspace.get_default_datastore()
    made = Dataset.Tabular.register_pandas_dataframe(frame, store, "frame", show_progress=False)
    assert made.version == 1 and made.to_path() == ["/data.parquet"]
    assert made.to_pandas_dataframe().equals(frame)
    more = Dataset.Tabular.register_pandas_dataframe(
        frame.head(3), (store, "frames"), "frame", show_progress=False
    )
    assert more.version == 2
    made.register(workspace, "long-frame")
    said = without(["pyarrow", "fastparquet"], os.fspath(live_studio.config_folder), "long-frame")
    assert said.returncode == 0, said.stderr
    read, types = said.stdout.splitlines()
    assert read == frame.to_json(orient="split", date_format="iso")
    assert types.startswith("['int64', 'float64', ") and "'bool', 'datetime64" in types
    said = without(["pandas"], os.fspath(live_studio.config_folder), "frame")
    assert "pip install pandas" in said.stderr and "dataset.download" in said.stderr


DAYS = b"""at,day,n
2026-01-01T00:30:00+00:00,2026-01-01,0
2026-01-01T12:00:00+00:00,2026-01-01,1
2026-01-01T12:00:00.500000+00:00,2026-01-01,9
2026-01-02T00:00:00+02:00,2026-01-02,2
,2026-01-03,3
2026-01-04T00:00:00+00:00,2026-01-04,4
"""


def naive(*parts: int) -> datetime:
    """A time as most scripts write it."""
    return datetime(*parts)  # noqa: DTZ001


def test_rows_are_chosen_by_their_times(put, workspace):
    table = Dataset.Tabular.from_delimited_files(put("days", days__csv=DAYS))
    assert table.timestamp_columns == (None, None)
    with pytest.raises(UserErrorException, match="with_timestamp_columns"):
        table.time_before(naive(2026, 1, 2))
    timed = table.with_timestamp_columns("at", partition_timestamp="day")
    assert timed.timestamp_columns == ("at", "day")
    older = table.with_timestamp_columns(fine_grain_timestamp="at", coarse_grain_timestamp="day")
    assert older.timestamp_columns == ("at", "day")
    noon, end = naive(2026, 1, 1, 12), naive(2026, 1, 4)

    def rows(chosen) -> list[int]:
        return chosen.to_pandas_dataframe()["n"].tolist()

    assert rows(timed) == [0, 1, 9, 2, 3, 4]
    assert rows(timed.time_before(noon)) == [0, 1]
    assert rows(timed.time_before(noon, include_boundary=False)) == [0]
    assert rows(timed.time_after(noon)) == [1, 9, 2, 4]
    assert rows(timed.time_between(noon, end, include_boundary=False)) == [9, 2]
    assert rows(timed.time_between(end, noon)) == []
    eastern = timezone(timedelta(hours=-5))
    assert rows(timed.time_after(datetime(2026, 1, 1, 17, 1, tzinfo=eastern))) == [4]
    old = timed.time_recent(timedelta(days=1))
    assert rows(old) == []
    ages = datetime.now(UTC) - datetime(2026, 1, 1, 6, tzinfo=UTC)
    assert rows(timed.time_recent(ages)) == [1, 9, 2, 4]
    by_day = table.with_timestamp_columns(partition_timestamp="day")
    assert rows(by_day.time_after(naive(2026, 1, 3))) == [3, 4]
    timed.time_after(noon).register(workspace, "timed", create_new_version=True)
    assert rows(Dataset.get_by_name(workspace, "timed").time_before(noon)) == [1]


def test_columns_that_are_no_times_are_named(put):
    table = Dataset.Tabular.from_delimited_files(put("no-days", a__csv=b"a,b\nx,1\n"))
    with pytest.raises(UserErrorException, match="the column a holds what is no time"):
        table.with_timestamp_columns("a", validate=True)
    with pytest.raises(UserErrorException, match="the column b holds numbers"):
        table.with_timestamp_columns("b", validate=True)
    with pytest.raises(UserErrorException, match=r"no column at; its columns: a, b"):
        table.with_timestamp_columns("at", validate=True)
    with pytest.raises(UserErrorException, match=r"takes datetime\.datetime, not '2026-01-01'"):
        table.with_timestamp_columns("a").time_before("2026-01-01")
    with pytest.raises(UserErrorException, match=r"takes a datetime\.timedelta"):
        table.with_timestamp_columns("a").time_recent(5)
    assert table.with_timestamp_columns("a").with_timestamp_columns().timestamp_columns == (
        None,
        None,
    )


def test_what_a_table_cannot_do_says_what_to_do_instead(put):
    where = put("refused-table", a__csv=b"a\n1\n")
    table = Dataset.Tabular.from_delimited_files(where)
    with pytest.raises(NotImplementedError, match="Instead: "):
        Dataset.Tabular.from_sql_query("select 1")
    with pytest.raises(UserErrorException, match="from 0 to 1"):
        table.random_split(80)
