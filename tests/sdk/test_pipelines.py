"""Pipelines as a person writes them, and as the studio is told them; nothing is sent here."""

import json

import pytest
from azureml.core import Datastore, Environment, RunConfiguration, ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.exceptions import UserErrorException
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, StepSequence
from azureml.pipeline.steps import CommandStep, EstimatorStep, MpiStep, PythonScriptStep
from azureml.train.estimator import Estimator
from trainyard._pipelines.parameters import assigned


@pytest.fixture
def script(tmp_path):
    """Make a step of a script that is there."""
    (tmp_path / "work.py").write_text("")

    def made(name, *arguments, **more):
        more.setdefault("source_directory", str(tmp_path))
        return PythonScriptStep("work.py", name, list(arguments), **more)

    return made


def told(pipeline):
    """The steps of a pipeline as the studio is told them: name → (after, order)."""
    graph = pipeline._graph()
    telling = pipeline._telling(graph)
    return {
        graph.names[step]: (graph.after(step), telling.told(step).order) for step in graph.steps
    }


# --- what flows ------------------------------------------------------------------------------


def test_what_one_step_writes_is_read_by_the_next(place, store, script):
    data = PipelineData("cleaned", datastore=store)
    clean = script("clean", "--to", data, "--rows", 5, outputs=[data])
    train = script("train", "--from", data, inputs=[data])
    steps = told(Pipeline(place, [clean, train]))
    assert [after for after, _ in steps.values()] == [[], [0]]
    first, second = steps["clean"][1], steps["train"][1]
    assert first["arguments"] == ["--to", "DatasetOutputConfig:cleaned", "--rows", "5"]
    assert first["output_datasets"] == [
        {"name": "cleaned", "mode": "mount", "destination": "azureml/{run-id}/{output-name}",
         "path": "", "overwrite": False, "globs": []}
    ]  # fmt: skip
    assert "inputs" not in first and "output_datasets" not in second
    assert second["arguments"] == ["--from", "DatasetConsumptionConfig:cleaned"]
    assert second["inputs"] == [
        {"name": "cleaned", "mode": "mount", "path": "", "output_of": 0, "output": "cleaned"}
    ]
    assert (first["name"], first["properties"]["azureml.moduleName"]) == ("clean", "clean")
    assert first["properties"]["StepType"] == "PythonScriptStep"


def test_a_step_that_writes_what_is_read_need_not_be_named(place, script):
    one, two = PipelineData("one"), PipelineData("two")
    first = script("first", one, outputs=[one])
    second = script("second", one, two, inputs=[one], outputs=[two])
    last = script("last", two, inputs=[two])
    assert list(told(Pipeline(place, steps=[last]))) == ["first", "second", "last"]
    with pytest.raises(UserErrorException, match="step last reads two, which no step"):
        Pipeline(place, steps=[last], resolve_closure=False)
    assert first.name == "first" and second.name == "second"


def test_an_output_as_an_input(place, store, script):
    out = OutputFileDatasetConfig("made", (store, "made/{run-id}")).as_upload(overwrite=True)
    write = script("write", "--to", out.register_on_complete("made-of-it"))
    read = script("read", out.as_input("back").as_download("here"), "--n", 1)
    steps = told(Pipeline(place, [[read], [write]]))
    assert list(steps) == ["write", "read"]
    (made,) = steps["write"][1]["output_datasets"]
    assert (made["mode"], made["register"]["name"]) == ("upload", "made-of-it")
    assert steps["read"][1]["inputs"] == [
        {"name": "back", "mode": "download", "path": "here", "output_of": 0, "output": "made"}
    ]
    assert steps["read"][1]["arguments"] == ["DatasetConsumptionConfig:back", "--n", "1"]
    named = out.as_input()
    assert named.name.startswith("input_") and named.mode == "mount"


def test_an_input_that_no_argument_names_is_read_all_the_same(place, script):
    data, other = PipelineData("data"), OutputFileDatasetConfig("other")
    write = script("write", outputs=[data, other])
    read = script("read", "--in", data, str(data), inputs=[data.as_download(), other])
    steps = told(Pipeline(place, read))
    assert [one["name"] for one in steps["write"][1]["output_datasets"]] == ["data", "other"]
    order = steps["read"][1]
    assert [(one["name"], one["mode"], one["output"]) for one in order["inputs"]] == [
        ("data", "download", "data"), ("other", "mount", "other")
    ]  # fmt: skip
    assert order["arguments"] == ["--in"] + ["DatasetConsumptionConfig:data"] * 2
    assert write.written()[data.link] is data


def test_what_has_no_files_yet_says_so(place, script, tmp_path):
    data = PipelineData("data")
    script("write", outputs=[data])
    with pytest.raises(UserErrorException, match="files of data are there when its step has run"):
        data.as_input().dataset.to_path()
    with pytest.raises(UserErrorException, match="another step of it only"):
        ScriptRunConfig(str(tmp_path), "work.py", [data.as_input("x")]).order(place)


def test_what_is_read_as_a_table_says_how(place, script):
    data, out = PipelineData("data"), OutputFileDatasetConfig("out")
    table = data.as_dataset().parse_delimited_files(separator=";")
    rows = out.read_parquet_files().keep_columns("n").as_input("rows")
    write = script("write", out, outputs=[data.as_dataset()])
    read = script("read", rows, inputs=[table])
    steps = told(Pipeline(place, [write, read]))
    order = steps["read"][1]
    assert {(one["name"], one["mode"]) for one in order["inputs"]} == {
        ("rows", "direct"), ("data", "direct")
    }  # fmt: skip
    reading = {
        name: json.loads(order["properties"]["trainyard.reading." + name])
        for name in ("rows", "data")
    }
    assert reading["data"]["separator"] == ";" and reading["data"]["format"] == "delimited"
    assert reading["rows"]["steps"] == [["keep_columns", ["n"]]]
    assert "register" not in steps["write"][1]["output_datasets"][0]
    kept = script("other", outputs=[data.as_dataset().parse_parquet_files().register("kept")])
    (made,) = told(Pipeline(place, kept))["other"][1]["output_datasets"]
    assert (made["register"]["name"], made["register"]["form"]) == ("kept", "tabular")
    mounted = script("mounted", inputs=[out.as_input("files")])
    assert not [
        key for key in told(Pipeline(place, [write, mounted]))["mounted"][1]["properties"]
        if "reading" in key
    ]  # fmt: skip


def test_all_that_can_be_said_of_pipeline_data(place, store, script):
    data = PipelineData(
        "scores", store, "written", "upload", "made/here", True, pipeline_output_name="result"
    )
    assert (data.name, data.output_name, data.datastore_name) == (
        "scores", "written", "workspaceblobstore"
    )  # fmt: skip
    assert data.get_env_variable_name() == "AZUREML_DATAREFERENCE_scores"
    kept = data.as_dataset().register("kept-scores")
    steps = told(
        Pipeline(place, [script("write", data, outputs=[kept]), script("read", inputs=[data])])
    )
    order = steps["write"][1]
    assert order["output_datasets"] == [
        {"name": "written", "mode": "upload", "destination": "azureml/{run-id}/{output-name}",
         "path": "made/here", "overwrite": True, "globs": [],
         "register": {"name": "kept-scores", "description": "", "tags": {}, "form": "file",
                      "reading": {}}}
    ]  # fmt: skip
    assert order["properties"]["trainyard.pipeline_output.result"] == "written"
    assert steps["read"][1]["inputs"][0]["name"] == "scores"
    assert steps["read"][1]["inputs"][0]["output"] == "written"
    assert PipelineData("x").as_upload("there").output().source == "there"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "a-b"}, "'a-b' is no name of a PipelineData"),
        ({"name": "a", "output_mode": "copy"}, "'copy' is no output_mode; modes: mount, upload"),
        ({"name": "a", "datastore": "store"}, "datastore of PipelineData a is one such as"),
    ],
)
def test_pipeline_data_that_cannot_be(given, words):
    with pytest.raises(UserErrorException, match=words):
        PipelineData(**given)


# --- the order of steps ----------------------------------------------------------------------


def test_steps_run_after_one_another_without_data(place, script):
    one, two, three = script("one"), script("two"), script("three")
    one.run_after(two)
    steps = told(Pipeline(place, [one, three]))
    assert {name: after for name, (after, _) in steps.items()} == {
        "three": [], "two": [], "one": [1]
    }  # fmt: skip
    with pytest.raises(UserErrorException, match="step one runs after two, which is not in"):
        Pipeline(place, [one, three], resolve_closure=False)
    sequence = StepSequence([script("a"), [script("b"), script("c")], script("d")])
    steps = told(Pipeline(place, sequence))
    assert [after for after, _ in steps.values()] == [[], [0], [0], [1, 2]]
    assert list(steps) == ["a", "b", "c", "d"] and len(sequence) == 3


def test_a_circle_is_refused(place, script):
    one, two = PipelineData("one"), PipelineData("two")
    first = script("first", inputs=[two], outputs=[one])
    script("second", inputs=[one], outputs=[two])
    with pytest.raises(UserErrorException, match="steps first, second wait for each other"):
        Pipeline(place, first)
    with pytest.raises(UserErrorException, match="step both both reads and writes one"):
        Pipeline(place, script("both", inputs=[one], outputs=[one]))
    with pytest.raises(UserErrorException, match="step first runs after another step"):
        first.run_after(first)


def test_two_steps_do_not_write_the_same(place, script):
    data, out = PipelineData("data"), OutputFileDatasetConfig("out")
    steps = [script("first", outputs=[data]), script("second", outputs=[data])]
    with pytest.raises(UserErrorException, match="steps first and second both write data"):
        Pipeline(place, steps)
    with pytest.raises(UserErrorException, match=r"both write out.*takes output.as_input\(\)"):
        Pipeline(place, [script("a", out), script("b", out)])
    # A cell of a notebook that is run again makes the step again: the newer one counts.
    again = script("again", outputs=[data])
    assert list(told(Pipeline(place, script("read", inputs=[data])))) == ["again", "read"]
    assert again.written()


def test_steps_of_one_name_are_told_apart(place, script):
    steps = told(Pipeline(place, [script("train"), script("train_2"), script("train"), script("")]))
    assert list(steps) == ["train", "train_2", "train_3", "work.py"]
    assert steps["train_3"][1]["properties"]["azureml.moduleName"] == "train"


def test_what_is_no_step_is_refused(place, script):
    with pytest.raises(UserErrorException, match="made of steps, such as PythonScriptStep"):
        Pipeline(place, [script("a"), "b"])
    with pytest.raises(UserErrorException, match="a pipeline needs at least one step"):
        Pipeline(place, [])
    with pytest.raises(UserErrorException, match="a pipeline has at most 200 steps, not 201"):
        Pipeline(place, [script(str(number)) for number in range(201)])
    with pytest.raises(UserErrorException, match="outputs are PipelineData, OutputFileDatasetC"):
        script("a", outputs=["folder"])
    with pytest.raises(UserErrorException, match="step a: inputs is a list"):
        script("a", inputs=PipelineData("x"))


# --- parameters ------------------------------------------------------------------------------


def test_a_parameter_stands_among_the_arguments(place, script):
    rate = PipelineParameter("rate", 0.5)
    pipeline = Pipeline(
        place, [script("a", "--rate", rate, "--on", PipelineParameter("on", True)),
                script("b", f"--rate={rate}", rate, PipelineParameter("text", "x"))],
    )  # fmt: skip
    graph = pipeline._graph()
    telling = pipeline._telling(graph)
    first, second = [telling.told(step).order for step in graph.steps]
    assert first["arguments"] == [
        "--rate", "$(PipelineParameter:rate)", "--on", "$(PipelineParameter:on)"
    ]  # fmt: skip
    assert second["arguments"][0] == "--rate=$(PipelineParameter:rate)"
    assert telling.parameters.graph() == {
        "rate": {"type": "float", "default": 0.5},
        "on": {"type": "bool", "default": True},
        "text": {"type": "string", "default": "x"},
    }
    assert repr(rate) == "PipelineParameter(name='rate', default_value=0.5)"


def test_a_parameter_that_cannot_be(place, script):
    with pytest.raises(NotImplementedError, match=r"Instead: .*the name of a dataset"):
        PipelineParameter("data", Datastore(place).path("x"))
    for given, words in ((("(a)", 1), "no name of a pipeline's"), (("a", None), "a default_value")):
        with pytest.raises(UserErrorException, match=words):
            PipelineParameter(*given)
    for odd in (float("inf"), float("nan")):
        with pytest.raises(UserErrorException, match="must be finite; send a text"):
            PipelineParameter("rate", odd)
        with pytest.raises(UserErrorException, match="must be finite; send a text"):
            assigned({"rate": {"type": "float", "default": 0.5}}, {"rate": odd})
    one, other = PipelineParameter("n", 1), PipelineParameter("n", 2)
    assert Pipeline(place, [script("a", one), script("b", other)]).validate() == [
        "step b: two parameters are called n, with the defaults 1 and 2; each needs a name of its"
        " own"
    ]
    (wrong,) = Pipeline(place, script("a", f"x{one}")).validate()
    assert "step a names a parameter n that is not one of the pipeline" in wrong
    with pytest.raises(NotImplementedError, match="Instead: the parameter among the step's arg"):
        script("a", params={"n": one})
    with pytest.raises(NotImplementedError, match="runconfig_pipeline_params of step a"):
        script("a", runconfig_pipeline_params={"node_count": one})


# --- kinds of steps --------------------------------------------------------------------------


def test_a_step_takes_what_a_run_configuration_says(place, script):
    config = RunConfiguration()
    config.environment = Environment.from_docker_image("mine", "ubuntu")
    config.target, config.node_count = "small", 2
    one = script("one", runconfig=config, compute_target=("big", "AmlCompute"), params={"n": 3})
    steps = told(Pipeline(place, [one, script("two", runconfig=config)]))
    first, second = steps["one"][1], steps["two"][1]
    assert (first["cluster"], second["cluster"], first["node_count"]) == ("big", "small", 2)
    variables = [one["environment"]["definition"].get("variables", {}) for one in (first, second)]
    assert (variables[0]["AML_PARAMETER_n"], "AML_PARAMETER_n" in variables[1]) == ("3", False)
    assert (config.target, config.data, config.arguments) == ("small", {}, [])
    with pytest.raises(UserErrorException, match="runconfig is a RunConfiguration"):
        script("x", runconfig="gpu")


def test_a_step_of_a_command(place, script, tmp_path):
    data = PipelineData("data")
    write = CommandStep(["python", "work.py", "--to", data], outputs=[data],
                        source_directory=str(tmp_path))  # fmt: skip
    script("sets the folder up")
    src = ScriptRunConfig(str(tmp_path), command="python work.py --n 1", compute_target="big")
    steps = told(Pipeline(place, [write, CommandStep(name="other", runconfig=src)]))
    assert steps["work.py"][1]["arguments"] == ["--to", "DatasetOutputConfig:data"]
    other = steps["other"][1]
    assert (other["script"], other["arguments"], other["cluster"]) == (
        "work.py", ["--n", "1"], "big"
    )  # fmt: skip
    with pytest.raises(UserErrorException, match="CommandStep needs a command"):
        CommandStep()


def test_steps_of_estimators_and_of_several_processes(place, script, tmp_path, capsys):
    script("sets the folder up")
    data = PipelineData("data")
    estimator = Estimator(str(tmp_path), entry_script="work.py", conda_packages=["numpy"])
    first = EstimatorStep("first", estimator, ["--to", data], outputs=[data], compute_target="big")
    second = MpiStep(
        "second", str(tmp_path), "work.py", ["--from", data], "wide", 2, "3", inputs=[data],
        pip_packages=["joblib"],
    )  # fmt: skip
    steps = told(Pipeline(place, [first, second]))
    assert steps["first"][1]["cluster"] == "big" and estimator.run_config.target is None
    assert "numpy" in str(steps["first"][1]["environment"])
    order = steps["second"][1]
    assert (order["node_count"], order["process_count_per_node"]) == (2, 3)
    assert (order["distribution"], order["cluster"]) == ("Mpi", "wide")
    assert order["inputs"][0]["output_of"] == 0 and "joblib" in str(order["environment"])
    assert told(Pipeline(place, EstimatorStep(estimator=estimator)))["work.py"]
    with pytest.raises(UserErrorException, match="EstimatorStep needs an estimator"):
        EstimatorStep("x", MpiConfiguration())
    with pytest.raises(UserErrorException, match="step second: node_count is a number"):
        MpiStep("second", ".", "work.py", node_count="many")


# --- what is wrong ---------------------------------------------------------------------------


def test_what_is_wrong_names_its_step(place, script, tmp_path):
    good = script("good")
    absent = PythonScriptStep("absent.py", "bad", source_directory=str(tmp_path))
    bare = script("bare", inputs=[3])
    wrong = Pipeline(place, [good, absent, bare]).validate()
    assert len(wrong) == 2
    assert "step bad: " in wrong[0] and "absent.py script path doesn't exist" in wrong[0]
    assert wrong[1].startswith("step bare: inputs are PipelineData, datasets as")
    assert Pipeline(place, good).validate() == []


def test_a_folder_of_the_pipeline_is_that_of_steps_without_one(place, tmp_path):
    (tmp_path / "work.py").write_text("")
    step = PythonScriptStep("work.py")
    assert Pipeline(place, step, default_source_directory=str(tmp_path)).validate() == []
    assert step.name == "work.py"
    with pytest.raises(UserErrorException, match="has no datastore"):
        Pipeline(place, step, default_datastore="elsewhere")
