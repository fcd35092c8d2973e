"""Datasets, the datastore and models by the SDK under every Python that this machine has."""

import os
import subprocess

import pytest

from tests.fixtures.pythons import pythons
from tests.sdk.driving import SDK

SCRIPT = """
import datetime, os, sys
sys.path.insert(0, sys.argv[1])
AT = datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
from azureml.core import Dataset, Datastore, Model, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
import azureml.opendatasets
workspace = Workspace.from_config(sys.argv[2])
name = "python-{}-{}".format(*sys.version_info)
os.makedirs("data/sub")
open("data/sub/a.txt", "w").write(name)
store = workspace.get_default_datastore()
reference = store.upload("data", name, overwrite=True)
made = Dataset.File.from_files([(store, name + "/**/*.txt"), reference.path("sub")])
assert made.to_path() == ["/a.txt", "/sub/a.txt"], made.to_path()
known = made.register(workspace, name, tags={"a": 1}, create_new_version=True)
assert isinstance(made.as_named_input("x").as_mount(), DatasetConsumptionConfig)
assert name in workspace.datasets and Dataset.get_by_name(workspace, name) == known
for place in known.download("here"):
    assert open(place).read() == name
one, other = known.random_split(0.5, seed=1)
assert len(one.to_path()) + len(other.to_path()) == 2
table = Dataset.Tabular.from_delimited_files((store, name + "/sub/a.txt")).take(1)
assert "ParseDelimited" in repr(table)
table = table.filter((table["x"] > 1.5) & ~table["y"].starts_with("a") & (table["z"] < AT))
assert "Filter" in repr(table.register(workspace, name + "-rows", create_new_version=True))
split = Dataset.File.from_files((store, name), partition_format="{folder}/{file}.txt")
size = split.file_metadata("Size")
assert split.filter((split["folder"] == "sub") & (size > 1)).to_path() == ["/sub/a.txt"]
assert split.filter(split.file_metadata("LastModifiedTime") < AT).to_path() == []
out = OutputFileDatasetConfig("out", (store, name)).as_upload(source_globs="*")
asked = out.read_parquet_files().register_on_complete(name).order(workspace)
assert (asked["register"]["form"], asked["globs"]) == ("tabular", ["*"]), asked
model = Model.register(workspace, "data", name, datasets=[("training", known)])
assert Model.list(workspace, name, latest=True)[0].created_time.year > 2000
assert os.listdir(model.download("models")) == ["sub"]
model.set_alias("best")
assert Model(workspace, name, version="best").version == model.version
print("done", name)
"""


@pytest.mark.parametrize("python", pythons())
def test_datasets_work_under_this_python(python, workspace, live_studio, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    said = subprocess.run(
        [python, "script.py", os.fspath(SDK), os.fspath(live_studio.config_folder)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.splitlines()[-1].startswith("done python-")
