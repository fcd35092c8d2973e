"""Each name of the contract: it imports, is of its kind, takes its parameters; works or refuses."""

import ast
import importlib
import inspect
import os
import re
import textwrap
from pathlib import Path

import pytest
from azureml.core import (
    Dataset,
    Environment,
    Experiment,
    Model,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from azureml.core.conda_dependencies import CondaDependencies
from azureml.pipeline.core import PipelineData, PublishedPipeline

from tests.sdk import contract
from tests.sdk.contract import WORKS

NAMES = contract.read()
IDS = [name.said for name in NAMES]
COUNTS = {"a": 65, "a2": 37, "b": 114, "b2": 205}
# Where a default or an order is another one here, and why.
OTHERWISE = {
    ("azureml.core.ScriptRunConfig", "max_run_duration_seconds"): "that of its RunConfiguration",
    ("azureml.core.conda_dependencies.CondaDependencies.create", "python_version"): (
        "the studio's own Python is taken where none is named"
    ),
    ("azureml.core.runconfig.DockerConfiguration", "arguments"): "None stands for an empty list",
}
# Their instances come from elsewhere: nobody constructs one.
MADE_ELSEWHERE = (
    "azureml.data.FileDataset",
    "azureml.core.compute.amlcompute.AmlComputeStatus",
    "azureml.core.compute_target.ComputeTargetException",
    "azureml.core.model.WebserviceException",
)
KINDS = {
    "static": staticmethod,
    "classmethod": classmethod,
}


def found(name):
    """Return (owner, what stands in the class itself) of a name."""
    owner, word = contract.of_class(name)
    return owner, inspect.getattr_static(owner, word, None)


def is_refused(thing):
    """Is a function nothing but a refusal?"""
    thing = getattr(thing, "__func__", None) or getattr(thing, "fget", None) or thing
    if (getattr(thing, "__doc__", None) or "").startswith("Not part of this studio yet"):
        return True
    if not inspect.isfunction(thing):
        return False
    body = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0].body
    body = [one for one in body if not isinstance(one, ast.Expr)]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "not_built" in ast.dump(body[0])


def test_the_tables_are_read_whole():
    assert {part: sum(name.part == part for name in NAMES) for part in COUNTS} == COUNTS


def test_no_list_names_what_the_tables_do_not_have():
    listed = {*contract.OF_A_CLOUD, *contract.NOT_BUILT}
    assert not listed - set(IDS)
    assert all(any(said.startswith(one) for said in IDS) for one in contract.FAMILIES)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if contract.fate(name) != WORKS], ids=lambda name: name.said
)
def test_what_is_not_here_says_what_to_use_instead(name):
    said = contract.refusal(name)
    assert "is not part of this studio's SDK yet. Instead: " in said
    last = name.said.rpartition(".")[2]
    family = name.said.split(".")[-2] if "." in name.said else ""
    assert last in said or family in said


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if contract.fate(name) == WORKS and name.kind not in ("value", "")],
    ids=lambda name: name.said,
)
def test_a_call_is_of_its_kind_and_takes_its_parameters(name):
    owner, held = found(name)
    assert held is not None, f"{name.said} is not there"
    word = name.path.rpartition(".")[2]
    thing = getattr(owner, word)
    if name.kind == "class":
        assert inspect.isclass(thing)
    elif name.kind in KINDS and inspect.isclass(owner):
        assert isinstance(held, (staticmethod, classmethod))
    assert not is_refused(held), f"{name.said} is listed as working"
    if name.said not in MADE_ELSEWHERE:
        check_parameters(name, thing)


def check_parameters(name, thing):
    parameters = inspect.signature(thing).parameters
    takes_any = any(one.kind == one.VAR_KEYWORD for one in parameters.values())
    for wanted, default in name.parameters.items():
        ours = parameters.get(wanted)
        if ours is None:
            assert takes_any, f"{name.said} takes no {wanted}"
        elif (name.said, wanted) not in OTHERWISE:
            given = None if ours.default is ours.empty else repr(ours.default)
            assert given == default, f"{name.said}({wanted}={given}), not {default}"
    in_order = [
        one.name for one in parameters.values()
        if one.kind == one.POSITIONAL_OR_KEYWORD and one.name != "self" and one.name[0] != "_"
    ]  # fmt: skip
    if name.parameters:
        assert in_order[: len(name.parameters)] == list(name.parameters)[: len(in_order)]


@pytest.fixture(scope="module")
def samples(live_studio, tmp_path_factory):
    """One object of each class, of a whole studio where it takes one: path → object."""
    workspace = Workspace.from_config(os.fspath(Path(live_studio.config_path).parent))
    folder = tmp_path_factory.mktemp("contract")
    (folder / "one.csv").write_text("a,b\n1,2\n")
    (folder / "train.py").write_text("print(1)\n")
    experiment = Experiment(workspace, "contract")
    store = workspace.get_default_datastore()
    store.upload(str(folder), "contract", overwrite=True, show_progress=False)
    files = Dataset.File.from_files((store, "contract"))
    run = experiment.start_logging(snapshot_directory=None)
    environment = Environment("contract")
    yield {
        "azureml.core.Workspace": workspace,
        "azureml.core.Experiment": experiment,
        "azureml.core.Run": run,
        "azureml.core.Model": Model.register(workspace, str(folder / "one.csv"), "contract"),
        "azureml.core.ComputeTarget": workspace.compute_targets["cpu-cluster"],
        "azureml.core.Datastore": store,
        "azureml.core.Dataset": files,
        "azureml.data.FileDataset": files.register(workspace, "contract", create_new_version=True),
        "azureml.core.Environment": environment,
        "azureml.core.environment.DockerSection": environment.docker,
        "azureml.core.environment.PythonSection": environment.python,
        "azureml.core.environment.SparkSection": environment.spark,
        "azureml.core.RunConfiguration": RunConfiguration(),
        "azureml.core.ScriptRunConfig": ScriptRunConfig(str(folder), "train.py"),
        "azureml.core.conda_dependencies.CondaDependencies": CondaDependencies(),
        "azureml.pipeline.core.PipelineData": PipelineData("contract"),
        "azureml.pipeline.core.PublishedPipeline": PublishedPipeline(
            "contract", None, "", "1", "an-id", "Active", "http://127.0.0.1/", 1, workspace
        ),
    }
    run.complete()
    workspace.client.close()


def test_a_value_is_there(samples):
    """All in one, for a studio is started for it."""
    wrong = []
    for name in NAMES:
        if contract.fate(name) != WORKS or name.kind != "value":
            continue
        home, _, word = name.path.rpartition(".")
        try:
            if home in samples:
                getattr(samples[home], word)
            else:
                contract.imported(name.path)
        except Exception as error:
            wrong.append(f"{name.said}: {type(error).__name__}: {error}")
    assert not wrong


def test_a_setting_that_does_not_exist_cannot_be_set(samples):
    for path in ("azureml.core.RunConfiguration", "azureml.core.environment.DockerSection"):
        with pytest.raises(AttributeError, match="no setting 'nodes'"):
            samples[path].nodes = 2


def import_paths():
    """The paths that the contract lists behind 'Import paths that must exist'."""
    text = contract.SOURCE.read_text(encoding="utf-8")
    text = text[text.index("### Import paths") : text.index("## (a2)")]
    return sorted(set(re.findall(r"`(azureml[\w.]+)`", text)))


@pytest.mark.parametrize("path", import_paths())
def test_a_path_of_the_contract_imports(path):
    module, _, word = path.rpartition(".")
    try:
        assert importlib.import_module(path) is not None
    except ModuleNotFoundError:
        assert getattr(importlib.import_module(module), word) is not None


@pytest.mark.parametrize(
    "module",
    ["azureml.core", "azureml.core.compute", "azureml.core.model", "azureml.core.runconfig",
     "azureml.core.webservice", "azureml.data", "azureml.opendatasets"],
)  # fmt: skip
def test_a_name_that_nobody_lists_is_refused_where_it_is_imported(module):
    with pytest.raises(NotImplementedError, match=rf"{module}\.Nonesuch is not part .* Instead: "):
        importlib.import_module(module).Nonesuch  # noqa: B018
    with pytest.raises(ImportError):  # a script that tries an import goes on without
        exec(f"from {module} import Nonesuch", {})


def test_the_page_says_what_the_lists_say(capsys):
    said = contract.page()
    fates = [contract.fate(name) for name in NAMES]
    with capsys.disabled():
        print(f"\n{len(NAMES)} names:", {one: fates.count(one) for one in contract.FATES})
    assert contract.PAGE.read_text(encoding="utf-8") == said, (
        "docs/sdk-contract.md is stale: PYTHONPATH=.:sdk python -m tests.sdk.contract"
    )
