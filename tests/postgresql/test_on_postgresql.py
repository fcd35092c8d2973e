"""The studio on PostgreSQL: the suites that lean on the database, and one whole job."""

import os
import subprocess
import sys

import pytest
from trainyard import Experiment, ScriptRunConfig, Workspace

from tests.fixtures.postgresql import PostgreSQL
from tests.fixtures.studio_process import ROOT, StudioProcess

SCRIPT = """
import math
from trainyard import Run
run = Run.get_context()
for step in range(3000):
    run.log("loss", math.nan if step == 1564 else 1 / (1 + step))
    run.log("accuracy", step / 3000)
run.log_row("table", rows=3, label="ö")
"""

# What reads files and fetches them has next to nothing to do with the database, and takes minutes;
# nor have sockets, kernels and buckets; whole studios have a database of their own.
LEFT_OUT = {
    "tests/runs": ["test_previews*", "test_pipelines_whole.py"],
    "tests/registry": [
        "test_dataset_tables*", "test_dataset_zips*", "test_fetch*", "test_inspecting*",
    ],
    "tests/studio": [
        "test_sending*", "test_live_*", "test_s3*", "test_sdk_config*", "test_studio_on_s3*",
        "test_up.py", "test_schema*", "test_preview_*",
    ],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("suite", LEFT_OUT)
def test_a_suite_passes(postgresql: PostgreSQL, suite):
    """In a process of its own: the settings name one database for as long as they are loaded."""
    environ = {**os.environ, "TRAINYARD_TEST_DATABASE_URL": postgresql.database()}
    # With it, the settings would be loaded before tests/conftest.py says which database is meant.
    del environ["DJANGO_SETTINGS_MODULE"]
    command = [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", suite]
    # The server goes with its databases, whoever is still connected.
    command.append("--reuse-db")
    command += [f"--ignore-glob={ROOT}/{suite}/{name}" for name in LEFT_OUT[suite]]
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_a_job_runs_and_all_it_logged_is_there(postgresql: PostgreSQL, tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    studio = StudioProcess(STUDIO_DATABASE_URL=postgresql.database())
    try:
        studio.start()
        assert not list(studio.home.glob("*.sqlite3"))
        workspace = Workspace.from_config(str(studio.config_folder))
        config = ScriptRunConfig(str(tmp_path), "train.py")
        run = Experiment(workspace, "on-postgresql").submit(config)
        run.wait_for_completion(show_output=False)
        values = run.get_metrics()
        assert len(values["accuracy"]) == 3000
        loss = values["loss"]
        assert [step for step, value in enumerate(loss) if value != value] == [1564]
        assert loss[2999] == 1 / 3000
        assert values["table"] == {"rows": 3, "label": "ö"}
    finally:
        studio.remove()
