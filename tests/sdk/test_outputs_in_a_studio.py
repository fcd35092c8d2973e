"""Output datasets from Python, in a whole studio: written by one run, read by the next."""

import os

import pytest
from azureml.core import Dataset, Experiment, ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.exceptions import ActivityFailedException, UserErrorException

from tests.sdk.commands import Commands

WRITES = """
import os, sys
from azureml.core import Run
place = sys.argv[1]
run = Run.get_context()
assert run.output_datasets == {"clean": place}, run.output_datasets
assert os.environ["CLEAN"] == os.environ["AZUREML_DATAREFERENCE_clean"] == place
os.makedirs(place + "/ohio")
for name, text in (("ohio/rows.csv", "n,zip\\n1,02134\\n2,10001\\n"), ("notes.txt", "none")):
    open(os.path.join(place, name), "w").write(text)
print(sorted(os.listdir(place)))
"""
COPIES = """
import os, shutil, sys
print(open(sys.argv[1] + "/ohio/rows.csv").read().split())
os.makedirs(sys.argv[2], exist_ok=True)
shutil.copytree(sys.argv[1], sys.argv[2] + "/all")
"""
FAILS = WRITES + "raise SystemExit(3)\n"


@pytest.fixture
def submit(workspace, tmp_path):
    """Run a script to its end."""

    def run(code, *arguments, is_well=True, **more):
        (tmp_path / "src").mkdir(exist_ok=True)
        (tmp_path / "src" / "work.py").write_text(code)
        config = ScriptRunConfig(str(tmp_path / "src"), "work.py", list(arguments), **more)
        made = Experiment(workspace, "output-datasets").submit(config)
        made.wait_for_completion(raise_on_error=is_well)
        return made

    return run


def text(run, folder, name="azureml-logs/70_driver_log.txt"):
    run.download_file(name, os.fspath(folder / "log.txt"))
    return (folder / "log.txt").read_text()


def test_what_one_run_writes_the_next_one_reads(workspace, submit, live_studio, tmp_path):
    store = workspace.get_default_datastore()
    out = OutputFileDatasetConfig(
        "clean", (store, "cleaned/{run-id}"), partition_format="/{state}/*"
    )
    out = out.register_on_complete("written-in-a-run", "without gaps", {"stage": "clean"})
    run = submit(WRITES, out)
    data = Dataset.get_by_name(workspace, "written-in-a-run")
    assert data.to_path() == ["/notes.txt", "/ohio/rows.csv"]
    assert (data.description, data.tags) == ("without gaps", {"stage": "clean"})
    assert run.output_datasets["clean"] == data
    details = run.get_details()
    (made,) = details["outputDatasets"]
    assert made["identifier"] == {"savedId": data.id} and made["outputType"] == "RunOutput"
    assert made["outputDetails"] == {"outputName": "clean"}
    asked = details["runDefinition"]["outputData"]["clean"]
    assert asked["mechanism"] == "Mount"
    assert asked["outputLocation"]["dataPath"]["relativePath"] == "cleaned/" + run.id
    assert asked["additionalOptions"]["registrationOptions"]["name"] == "written-in-a-run"
    assert details["runDefinition"]["arguments"] == ["DatasetOutputConfig:clean"]
    commands = Commands(tmp_path, live_studio.config_folder)
    assert "clean (written-in-a-run:1)" in commands("show", run.id)
    # … and it lies in the datastore, where paths are found by everyone
    there = run.get_output_data("clean")
    assert there.path_on_datastore == "cleaned/" + run.id
    assert there.download(str(tmp_path / "here")) == 2
    assert (tmp_path / "here" / "cleaned" / run.id / "notes.txt").read_text() == "none"
    with pytest.raises(UserErrorException, match='no output "other"; its outputs: clean'):
        run.get_output_data("other")
    second = submit(COPIES, data.as_mount(), OutputFileDatasetConfig("copy").as_upload())
    assert "['n,zip', '1,02134', '2,10001']" in text(second, tmp_path)
    copied = second.output_datasets["copy"]
    assert (copied.id, copied.to_path()) == (None, ["/all/notes.txt", "/all/ohio/rows.csv"])
    assert len(second.get_details()["inputDatasets"]) == 1


def test_two_nodes_fill_one_dataset(workspace, submit):
    code = "import os, sys\nopen(sys.argv[1] + '/' + os.environ['RANK'], 'w').write('x')\n"
    out = OutputFileDatasetConfig("out").as_upload().register_on_complete("of-two-nodes")
    submit(code, out, distributed_job_config=MpiConfiguration(node_count=2))
    assert Dataset.get_by_name(workspace, "of-two-nodes").to_path() == ["/0", "/1"]


def test_an_output_becomes_a_table(workspace, submit):
    out = OutputFileDatasetConfig("clean").as_upload(source_globs="**/*.csv")
    submit(WRITES, out.read_delimited_files().register_on_complete("written-as-a-table"))
    table = Dataset.get_by_name(workspace, "written-as-a-table")
    assert type(table).__name__ == "TabularDataset"
    assert table.to_path() == ["/ohio/rows.csv"]


def test_of_a_script_that_fails_a_mount_stays_and_nothing_is_registered(
    workspace, submit, tmp_path
):
    out = OutputFileDatasetConfig("clean").register_on_complete("of-a-failed-run")
    run = submit(FAILS, out, is_well=False)
    assert run.get_status() == "Failed"
    assert "of-a-failed-run" not in workspace.datasets
    files = run.output_datasets["clean"]
    assert files.id is None and files.to_path() == ["/notes.txt", "/ohio/rows.csv"]
    assert run.get_output_data("clean").download(str(tmp_path / "here")) == 2
    other = submit(FAILS, out.as_upload(), is_well=False)
    assert other.output_datasets == {}
    assert "output clean: not kept" in text(other, tmp_path, "azureml-logs/75_job_post.txt")


def test_an_output_that_would_replace_what_is_there_fails_its_run(workspace, submit):
    store = workspace.get_default_datastore()
    out = OutputFileDatasetConfig("clean", (store, "one-place")).as_upload()
    assert submit(WRITES, out).get_status() == "Completed"
    assert submit(WRITES, out).get_status() == "Completed"  # the same files again
    other = WRITES.replace("none", "others")
    with pytest.raises(ActivityFailedException, match="is in the store already"):
        submit(other, out)
    assert submit(other, out.as_upload(overwrite=True)).get_status() == "Completed"


def test_a_path_of_the_datastore_is_filled(workspace, submit, tmp_path):
    store = workspace.get_default_datastore()
    reference = store.path("by-reference", "clean").as_upload("made/here")
    run = submit(WRITES, reference)
    assert "made/here" in text(run, tmp_path)
    assert store.download(str(tmp_path / "there"), "by-reference/", show_progress=False) == 2


def test_a_snapshot_is_taken_by_hand_once(workspace, tmp_path):
    experiment = Experiment(workspace, "output-datasets")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").write_text("a = 1\n")
    (tmp_path / "one.py").write_text("print(1)\n")
    for path, names in ((tmp_path / "one.py", ["one.py"]), (tmp_path / "lib", ["a.py"])):
        with experiment.start_logging(snapshot_directory=None) as run:
            taken = run.take_snapshot(os.fspath(path))
            assert taken == run.get_snapshot_id()
            listed = workspace.client.get(f"runs/{run.id}/snapshot")["files"]
            assert [name for name, _, _ in listed] == names
            with pytest.raises(UserErrorException, match="has its code already"):
                run.take_snapshot(os.fspath(path))


def test_a_child_in_a_script_takes_its_snapshot_and_the_script_has_its_own(submit, tmp_path):
    code = (
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "with run.child_run('fold') as child:\n"
        "    print(len(child.take_snapshot('work.py')))\n"
        "try:\n"
        "    run.take_snapshot('work.py')\n"
        "except Exception as error:\n"
        "    print(error)\n"
    )
    said = text(submit(code), tmp_path)
    assert "\n64\n" in "\n" + said
    assert "has its code already" in said
