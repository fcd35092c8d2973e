"""What is written on experiments, by the SDK: tags, a description, the archive; ids of children."""

import os
import uuid

import pytest
from azureml.core import Experiment, Run, ScriptRunConfig
from azureml.exceptions import UserErrorException
from trainyard._errors import Conflict

IN_A_SCRIPT = """
from azureml.core import Run
run = Run.get_context()
experiment = run.experiment
experiment.refresh()
assert experiment.tags == {"team": "vision"}, experiment.tags
assert experiment.workspace.get_details()["name"] == experiment.workspace.name
with run.child_run("fold", run_id=run.id + "_fold") as child:
    child.log("acc", 0.5)
assert run.get_metrics(recursive=True, run_type="azureml.scriptrun") == {run.id: {}}
"""


@pytest.fixture
def experiment(workspace):
    return Experiment(workspace, "written-" + uuid.uuid4().hex[:8])


def listed(experiment, **wanted):
    found = Experiment.list(experiment.workspace, experiment.name, **wanted)
    return [one.name for one in found]


def test_tags_are_set_found_and_taken_away(experiment):
    assert experiment.tags == {} and experiment.description == ""
    experiment.tag("draft")
    experiment.set_tags({"team": "vision", "n": 3, "2024": None})
    assert experiment.tags == {"draft": "", "team": "vision", "n": "3", "2024": ""}
    other = Experiment(experiment.workspace, experiment.name)
    other.remove_tags(["draft", "never"])
    experiment.description = "two lines\nof words"
    assert experiment.tags == {"team": "vision", "n": "3", "2024": ""}
    other.refresh()
    assert other.description == "two lines\nof words"
    mine = {"experiment_name": experiment.name}
    for tags in ("team", {"team": "vision", "n": "3"}, ["team", "2024"]):
        assert [one.tags for one in Experiment.list(experiment.workspace, tags=tags, **mine)] == [
            experiment.tags
        ]
    assert listed(experiment, tags={"team": "speech"}) == listed(experiment, tags="draft") == []
    with pytest.raises(UserErrorException, match="tags"):
        experiment.set_tags({"": "x"})


def test_an_archived_one_is_off_the_lists_until_it_is_wanted_again(experiment):
    workspace, name = experiment.workspace, experiment.name
    experiment.archive()
    assert listed(experiment) == [] and name not in workspace.experiments
    assert listed(experiment, view_type="ArchivedOnly") == [name]
    assert listed(experiment, view_type="All") == [name]
    with pytest.raises(UserErrorException, match="ActiveOnly, ArchivedOnly, All, not 'Some'"):
        listed(experiment, view_type="Some")
    experiment.reactivate()
    assert listed(experiment) == [name] and name in workspace.experiments
    with pytest.raises(NotImplementedError, match=r"new_name.*Instead: reactivate\(\)"):
        experiment.reactivate("other")
    experiment.archive()
    Experiment(workspace, name)  # looking at it is no new run
    assert listed(experiment) == []
    with experiment.start_logging(snapshot_directory=None) as run:
        run.log("x", 1)
    assert listed(experiment) == [name] and listed(experiment, view_type="ArchivedOnly") == []


def test_a_child_has_an_id_of_ones_own_and_metrics_are_of_a_type(experiment):
    run = experiment.start_logging(snapshot_directory=None, display_name="search")
    chosen = "fold_" + uuid.uuid4().hex
    with run.child_run("a", run_id=chosen) as child:
        child.log("acc", 0.5)
    assert (child.id, child.name) == (chosen, "search>a")
    assert Run(experiment, chosen).get_metrics() == {"acc": 0.5}
    with pytest.raises(Conflict, match=f"there is a run {chosen} already"):
        run.child_run(run_id=chosen)
    with pytest.raises(UserErrorException, match="run id 'a b' is not allowed"):
        run.child_run(run_id="a b")
    assert [one.id for one in run.get_children()] == [chosen]
    # Neither of them is of a cluster, so neither has a type.
    assert run.get_metrics(recursive=True, run_type="azureml.scriptrun") == {}
    assert child.get_metrics(run_type="azureml.scriptrun") == {}
    assert run.get_metrics(recursive=True) == {run.id: {}, chosen: {"acc": 0.5}}
    run.complete()


def test_a_script_reads_its_experiment_and_names_its_children(experiment, tmp_path):
    experiment.tag("team", "vision")
    (tmp_path / "train.py").write_text(IN_A_SCRIPT)
    run = experiment.submit(ScriptRunConfig(os.fspath(tmp_path), "train.py"))
    run.wait_for_completion(raise_on_error=False)
    assert run.status == "Completed", run.get_details_with_logs()["logFiles"]
    assert [one.id for one in run.get_children()] == [run.id + "_fold"]
    assert run.get_metrics(recursive=True, run_type="azureml.scriptrun") == {run.id: {}}
