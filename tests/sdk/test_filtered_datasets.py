"""Datasets that are filtered: files by what is known of them, rows by what their columns hold."""

import json
import os
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from azureml.core import Dataset, Experiment, ScriptRunConfig
from azureml.data import FileDataset
from azureml.exceptions import UserErrorException

READS = """
import json, os, sys
from azureml.core import Run
run = Run.get_context()
table = run.input_datasets["rows"]
found = {"files": sorted(os.listdir(sys.argv[1])), "steps": repr(table),
         "named": run.input_datasets["named"].id}
json.dump(found, open("outputs/found.json", "w"))
"""


FILES = {"a.csv": "x\n1\n", "b.txt": "long " * 100, "sub/c.csv": "x\n22222\n"}


def test_files_are_filtered_by_what_the_studio_knows_of_them(workspace, put):
    data = Dataset.File.from_files(put("filtered-files", FILES))
    size = data.file_metadata("Size")
    assert data.filter(size > 100).to_path() == ["/b.txt"]
    assert data.filter((size < 100) & (size > 5)).to_path() == ["/sub/c.csv"]
    assert data.filter((size == 4) | (size >= 500)).to_path() == ["/a.csv", "/b.txt"]
    assert data.filter(~(data.file_metadata("Extension") == ".csv")).to_path() == ["/b.txt"]
    assert len(data.filter(data.file_metadata("CanSeek") == True).to_path()) == 3  # noqa: E712
    recent = datetime.now(UTC) - timedelta(hours=1)
    for name in ("CreationTime", "CreatedTime", "LastModifiedTime"):
        assert len(data.filter(data.file_metadata(name) > recent).to_path()) == 3
        assert data.filter(data.file_metadata(name) < date(2020, 1, 1)).to_path() == []
    with pytest.raises(UserErrorException, match=r"no file is left of \('workspaceblobstore'"):
        data.filter(size > 10**6).register(workspace, "filtered-to-nothing")
    small = data.filter(size < 100)
    known = small.filter(small.file_metadata("Size") > 5).register(workspace, "filtered-files")
    again = Dataset.get_by_name(workspace, "filtered-files")
    assert isinstance(again, FileDataset) and again.to_path() == ["/sub/c.csv"] and again == known
    assert json.loads(repr(again).partition("\n")[2])["definition"] == [
        "GetDatastoreFiles", "Filter", "Filter",
    ]  # fmt: skip
    same = data.take(3).skip(2).register(workspace, "filtered-files", create_new_version=True)
    assert same.version == 1  # the same files, chosen in another way


def test_what_is_no_condition_on_files_is_refused(put):
    data = Dataset.File.from_files(put("refused-files", FILES))
    for wrong, words in (
        (lambda: data.file_metadata("Owner"), "no metadata 'Owner'; it has Size, Extension"),
        (lambda: data.filter(data["state"] == "x"), "no column state; .*by partition_format"),
        (lambda: data.filter("Size > 3"), "filter takes a condition"),
        (lambda: data.filter(data.file_metadata("Size") > "3"), "Size > '3'"),
        (lambda: data.filter(data.file_metadata("Size") > 1 and True), "each in parentheses"),
        (lambda: 1 < data.file_metadata("Size") < 5, "each in parentheses"),
        (lambda: list(data), "named by a text"),
    ):
        with pytest.raises(UserErrorException, match=words):
            wrong()


ROWS = """n,name,at,score
1,anna,2026-01-01T00:00:00,0.5
2,Bert,2026-01-02T00:00:00,
3,anton,2026-01-03T00:00:00,2.5
4,,,4.5
"""


def test_rows_are_filtered_by_their_columns(workspace, put):
    table = Dataset.Tabular.from_delimited_files(put("filtered-rows", {"a.csv": ROWS}))

    def rows(condition):
        return table.filter(condition).to_pandas_dataframe()["n"].tolist()

    n, name, score = table["n"], table["name"], table["score"]
    assert rows(n > 2) == [3, 4] and rows(n <= 2) == [1, 2]
    assert rows((n > 1) & (score > 1)) == [3, 4] and rows((n == 1) | (score == 4.5)) == [1, 4]
    assert rows(name.starts_with("an")) == [1, 3] and rows(name.to_lower().contains("b")) == [2]
    assert rows(name.ends_with("n") | (name.length() == 4)) == [1, 2, 3]
    assert rows(score.is_null()) == rows(score == None) == [2]  # noqa: E711
    assert rows(~score.is_null() & ~(n == 1)) == [3, 4]
    assert rows(score != 0.5) == [3, 4]  # what has no value is not unlike either
    assert rows(score > n) == [4] and rows(score < n - 1.5) == [] and rows(n % 2 == 0) == [2, 4]
    assert rows(table["at"] >= datetime(2026, 1, 2, tzinfo=UTC)) == [2, 3]
    assert rows(table["at"] < date(2026, 1, 2)) == [1]
    assert rows(n > np.int64(3)) == [4] and rows(score < np.float32(1)) == [1]
    exact = pd.Timestamp("2026-01-02 00:00:00.000000001", tz="Europe/Berlin")
    assert rows(table["at"] > exact) == [2, 3]
    assert rows(table["at"] > np.datetime64("2026-01-02")) == [3]
    kept = table.filter(n > 1).keep_columns(["name"]).register(workspace, "filtered-rows")
    again = Dataset.get_by_name(workspace, "filtered-rows")
    frame = again.to_pandas_dataframe()
    assert frame["name"].tolist()[:2] == ["Bert", "anton"] and list(frame.columns) == ["name"]
    assert again == kept and '"Filter",\n    "KeepColumns"' in repr(again)


def test_conditions_that_cannot_be_said_name_the_column(put):
    table = Dataset.Tabular.from_delimited_files(put("refused-rows", {"a.csv": ROWS}))
    for condition, words in (
        (table["z"] > 1, "no column z; its columns: n, name, at, score"),
        (table["name"] > 1, "name > 1.* set_column_types"),
        (table["n"].starts_with("1"), "n starts with '1'"),
        (table["n"], "n is neither true nor false"),
    ):
        with pytest.raises(UserErrorException, match=words):
            table.filter(condition).to_pandas_dataframe()
    for wrong in ([1], float("nan"), pd.NaT, object()):
        with pytest.raises(UserErrorException, match="compared with a number, a text"):
            table["n"] == wrong  # noqa: B015
    files = Dataset.File.from_files(put("refused-rows", {"a.csv": ROWS}))
    with pytest.raises(UserErrorException, match="file_metadata is of a FileDataset"):
        table.filter(files.file_metadata("Size") > 1)


def test_a_run_reads_files_and_rows_that_were_filtered(workspace, put, tmp_path):
    where = put("filtered-in-a-run", FILES)
    data = Dataset.File.from_files(where)
    few = data.filter(data.file_metadata("Extension") == ".csv")
    table = Dataset.Tabular.from_delimited_files((where[0], where[1] + "/*.csv"))
    table = table.filter(table["x"] > 0)
    named = table.register(workspace, "filtered-in-a-run")
    source = tmp_path / "src"
    source.mkdir()
    (source / "read.py").write_text(READS)
    config = ScriptRunConfig(os.fspath(source), "read.py", compute_target="cpu-cluster")
    config.arguments = [few.as_mount(), table.as_named_input("rows")]
    config.arguments += [named.as_named_input("named")]
    run = Experiment(workspace, "filtered").submit(config)
    run.wait_for_completion()
    run.download_file("outputs/found.json", os.fspath(tmp_path / "found.json"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["files"] == ["a.csv", "sub"] and found["named"] == "filtered-in-a-run:1"
    assert '"ParseDelimited",\n    "Filter"' in found["steps"]
    rows = run.input_datasets["rows"]
    assert rows.to_pandas_dataframe()["x"].tolist() == [1] and rows.name.startswith("unnamed-")
    assert not [name for name in workspace.datasets if name.startswith("unnamed-")]
    config.arguments = [table.as_named_input("rows")]  # the same table again is the same version
    again = Experiment(workspace, "filtered").submit(config)
    again.cancel()
    assert again.input_datasets["rows"].id == rows.id
