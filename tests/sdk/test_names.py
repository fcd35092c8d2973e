"""The names of the v1 SDK import in every spelling; what is not built says what to use instead."""

import importlib
import subprocess
import sys

import pytest
from azureml.core import Dataset, Datastore, Environment, Model, Run
from azureml.core.conda_dependencies import CondaDependencies
from azureml.data import FileDataset, TabularDataset

from tests.sdk.driving import SDK

NAMES = [
    "azureml.core.Workspace", "azureml.core.workspace.Workspace", "azureml.core.Experiment",
    "azureml.core.experiment.Experiment", "azureml.core.Run", "azureml.core.run.Run",
    "azureml.core.run._OfflineRun", "azureml.core.Environment",
    "azureml.core.environment.Environment", "azureml.core.environment.CondaDependencies",
    "azureml.core.environment.DEFAULT_CPU_IMAGE", "azureml.core.environment.DEFAULT_GPU_IMAGE",
    "azureml.core.environment.DockerSection", "azureml.core.environment.PythonSection",
    "azureml.core.environment.SparkSection", "azureml.core.environment.ContainerRegistry",
    "azureml.core.environment.ImageBuildDetails", "azureml.core.environment.DockerImageDetails",
    "azureml.core.container_registry.ContainerRegistry", "azureml.core.ScriptRunConfig",
    "azureml.core.runconfig.Environment", "azureml.core.runconfig.ContainerRegistry",
    "azureml.core.runconfig.DockerConfiguration", "azureml.core.runconfig.MPI_CPU_IMAGE",
    "azureml.core.script_run_config.ScriptRunConfig", "azureml.core.RunConfiguration",
    "azureml.core.runconfig.RunConfiguration", "azureml.core.runconfig.CondaDependencies",
    "azureml.core.runconfig.DEFAULT_CPU_IMAGE", "azureml.core.runconfig.DEFAULT_GPU_IMAGE",
    "azureml.core.conda_dependencies.CondaDependencies", "azureml.core.ComputeTarget",
    "azureml.core.compute.ComputeTarget", "azureml.core.compute.AmlCompute",
    "azureml.core.compute.AmlComputeStatus", "azureml.core.compute.RemoteCompute",
    "azureml.core.compute.ComputeTargetException", "azureml.core.compute.compute.ComputeTarget",
    "azureml.core.compute.amlcompute.AmlCompute", "azureml.core.compute.amlcompute.ScaleSettings",
    "azureml.core.compute.amlcompute.AmlComputeStatus",
    "azureml.core.compute.amlcompute.AmlComputeProvisioningConfiguration",
    "azureml.core.runconfig.MpiConfiguration", "azureml.core.runconfig.PyTorchConfiguration",
    "azureml.core.runconfig.TensorflowConfiguration", "trainyard.MpiConfiguration",
    "trainyard.PyTorchConfiguration",
    "azureml.core.compute_target.ComputeTargetException", "azureml.core.Model",
    "azureml.core.model.Model", "azureml.core.model.InferenceConfig", "azureml.core.Dataset",
    "azureml.core.resource_configuration.ResourceConfiguration",
    "azureml.core.dataset.Dataset", "azureml.core.Datastore", "azureml.core.datastore.Datastore",
    "azureml.data.FileDataset", "azureml.data.TabularDataset", "azureml.data.datapath.DataPath",
    "azureml.data.OutputFileDatasetConfig", "azureml.data.data_reference.DataReference",
    "azureml.data.output_dataset_config.OutputFileDatasetConfig",
    "azureml.data.dataset_factory.FileDatasetFactory", "azureml.data.file_dataset.FileDataset",
    "azureml.data.dataset_factory.TabularDatasetFactory",
    "azureml.data.tabular_dataset.TabularDataset", "azureml.data.abstract_dataset.AbstractDataset",
    "azureml.data.dataset_consumption_config.DatasetConsumptionConfig",
    "azureml.opendatasets.MNIST", "azureml.opendatasets.NoaaIsdWeather", "trainyard.Dataset",
    "trainyard.Datastore", "trainyard.DatasetConsumptionConfig",
    "azureml.core.Webservice", "azureml.core.webservice.AciWebservice", "azureml.core.VERSION",
    "azureml.widgets.RunDetails", "azureml.telemetry.set_diagnostics_collection",
    "azureml.exceptions.ComputeTargetException", "azureml.exceptions.WebserviceException",
    "azureml.exceptions.ActivityFailedException", "azureml.exceptions.UserErrorException",
]  # fmt: skip


# What the contract lists below Environment and CondaDependencies (docs/design/sdk-api.md).
ENVIRONMENT = (
    "name version python docker spark environment_variables register get list label clone build"
    " build_local get_image_details save_to_directory load_from_directory add_private_pip_wheel"
    " from_conda_specification from_pip_requirements from_docker_image from_dockerfile"
    " from_existing_conda_environment"
)
DEPENDENCIES = (
    "create add_channel add_conda_package add_pip_package add_tensorflow_conda_package"
    " add_tensorflow_pip_package add_cntk_package as_dict conda_channels conda_packages"
    " merge_requirements pip_packages python_version remove_channel remove_conda_package"
    " remove_pip_package save save_to_file serialize_to_string set_pip_index_url set_pip_option"
    " set_pip_requirements set_python_version"
)
DOCKER = (
    "arguments base_dockerfile base_image base_image_registry enabled gpu_support platform"
    " shared_volumes shm_size"
)
PYTHON = (
    "base_conda_environment conda_dependencies conda_dependencies_file interpreter_path"
    " user_managed_dependencies"
)

# … and below Dataset, Datastore, Model and the files of a Run.
DATASET = (
    "File Tabular Scenario get_by_name get_by_id get_all register to_path download as_mount"
    " as_download as_named_input add_tags unregister_all_versions id name version tags description"
)
FILES = "from_files upload_directory"
FILE_DATASET = (
    "as_download as_hdfs as_mount as_named_input description download file_metadata filter id"
    " mount name random_split register skip tags take take_sample to_path version"
)
TABULAR = (
    "from_delimited_files from_json_lines_files from_parquet_files from_sql_query"
    " register_pandas_dataframe"
)
TABULAR_DATASET = (
    "to_pandas_dataframe take skip drop_columns keep_columns random_split register as_named_input"
    " with_timestamp_columns timestamp_columns time_before time_after time_between time_recent"
    " take_sample filter"
)
DATASTORE = (
    "get get_default upload upload_files download path as_mount as_download as_upload"
    " register_azure_blob_container register_azure_file_share"
)
MODEL = (
    "register list download get_model_path update add_tags remove_tags add_properties delete"
    " deploy package profile Framework url"
)
FILES_OF_A_RUN = (
    "upload_file upload_files upload_folder download_file download_files get_file_names"
    " get_all_logs get_details register_model input_datasets"
)


@pytest.mark.parametrize(
    ("thing", "names"),
    [(Dataset, DATASET), (Dataset.File, FILES), (Dataset.Tabular, TABULAR),
     (FileDataset, FILE_DATASET), (TabularDataset, TABULAR_DATASET), (Datastore, DATASTORE),
     (Model, MODEL), (Run, FILES_OF_A_RUN),
     (Environment("x"), ENVIRONMENT), (CondaDependencies(), DEPENDENCIES),
     (Environment("x").docker, DOCKER), (Environment("x").python, PYTHON)],
    ids=["Dataset", "File", "Tabular", "FileDataset", "TabularDataset", "Datastore", "Model", "Run",
         "Environment", "CondaDependencies", "docker", "python"],
)  # fmt: skip
def test_an_object_has_the_names_of_the_contract(thing, names):
    assert not [name for name in names.split() if not hasattr(thing, name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_contract_imports(name):
    module, _, attribute = name.rpartition(".")
    assert getattr(importlib.import_module(module), attribute) is not None


def test_both_spellings_are_one_class():
    for pair in (("Workspace", "workspace"), ("Run", "run"), ("Model", "model")):
        one = getattr(importlib.import_module("azureml.core"), pair[0])
        assert one is getattr(importlib.import_module("azureml.core." + pair[1]), pair[0])


def test_what_is_not_built_says_what_to_use_instead():
    core = importlib.import_module("azureml.core")
    opened = importlib.import_module("azureml.opendatasets")
    for call in (lambda: core.Workspace.delete(None), lambda: core.Dataset("definition"),
                 lambda: core.Model.deploy(None, "x", []), lambda: opened.NoaaIsdWeather(),
                 lambda: core.ComputeTarget.create(None, "x", None)):  # fmt: skip
        with pytest.raises(NotImplementedError, match="Instead: "):
            call()


def test_outside_of_a_run_the_script_prints_what_it_would_log(capsys):
    run = Run.get_context()
    run.log("loss", 0.5)
    run.tag("a", "b")
    said = capsys.readouterr().out
    assert (
        said == "Attempted to log scalar metric loss:\n0.5\nAttempted to add tag a with value b\n"
    )
    assert run.id.startswith("OfflineRun_") and run is Run.get_context()
    with pytest.raises(Exception, match="not a run of a studio"):
        Run.get_context(allow_offline=False)


def test_the_sdk_needs_nothing_but_the_standard_library():
    text = (
        "import sys; sys.path.insert(0, sys.argv[1]); import azureml.core, trainyard.driver;"
        "import azureml.widgets, azureml.telemetry, azureml.exceptions"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", text, str(SDK)], check=True)
