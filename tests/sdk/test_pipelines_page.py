"""docs/sdk-pipelines.md, as people read it: its scripts and its code, run in a whole studio."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sdk-pipelines.md"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
FILE = re.compile(r"# (src/\w+\.py)\n")


def blocks():
    """Return the files of the page, by path, and the code of the control script."""
    files, code = {}, []
    for text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        named = FILE.match(text)
        if named:
            files[named[1]] = text
        else:
            code.append(text)
    return files, code


@pytest.fixture
def place(live_studio, tmp_path, monkeypatch):
    """A folder with the page's scripts, and a config.json."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".azureml").mkdir()
    config = Path(live_studio.config_path).read_bytes()
    (tmp_path / ".azureml" / "config.json").write_bytes(config)
    for path, text in blocks()[0].items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_page_does_what_it_says(place, capsys):
    files, code = blocks()
    assert len(files) == 3 and len(code) == 4
    names = {}
    for text in code:
        exec(compile(text, PAGE.name, "exec"), names)
    said = capsys.readouterr().out
    run, published, again = names["run"], names["published"], names["again"]
    assert names["status"] == "Finished" and run.status == "Completed"
    # … as the v1 SDK prints it
    for line in (
        f"Submitted PipelineRun {run.id}",
        f"PipelineRunId: {run.id}",
        f"Link to Portal: {run.get_portal_url()}",
        "PipelineRun Status: Running",
        "StepRun( prepare ) Status: ",
        "Streaming azureml-logs/70_driver_log.txt",
        "the line is off by",
        "StepRun(train) Execution Summary\n=================================\n"
        "StepRun( train ) Status: Finished",
        "PipelineRun Execution Summary\n==============================\n"
        "PipelineRun Status: Finished",
    ):
        assert line in said, line
    assert said.index("StepRun(prepare) Exec") < said.index("StepRun(evaluate) Exec")
    # … what flowed, and what came of it
    trained = names["trained"]
    assert trained.status == "Completed" and "outputs" not in trained.get_file_names()
    assert "azureml-logs/70_driver_log.txt" in trained.get_file_names()
    assert names["words"]["slope"] == pytest.approx(2, abs=0.2)
    assert trained.get_metrics()["loss"][-1] < trained.get_metrics()["loss"][0]
    assert names["place"].path_on_datastore == f"lines/{trained.id}"
    (scores,) = place.glob("downloads/azureml/*/scores/scores.json")
    assert '"error": ' in scores.read_text()
    assert said.count("prepare Completed\ntrain Completed\nevaluate Completed") == 1
    # … the parameters: given at submit, by the endpoint, by default
    assert run.get_parameters() == {"rows": 5, "rate": 0.05}
    assert again.get_parameters() == {"rows": 7, "rate": 0.01}
    assert again.properties["azureml.pipelineid"] == published.id
    arguments = again.find_step_run("prepare")[0].get_details()["runDefinition"]["arguments"]
    assert arguments == ["--rows", "7", "--to", "DatasetOutputConfig:data"]
