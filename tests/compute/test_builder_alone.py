"""The builder installs where there is nothing but Python: in a Docker image, old ones too."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from compute.build_env import PARTS
from compute.building import interpreters
from compute.building.local import job_settings
from tests.compute.packages import make_wheel

PYTHONS = {one.version.rpartition(".")[0]: one for one in interpreters.find(list(settings.PYTHONS))}


@pytest.fixture
def carried(tmp_path):
    """A folder with the parts of the builder that `install` takes, and no other file."""
    for part in PARTS:
        target = tmp_path / "program" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(settings.BASE_DIR) / part, target)
    return tmp_path / "program"


@pytest.mark.parametrize("version", ["3.8", "3.9", f"{sys.version_info[0]}.{sys.version_info[1]}"])
def test_an_old_python_installs_a_lock_with_nothing_beside_it(carried, tmp_path, version):
    python = PYTHONS.get(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    shelf, place = tmp_path / "shelf", tmp_path / "made" / "env"
    make_wheel(shelf, "alpha")
    work = tmp_path / "work"
    work.mkdir()
    job = {
        **job_settings(),
        "step": "install",
        "recipe": {"python": None, "conda": [], "channels": [], "pip": ["alpha"], "provided": []},
        "lock": f"# python {python.version}\n# platform linux\n--no-index\nalpha==1.0\n",
        "digest": "d" * 64,
        "place": str(place),
        "work": str(work),
        "result": str(work / "result.json"),
        "parent": None,
        "elapsed_s": 0,
        "pythons": [],
        "find_links": [str(shelf)],
        "uv_cache": str(tmp_path / "uv-cache"),
    }
    job["lock"] = job["lock"].replace("alpha==1.0", f"alpha==1.0 --hash=sha256:{_sha(shelf)}")
    (work / "job.json").write_text(json.dumps(job))
    done = subprocess.run(
        # -S -E: nothing that was ever installed for this Python is in reach.
        [python.path, "-S", "-E", "-B", "-m", "compute.build_env", str(work / "job.json")],
        cwd=carried,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((work / "result.json").read_text())
    assert (result.get("error"), result.get("packages")) == (None, 1), done.stdout
    says = [str(place / "bin" / "python"), "-c", "import alpha, sys; print(sys.version)"]
    assert subprocess.check_output(says, text=True).startswith(f"{version}.")


def _sha(shelf: Path) -> str:
    line = ["sha256sum", str(next(shelf.glob("*.whl")))]
    return subprocess.check_output(line, text=True).split()[0]
