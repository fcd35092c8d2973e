"""Columns out of the paths of files, types that are said, lines that are no JSON."""

import gzip
import io
from datetime import datetime

import pandas as pd
import pytest
from azureml.core import Dataset
from azureml.data import DataType
from azureml.data import dataset_factory as factories
from azureml.exceptions import UserErrorException

FORM = "/{state}/{date:yyyy/MM/dd}/data.csv"


DAYS = {
    "ohio/2026/01/02/data.csv": b"n\n1\n",
    "ohio/2026/02/01/data.csv": b"n\n2\n3\n",
    "utah/2026/01/02/data.csv": b"n\n4\n",
}


def naive(*parts):
    """A time as pandas has it."""
    return datetime(*parts)  # noqa: DTZ001


def test_columns_come_out_of_the_paths_of_tables(workspace, put):
    where = put("partitioned", DAYS)
    table = Dataset.Tabular.from_delimited_files(where, partition_format=FORM, include_path=True)
    frame = table.to_pandas_dataframe()
    assert list(frame.columns) == ["Path", "state", "date", "n"]
    assert frame["state"].tolist() == ["ohio", "ohio", "ohio", "utah"]
    assert frame["date"].tolist()[0] == pd.Timestamp(naive(2026, 1, 2))
    assert table.partition_keys == ["state", "date"]
    assert table.get_partition_key_values(["state"]) == [{"state": "ohio"}, {"state": "utah"}]
    assert len(table.get_partition_key_values()) == 3
    chosen = table.filter((table["state"] == "ohio") & (table["date"] > naive(2026, 1, 31)))
    timed = table.with_timestamp_columns("date").time_before(naive(2026, 1, 31))
    assert chosen.to_pandas_dataframe()["n"].tolist() == [2, 3]
    assert timed.to_pandas_dataframe()["n"].tolist() == [1, 4]
    read = table.filter(table["Path"].contains("/02/") & (table["n"] < 3)).to_pandas_dataframe()
    assert read["n"].tolist() == [1, 2]
    late = table.filter(table["date"] > table["date"]).to_pandas_dataframe()
    assert late.empty and list(late.columns) == ["Path", "state", "date", "n"]
    chosen.register(workspace, "partitioned")
    again = Dataset.get_by_name(workspace, "partitioned")
    assert again.to_pandas_dataframe()["n"].tolist() == [2, 3]
    assert again.partition_keys == ["state", "date"]
    base = workspace.api("datasets/partitioned/1/preview")
    page = workspace.client.get(base)
    assert [column["name"] for column in page["columns"]] == ["state", "date", "n"]
    assert page["rows"][0] == ["ohio", "2026-01-02 00:00:00", 1] and page["row_count"] == 4
    profile = workspace.client.get(workspace.api("datasets/partitioned/1/profile"))
    assert profile["columns"][0]["values"] == [["ohio", 3], ["utah", 1]]


def test_files_are_filtered_by_the_columns_of_their_paths(workspace, put):
    where = put("partitioned-files", DAYS)
    data = Dataset.File.from_files(where, partition_format=FORM)
    some = data.filter((data["state"] == "ohio") & (data["date"] < naive(2026, 2, 1)))
    assert some.to_path() == ["/ohio/2026/01/02/data.csv"]
    data.register(workspace, "partitioned-files")
    again = Dataset.get_by_name(workspace, "partitioned-files")
    assert again.partition_keys == ["state", "date"]
    assert len(again.filter(again["state"] == "utah").to_path()) == 1
    plain = Dataset.File.from_files(where)
    assert plain.partition_keys == [] and plain.get_partition_key_values() == []
    both = plain.register(workspace, "partitioned-files", create_new_version=True)
    assert both.version == 2  # the same files, that know less


def test_a_format_that_cannot_be_is_refused(put):
    where = put("no-partitions", {"a.csv": b"n\n1\n"})
    for form, words in (
        ("data.csv", "names no column"), ("{a}/{a}", "twice"), ("{d:MM/dd}", "needs yyyy"),
        ("/{state}/data.csv", "/a.csv is not like partition_format"), ("{a}}/x", "a brace"),
    ):  # fmt: skip
        for make in (Dataset.File.from_files, Dataset.Tabular.from_delimited_files):
            with pytest.raises(UserErrorException, match=words):
                make(where, partition_format=form)
    late = Dataset.Tabular.from_delimited_files(where, False, partition_format="/{s}/a.csv")
    with pytest.raises(UserErrorException, match="name the folder"):
        late.to_pandas_dataframe()
    same = Dataset.Tabular.from_delimited_files(where, partition_format="{n}.csv")
    with pytest.raises(UserErrorException, match="has a column n itself"):
        same.to_pandas_dataframe()
    with pytest.raises(UserErrorException, match=r"no column z comes out .* do: n"):
        same.get_partition_key_values(["z"])


ODD = b'zip,count,price,ok,day\n02134,1,"1,5",TRUE,03.01.2026\n10001,x,2,0,2026-02-01\n,,,,\n'


def test_columns_become_what_set_column_types_says(workspace, put):
    where = put("typed", {"a.csv": ODD})
    assert factories.DataType is DataType
    kinds = {
        "zip": DataType.to_string(), "count": DataType.to_long(), "ok": DataType.to_bool(),
        "price": DataType.to_float(decimal_mark=","),
        "day": DataType.to_datetime(["%d.%m.%Y", "%Y-%m-%d"]),
    }  # fmt: skip
    table = Dataset.Tabular.from_delimited_files(where, set_column_types=kinds)
    table.register(workspace, "typed")
    frame = Dataset.get_by_name(workspace, "typed").to_pandas_dataframe()
    assert frame["zip"].tolist()[:2] == ["02134", "10001"] and frame["zip"].isna()[2]
    assert frame["count"].tolist()[0] == 1 and frame["count"].isna().tolist()[1:] == [True, True]
    assert frame["price"].tolist()[:2] == [1.5, 2.0]
    assert frame["ok"].tolist() == [True, False, None]
    assert frame["day"].tolist()[:2] == [naive(2026, 1, 3), naive(2026, 2, 1)]
    assert frame["day"].dtype.kind == "M"
    with pytest.raises(UserErrorException, match="column count holds 'x', which is no long"):
        table.to_pandas_dataframe(on_error="fail")
    table.drop_columns("count").to_pandas_dataframe(out_of_range_datetime="fail")
    with pytest.raises(UserErrorException, match="on_error is one of null, fail"):
        table.to_pandas_dataframe(on_error="ignore")
    page = workspace.client.get(workspace.api("datasets/typed/1/preview"))
    assert page["rows"][0][0] == "02134" and page["columns"][0]["kind"] == "text"


def test_types_of_parquet_of_no_header_and_wrong_ones(put):
    out = io.BytesIO()
    pd.DataFrame({"a": [1, 2], "b": ["7", "8"]}).to_parquet(out)
    kinds = {"a": DataType.to_string(), "b": DataType.to_long()}
    where = put("typed-parquet", {"a.parquet": out.getvalue()})
    frame = Dataset.Tabular.from_parquet_files(where, set_column_types=kinds).to_pandas_dataframe()
    assert frame.to_dict("list") == {"a": ["1", "2"], "b": [7, 8]}
    bare = put("typed-bare", {"a.csv": b"01,x\n"})
    named = {"Column1": DataType.to_string()}
    table = Dataset.Tabular.from_delimited_files(bare, header=False, set_column_types=named)
    assert table.to_pandas_dataframe()["Column1"].tolist() == ["01"]
    with pytest.raises(UserErrorException, match="no column z"):
        Dataset.Tabular.from_delimited_files(
            bare, set_column_types={"z": DataType.to_bool()}
        ).to_pandas_dataframe()
    with pytest.raises(UserErrorException, match="gives each column a DataType"):
        Dataset.Tabular.from_delimited_files(bare, set_column_types={"a": "float"})


def test_lines_that_are_no_json_are_an_error_or_left_out(put):
    lines = b'{"a": 1}\nnot json\n[1]\n{"a": 2, "b": "x"}\n'
    contents = {"a.jsonl": lines, "b.jsonl.gz": gzip.compress(lines)}
    where = put("invalid-lines", contents)
    strict = Dataset.Tabular.from_json_lines_files(where)
    with pytest.raises(UserErrorException, match="cannot be read as json_lines"):
        strict.to_pandas_dataframe()
    loose = Dataset.Tabular.from_json_lines_files(where, invalid_lines="drop")
    assert loose.to_pandas_dataframe()["a"].tolist() == [1, 2, 1, 2]
    lines = b'{"zip": "02134", "n": "3", "date": "2026"}\n{"zip": "10001", "n": "4"}\n'
    kinds = {"zip": DataType.to_string(), "date": DataType.to_long()}
    where = put("typed-lines", {"a.jsonl": lines})
    typed = Dataset.Tabular.from_json_lines_files(where, set_column_types=kinds)
    frame = typed.to_pandas_dataframe()
    assert frame["zip"].tolist() == ["02134", "10001"] and frame["n"].tolist() == [3, 4]
    assert frame["date"].tolist()[0] == 2026 and frame["date"].isna()[1]
    with pytest.raises(UserErrorException, match="invalid_lines is one of error, drop"):
        Dataset.Tabular.from_json_lines_files(where, invalid_lines="ignore")
