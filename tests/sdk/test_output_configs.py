"""Output datasets as a person writes them, and as the studio is asked for them."""

import pytest
from azureml.core import Datastore, RunConfiguration, ScriptRunConfig
from azureml.core.runconfig import DataReferenceConfiguration
from azureml.data import DataType, OutputFileDatasetConfig
from azureml.data.output_dataset_config import OutputTabularDatasetConfig
from azureml.exceptions import UserErrorException
from azureml.train.estimator import Estimator

from tests.sdk.conftest import Place


@pytest.fixture
def order(place, tmp_path):
    (tmp_path / "train.py").write_text("")

    def ordered(*arguments, **settings):
        config = RunConfiguration()
        for name, value in settings.items():
            setattr(config, name, value)
        return ScriptRunConfig(str(tmp_path), "train.py", list(arguments), config).order(place)

    return ordered


def test_an_output_among_the_arguments_is_asked_for(order):
    made = order("--to", OutputFileDatasetConfig("clean"), "--lr", 0.5)
    assert made["arguments"] == ["--to", "DatasetOutputConfig:clean", "--lr", "0.5"]
    assert made["output_datasets"] == [
        {"name": "clean", "mode": "mount", "destination": None, "path": "", "overwrite": False,
         "globs": []}
    ]  # fmt: skip
    assert "inputs" not in made and "output_datasets" not in order("--x", 1)


def test_all_that_can_be_said_of_one(order, store):
    out = OutputFileDatasetConfig(
        "clean", (store, "a/{run-id}/{output-name}"), "made", "/{state}/*.csv"
    )
    sent = out.register_on_complete("cleaned", "without gaps", {"stage": 2}).as_upload(
        overwrite=True, source_globs=["**/*.csv"]
    )
    (made,) = order(sent)["output_datasets"]
    assert made == {
        "name": "clean", "mode": "upload", "destination": "a/{run-id}/{output-name}",
        "path": "made", "overwrite": True, "globs": ["**/*.csv"],
        "register": {
            "name": "cleaned", "description": "without gaps", "tags": {"stage": "2"},
            "form": "file", "reading": {"partition_format": "/{state}/*.csv"},
        },
    }  # fmt: skip
    assert (out.mode, sent.mode, sent.name) == (
        "mount",
        "upload",
        "clean",
    )  # the first is as it was
    assert "register" not in order(out)["output_datasets"][0]


def test_one_without_a_name_gets_one_that_a_variable_can_have():
    one, other = OutputFileDatasetConfig(), OutputFileDatasetConfig()
    assert one.name != other.name and one.as_upload().name == one.name
    assert one.name.startswith("output_") and len(one.name) == len("output_") + 8
    with pytest.raises(UserErrorException, match="'a-b' is no name of an output"):
        OutputFileDatasetConfig("a-b")


def test_an_output_that_is_read_as_a_table(order):
    out = OutputFileDatasetConfig("rows").register_on_complete("rows")
    table = out.read_delimited_files(
        separator=";", set_column_types={"zip": DataType.to_string()}
    ).keep_columns(["zip", "n"]).drop_columns("n")  # fmt: skip
    assert isinstance(table, OutputTabularDatasetConfig) and table.name == "rows"
    register = order("--to", table)["output_datasets"][0]["register"]
    assert register["form"] == "tabular"
    reading = register["reading"]
    assert (reading["format"], reading["separator"], reading["header"]) == ("delimited", ";", True)
    assert reading["types"] == {"zip": {"to": "string"}}
    assert reading["steps"] == [["keep_columns", ["zip", "n"]], ["drop_columns", ["n"]]]
    parquet = order(out.read_parquet_files(include_path=True))["output_datasets"][0]
    assert parquet["register"]["reading"] == {"format": "parquet", "include_path": True}


def test_what_is_not_here_says_what_to_do_instead():
    out = OutputFileDatasetConfig("rows")
    with pytest.raises(NotImplementedError, match=r"Instead: .*source_globs"):
        out.read_delimited_files(path_glob="*.csv")


def test_one_output_may_stand_twice_and_two_of_a_name_may_not(order):
    out = OutputFileDatasetConfig("clean")
    made = order(out, "--again", out)
    assert len(made["output_datasets"]) == 1 and made["arguments"].count(str(out)) == 2
    with pytest.raises(UserErrorException, match="two outputs are called clean"):
        order(out, out.as_upload())


@pytest.mark.parametrize("destination", ["folder", ("store", "folder"), 3, (1, 2, 3)])
def test_a_destination_is_a_datastore_and_a_path(destination):
    with pytest.raises(UserErrorException, match=r"is \(datastore, 'path'\)"):
        OutputFileDatasetConfig("clean", destination)


def test_a_path_of_the_datastore_is_a_destination_too(order, store):
    made = order(OutputFileDatasetConfig("a", store.path("x")), OutputFileDatasetConfig("b", store))
    assert [one["destination"] for one in made["output_datasets"]] == ["x", None]


def test_a_datastore_of_another_workspace_is_refused(order):
    out = OutputFileDatasetConfig("clean", (Datastore(Place("other")), "x"))
    with pytest.raises(UserErrorException, match="a datastore of workspace other"):
        order(out)


def test_a_path_of_a_datastore_as_upload_is_an_output(order, store):
    reference = store.path("results", "found-it").as_upload("made", overwrite=True)
    assert reference.mode == "upload" and store.path("x").mode == "mount"
    made = order("--to", reference)
    assert made["arguments"] == ["--to", "DatasetOutputConfig:found_it"]
    assert made["output_datasets"] == [
        {"name": "found_it", "mode": "upload", "destination": "results", "path": "made",
         "overwrite": True, "globs": []}
    ]  # fmt: skip


def test_a_run_configuration_names_outputs_that_no_argument_does(order, store):
    reference = DataReferenceConfiguration("workspaceblobstore", "upload", "results", "made")
    made = order(
        "--to", "$AZUREML_DATAREFERENCE_found",
        data_references={"found": reference},
        output_data={"other": OutputFileDatasetConfig()},
    )  # fmt: skip
    assert made["arguments"] == ["--to", "DatasetOutputConfig:found"]
    assert [one["name"] for one in made["output_datasets"]] == ["found", "other"]
    assert "inputs" not in made
    with pytest.raises(UserErrorException, match="holds OutputFileDatasetConfig, not 'int'"):
        order(output_data={"x": 3})


def test_without_a_workspace_nothing_can_be_written(tmp_path):
    (tmp_path / "train.py").write_text("")
    config = ScriptRunConfig(str(tmp_path), "train.py", [OutputFileDatasetConfig("clean")])
    with pytest.raises(UserErrorException, match="needs a workspace"):
        config.order()


def test_an_estimator_fills_what_its_inputs_name_as_upload(place, store, tmp_path):
    (tmp_path / "train.py").write_text("")
    out = OutputFileDatasetConfig("clean")
    filled = store.path("results", "found").as_upload()
    estimator = Estimator(
        str(tmp_path), entry_script="train.py", script_params={"--to": out}, inputs=[filled]
    )
    made = estimator.order(place)
    assert made["arguments"] == ["--to", "DatasetOutputConfig:clean"]
    assert sorted(one["name"] for one in made["output_datasets"]) == ["clean", "found"]
    assert not made.get("inputs")
