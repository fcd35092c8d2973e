"""Small pipelines for tests: scripts that write, read, wait, ask and fail, and steps of them."""

import os
from pathlib import Path

from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

WRITES = """
import os, sys
from azureml.core import Run
run = Run.get_context()
print("of", run.parent.id, "as", run.name, os.environ.get("AML_PARAMETER_kind"))
run.log("n", float(sys.argv[2]))
with open(os.path.join(sys.argv[1], os.environ.get("RANK", "0") + ".txt"), "w") as file:
    file.write(" ".join(sys.argv[2:]))
"""
READS = """
import os, sys
for place in sys.argv[1:]:
    for folder, _, names in sorted(os.walk(place, followlinks=True)):
        for name in sorted(names):
            print(os.path.relpath(os.path.join(folder, name), place),
                  open(os.path.join(folder, name)).read())
print("too", sorted(os.listdir(os.environ["AZUREML_DATAREFERENCE_besides"])))
"""
WAITS = """
import os, sys, time
print("begun", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.1)
"""
ASKS = """
import sys
from azureml.core import Run
from azureml.exceptions import AzureMLException
from azureml.pipeline.core import PipelineRun
run = Run.get_context()
assert type(run.parent) is PipelineRun and run.parent.id == run.properties["azureml.pipelinerunid"]
found = PipelineRun(run.experiment, run.parent.id).find_step_run("write")[0]
print("n is", found.get_metrics()["n"], "in", found.get_output_data("data").path_on_datastore)
run.parent.tag("n", found.get_metrics()["n"])
print("tags", run.parent.get_tags())
run.parent.upload_file("report.txt", __file__)
run.parent.log("asked", 1)
run.parent.flush()
for refused in (
    lambda: found.log("a", 1),
    lambda: found.tag("a", "b"),
    lambda: Run(run.experiment, sys.argv[1]),
):
    try:
        refused()
    except AzureMLException as error:
        print("refused:", error.message)
run.parent.cancel()
"""
TABLES = """
import os, sys
from azureml.core import Run
from azureml.data import TabularDataset
found = Run.get_context().input_datasets
if len(sys.argv) > 1:
    for place in sys.argv[1:]:
        with open(os.path.join(place, "rows.csv"), "w") as file:
            file.write("n;zip\\n1;02134\\n")
for name in sorted(found):
    assert isinstance(found[name], TabularDataset), found
    print(name, found[name].to_path(), found[name].download("here", overwrite=True))
"""
FAILS = "raise ValueError('no luck')\n"
SCRIPTS = {"writes": WRITES, "reads": READS, "waits": WAITS, "asks": ASKS, "fails": FAILS}
SCRIPTS["tables"] = TABLES


def scripts(folder):
    """Write the scripts into a folder, and return its path."""
    for name, text in SCRIPTS.items():
        (folder / (name + ".py")).write_text(text)
    return os.fspath(folder)


def steps_of(source):
    """Return what makes a step of one of the scripts."""

    def made(script, name=None, *arguments, **more):
        return PythonScriptStep(
            script + ".py", name, list(arguments), source_directory=source, **more
        )

    return made


def workspace_of(studio):
    return Workspace.from_config(os.fspath(Path(studio.config_path).parent))


def small(workspace, step):
    """A step that writes and one that reads it; the parameter `n` is what is written."""
    data = PipelineData("data", pipeline_output_name="made")
    write = step("writes", "write", data, PipelineParameter("n", 3), outputs=[data])
    read = step("reads", "read", data, inputs=[data.as_download("besides")])
    return Pipeline(workspace, [read, write], description="writes, then reads")
