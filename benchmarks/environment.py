"""Building the demo's environment with a warm package cache."""

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from trainyard import Environment

from benchmarks.figures import Figure
from benchmarks.runs import said_by, submit, workspace_of
from tests.fixtures.studio_process import UV_CACHE, StudioProcess

UV = Path(sys.executable).with_name("uv")
PACKAGES = ["numpy", "scikit-learn", "joblib"]


def measure(studio: StudioProcess) -> list[Figure]:
    """The run's Preparing stage, beside uv alone with the same packages and the same cache."""
    with tempfile.TemporaryDirectory() as folder, workspace_of(studio) as workspace:
        _bare(Path(folder) / "cold")  # fills the cache
        bare = _bare(Path(folder) / "warm")
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("\n".join(PACKAGES))
        environment = Environment.from_pip_requirements("benchmark", os.fspath(requirements))
        run = submit(workspace, "first_line.py", environment=environment)
        said_by(run)
        at = {e["state"]: datetime.fromisoformat(e["at"]) for e in run.get_events()}
        text = next(e["text"] for e in run.get_events() if e["state"] == "Preparing")
    took = (at["Queued"] - at["Preparing"]).total_seconds()
    return [
        Figure(
            "environment, warm cache", took, bare, "s", "uv venv, uv pip install", "", text
        )
    ]  # fmt: skip


def _bare(place: Path) -> float:
    environ = {**os.environ, "UV_CACHE_DIR": os.fspath(UV_CACHE)}
    environ["UV_FIND_LINKS"] = os.environ.get("PIP_FIND_LINKS", "")
    began = time.monotonic()
    python = os.fspath(place / "bin" / "python")
    for words in (["venv", os.fspath(place)], ["pip", "install", "--python", python, *PACKAGES]):
        subprocess.run([UV, *words, "--quiet"], env=environ, check=True)
    return time.monotonic() - began
