"""Pipelines from Python, in a whole studio: what flows, what fails, what is found again."""

import re

import pytest
from azureml.core import Dataset, Experiment, Run, RunConfiguration
from azureml.data import DataType, OutputFileDatasetConfig
from azureml.data.data_reference import DataReference
from azureml.exceptions import (
    ActivityFailedException,
    ComputeTargetException,
    ExperimentExecutionException,
    UserErrorException,
)
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, PipelineRun, StepRun
from azureml.pipeline.steps import CommandStep, EstimatorStep, MpiStep, PythonScriptStep
from azureml.train.estimator import Estimator
from azureml.widgets import RunDetails
from trainyard._widget import Looking
from trainyard._widget_html import widget

from tests.fixtures.waiting import until
from tests.sdk.pipelining import scripts, small, steps_of, workspace_of

HOME = "sdk-pipelines"


@pytest.fixture(scope="module")
def workspace(live_studio):
    found = workspace_of(live_studio)
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return scripts(tmp_path_factory.mktemp("steps"))


@pytest.fixture(scope="module")
def step(source):
    return steps_of(source)


@pytest.fixture(scope="module")
def ended(workspace, step):
    """A run that has ended."""
    run = Experiment(workspace, HOME).submit(
        small(workspace, step),
        tags={"team": "x"},
        pipeline_parameters={"n": 7},
        regenerate_outputs=True,
    )
    assert run.wait_for_completion(show_output=False) == "Finished"
    return run


def log(run):
    return run.get_stdout_log()


# --- what flows ------------------------------------------------------------------------------


def test_a_run_has_its_steps_and_they_their_outputs(ended, tmp_path):
    assert isinstance(ended, PipelineRun) and ended.type == "azureml.PipelineRun"
    assert (ended.tags, ended.get_parameters()) == ({"team": "x"}, {"n": 7})
    assert [one.step_name for one in ended.get_steps()] == ["write", "read"]
    assert [one.step_name for one in ended.get_children()] == ["read", "write"]
    (write,) = ended.find_step_run("write")
    assert isinstance(write, StepRun) and write.type == "azureml.StepRun"
    assert f"of {ended.id} as write None" in log(write)
    assert (write.parent.id, write.pipeline_run_id) == (ended.id, ended.id)
    assert isinstance(write.parent, PipelineRun) and write.get_metrics() == {"n": 7.0}
    assert "70_driver_log" not in write.get_job_log() and write.get_stderr_log() == log(write)
    (read,) = ended.find_step_run("read")
    assert "0.txt 7" in log(read) and "too ['0.txt']" in log(read)
    assert ended.find_step_run("other") == []
    place = write.get_output_data("data")
    assert place.path_on_datastore == place._path_on_datastore == f"azureml/{write.id}/data"
    assert place.download(str(tmp_path / "a")) == 1
    assert (tmp_path / "a" / "azureml" / write.id / "data" / "0.txt").read_text() == "7"
    assert list(write.get_outputs()) == ["data"]
    assert write.get_output("data").get_port_data_reference().download(str(tmp_path / "b")) == 1
    assert ended.get_pipeline_output("made").path_on_datastore == place.path_on_datastore
    with pytest.raises(UserErrorException, match='no pipeline output "x" yet; those it has: made'):
        ended.get_pipeline_output("x")
    with pytest.raises(UserErrorException, match='no output "x"; its outputs: data'):
        write.get_output("x")


def test_a_script_reaches_the_run_of_its_pipeline(workspace, step, ended):
    data = PipelineData("data")
    write = step("writes", "write", data, 8, outputs=[data])
    ask, after = step("asks", "ask", ended.id, inputs=[data]), step("fails", "after")
    after.run_after(ask)
    run = Pipeline(workspace, [write, ask, after]).submit(HOME)
    assert run.wait_for_completion(show_output=False) == "Canceled"
    assert run.get_tags() == {"n": "8.0"} and run.find_step_run("after") == []
    (found,) = run.find_step_run("write")
    said = log(run.find_step_run("ask")[0])
    assert f"n is 8.0 in azureml/{found.id}/data" in said and "tags {'n': '8.0'}" in said
    assert said.count("refused: the token of run") == 3 and found.get_tags() == {}
    assert run.get_file_names() == ["report.txt"] and run.get_metrics() == {"asked": 1}


def test_details_are_those_of_the_v1_sdk(ended):
    details = ended.get_details()
    assert details["status"] == ended.status == "Completed" and ended.get_status() == "Finished"
    assert "runDefinition" not in details and "target" not in details
    assert details["properties"]["azureml.runsource"] == "azureml.PipelineRun"
    (write,) = ended.find_step_run("write")
    properties = write.get_details()["properties"]
    assert properties["azureml.runsource"] == "azureml.StepRun"
    assert properties["azureml.pipelinerunid"] == ended.id
    assert (properties["StepType"], properties["azureml.moduleName"]) == (
        "PythonScriptStep", "write"
    )  # fmt: skip
    definition = write.get_details()["runDefinition"]
    assert (definition["script"], definition["arguments"]) == (
        "writes.py", ["DatasetOutputConfig:data", "7"]
    )  # fmt: skip
    assert ended.get_file_names() == [] and ended.get_metrics() == {}
    assert ended.get_metrics(recursive=True)[write.id] == {"n": 7.0}
    with pytest.raises(UserErrorException, match="each of its steps has an environment"):
        ended.get_environment()


def test_a_pipeline_run_is_found_as_what_it_is(workspace, ended):
    experiment = Experiment(workspace, HOME)
    (write,) = ended.find_step_run("write")
    for found in (
        workspace.get_run(ended.id),
        Run.get(workspace, ended.id),
        PipelineRun.get(workspace, ended.id),
        PipelineRun(experiment, ended.id),
    ):
        assert type(found) is PipelineRun and found.id == ended.id
    assert type(workspace.get_run(write.id)) is StepRun
    kinds = {type(one) for one in experiment.get_runs(type="azureml.PipelineRun")}
    assert kinds == {PipelineRun}
    steps = experiment.get_runs(type="azureml.StepRun", include_children=True)
    assert {type(one) for one in steps} == {StepRun}
    assert not list(experiment.get_runs(type="azureml.scriptrun"))
    with pytest.raises(UserErrorException, match="is no run of a pipeline"):
        PipelineRun.get(workspace, write.id)


def test_a_notebook_shows_a_pipeline_run_with_its_steps(ended, capsys):
    RunDetails(ended).show()
    assert ended.id in capsys.readouterr().out
    html = widget(Looking(ended).look())
    rows = re.findall(r"<td>(\d)</td><td>(\w+)</td><td>(\w+)</td>", html)
    assert rows == [("1", "write", "Completed"), ("2", "read", "Completed")]
    assert "azureml.PipelineRun" in ended._repr_html_()
    assert RunDetails(ended).get_widget_data()["status"] == "Finished"


def test_every_kind_of_step_and_of_input(workspace, step, source, tmp_path):
    store = workspace.get_default_datastore()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "given.txt").write_text("given")
    store.upload(str(tmp_path / "in"), "pipelines/given", show_progress=False)
    dataset = Dataset.File.from_files((store, "pipelines/given"))
    reference = DataReference(store, "referred", "pipelines/given")
    cluster = workspace.compute_targets["cpu-cluster"]
    config = RunConfiguration()
    config.target = "cpu-cluster"
    one, two = PipelineData("one", store), PipelineData("two", store)
    three = OutputFileDatasetConfig("three").as_upload().register_on_complete("of-three")
    estimator = Estimator(source, entry_script="writes.py", compute_target=cluster,
                          environment_definition=config.environment)  # fmt: skip
    kept = two.as_dataset().register("of-two")
    steps = [
        step("writes", "script", one, 1, outputs=[one], params={"kind": "k"}, runconfig=config),
        EstimatorStep("estimator", estimator, [two, 2], outputs=[kept], compute_target=cluster),
        CommandStep(["python", "writes.py", three, 3], "command", cluster, config,
                    source_directory=source),
        step("reads", "last", dataset.as_named_input("named").as_mount(), reference, one, two,
             three.as_input("third").as_download(),
             inputs=[one, two, reference, dataset.as_named_input("besides").as_download()]),
    ]  # fmt: skip
    four = PipelineData("four", store)
    steps.append(
        MpiStep("mpi", source, "writes.py", [four, 4], cluster, process_count_per_node=2,
                outputs=[four], environment_definition=config.environment)
    )  # fmt: skip
    steps.append(step("reads", "after", four, inputs=[four.as_download("besides")]))
    run = Pipeline(workspace, steps).submit(HOME)
    assert run.wait_for_completion(show_output=False) == "Finished", run.get_details()
    said = log(run.find_step_run("last")[0])
    found = [line for line in said.splitlines() if ".txt " in line]
    assert found == ["given.txt given", "given.txt given", "0.txt 1", "0.txt 2", "0.txt 3"]
    assert "too ['given.txt']" in said and "as script k" in log(run.find_step_run("script")[0])
    said = log(run.find_step_run("after")[0])
    assert "0.txt 4\n1.txt 4\n" in said
    for name in ("of-two", "of-three"):
        assert Dataset.get_by_name(workspace, name).to_path() == ["/0.txt"]


def test_what_a_step_writes_is_read_as_a_table(workspace, step):
    data, out = PipelineData("data"), OutputFileDatasetConfig("out")
    table = data.as_dataset().parse_delimited_files(separator=";")
    write = step("tables", "write", data, out, outputs=[data])
    rows = out.read_delimited_files(separator=";", set_column_types={"zip": DataType.to_string()})
    read = PythonScriptStep("tables.py", "read", inputs=[rows.keep_columns("zip").as_input("rows"),
                            table], source_directory=write.source_directory)  # fmt: skip
    run = Pipeline(workspace, [read]).submit(HOME)
    assert run.wait_for_completion(show_output=False) == "Finished"
    (read,) = run.find_step_run("read")
    said = log(read)
    assert "data ['/rows.csv'] ['" in said and "rows ['/rows.csv'] ['" in said
    found = read.input_datasets
    assert found["rows"].to_pandas_dataframe().to_dict("list") == {"zip": ["02134"]}
    assert found["data"].to_pandas_dataframe().to_dict("list") == {"n": [1], "zip": [2134]}


# --- what goes wrong -------------------------------------------------------------------------


def test_a_step_that_fails_ends_the_run(workspace, step, capsys):
    bad, good = step("fails", "bad"), step("fails", "never")
    good.run_after(bad)
    run = Experiment(workspace, HOME).submit(Pipeline(workspace, [good]))
    with pytest.raises(ActivityFailedException, match=r"step bad failed: .*no luck"):
        run.wait_for_completion()
    said = capsys.readouterr().out
    assert "StepRun( bad ) Status: Failed" in said and "PipelineRun Status: Failed" in said
    assert said.index("ValueError: no luck") < said.index("StepRun(bad) Execution Summary")
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    (failed,) = run.find_step_run("bad")
    assert failed.get_status() == "Failed" and run.find_step_run("never") == []
    with pytest.raises(ActivityFailedException, match="User program failed with ValueError"):
        failed.wait_for_completion()
    assert "StepRun( bad ) Status: Failed" in capsys.readouterr().out
    error = run.get_details()["error"]["error"]
    assert failed.id in error["message"]


def test_steps_that_need_no_failed_one_go_on_where_that_was_asked(workspace, step):
    data = PipelineData("data")
    steps = [step("fails", "bad"), step("writes", "slow", data, 1, outputs=[data])]
    steps += [step("reads", "read", data, inputs=[data.as_mount("besides")]), step("fails", "bad")]
    run = Pipeline(workspace, steps).submit(HOME, continue_on_step_failure=True)
    assert run.wait_for_completion(show_output=False, raise_on_error=False) == "Failed"
    assert {one.step_name: one.status for one in run.get_steps()} == {
        "bad": "Failed", "slow": "Completed", "read": "Completed", "bad_2": "Failed"
    }  # fmt: skip
    assert sorted(one.step_name for one in run.find_step_run("bad")) == ["bad", "bad_2"]
    assert [one.step_name for one in run.find_step_run("bad_2")] == ["bad_2"]


def test_a_run_is_canceled_and_not_waited_for_for_ever(workspace, step, tmp_path):
    wait, after = step("waits", "wait", str(tmp_path / "go")), step("fails", "after")
    after.run_after(wait)
    run = Pipeline(workspace, [after]).submit(HOME)
    until(lambda: run.find_step_run("wait"), what="its first step begins")
    with pytest.raises(ExperimentExecutionException, match=r"not ended within 0.5 s; it goes on"):
        run.wait_for_completion(show_output=False, timeout_seconds=0.5)
    run.cancel()
    assert run.wait_for_completion(show_output=False) == "Canceled"
    assert [one.status for one in run.get_children()] == ["Canceled"]


def test_a_pipeline_may_run_below_another_run(workspace, step):
    experiment = Experiment(workspace, HOME)
    with experiment.start_logging(snapshot_directory=None) as parent:
        child = parent.submit_child(Pipeline(workspace, [step("fails", "one")]), tags={"a": "b"})
        assert isinstance(child, PipelineRun) and child.tags == {"a": "b"}
        assert child.parent.id == parent.id
        assert [one.id for one in parent.get_children()] == [child.id]
        until(lambda: child.find_step_run("one"), what="its step begins")
        (found,) = child.get_children()
        assert found.properties["root_run_id"] == parent.id
    child.cancel()


def test_what_the_studio_refuses_names_the_step(workspace, step):
    wrong = Pipeline(workspace, [step("fails", "far away", compute_target="nowhere")])
    with pytest.raises(ComputeTargetException, match="step far away"):
        wrong.submit(HOME)
    fine = Pipeline(workspace, [step("fails", "x", PipelineParameter("n", 1))])
    with pytest.raises(UserErrorException, match="no parameter m; its parameters: n"):
        Experiment(workspace, HOME).submit(fine, pipeline_parameters={"m": 1})
    with pytest.raises(UserErrorException, match="parameter n is of type int"):
        Experiment(workspace, HOME).submit(fine, pipeline_params={"n": "many"})
