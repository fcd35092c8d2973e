"""Build a Python environment from a recipe: `python -m compute.build_env JOB.json`.

The one builder, wherever an image is made; it knows neither Django nor the database. The job says
which step to do; the log goes to standard output, the result as JSON to the file the job names:

    solve     recipe, prefer, target → {"lock", "python", "packages"}
    install   lock, place, digest → {"place", "size_bytes", "seconds", "packages", "built_at", …}
    either    {"error", "guilty"} when the recipe is at fault

Both:     step, recipe, work (a folder of its own), result, elapsed_s, parent (a process id, or null
          in a container), uv, uv_cache, conda_cache, pythons, find_links, index_url,
          extra_index_urls, conda_channels, conda_alias, target; may_build, true when absent:
          whether packages may run code of their own to be made. own_wheels, where there are
          some: address → the file of a wheel that the studio keeps.
solve:    prefer is a lock whose versions win where they fit, or ""; target is null for this
          machine, else {"pythons": [{"path", "version"}], "glibc", "cuda", "base"} of an image.
install:  link_mode as uv knows it, hardlink when absent.

`install` runs on Python 3.8 with nothing installed; conda's packages need 3.10 and `rattler`.
PARTS are the files it takes, from the folder above `compute`.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from compute.building import ending, log
from compute.building.faults import DISK_IS_FULL, BuildFault

PARTS = (
    "compute/__init__.py",
    "compute/build_env.py",
    "compute/building/__init__.py",
    *(
        f"compute/building/{name}.py"
        for name in (
            "channels",
            "conda",
            "conda_faults",
            "conda_specs",
            "ending",
            "faults",
            "installing",
            "interpreters",
            "locks",
            "log",
            "masking",
            "own_wheels",
            "pip_lines",
            "received",
            "requirements",
            "uv",
        )
    ),
)
# Loaded when asked for: solving takes libraries that a Docker image has not.
STEPS = {"solve": "compute.building.solving", "install": "compute.building.installing"}


def main(arguments: list[str]) -> int:
    """Do the job in the file named by the only argument; 0 when a result was written."""
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    log.start(job["elapsed_s"])
    if job["parent"] is not None:
        signal.signal(signal.SIGTERM, partial(ending.all_at_once, job["work"]))
        ending.with_parent(signal.SIGTERM)
        if os.getppid() != job["parent"]:
            return 1
    Path(job["result"]).write_text(json.dumps(_result(job)), encoding="utf-8")
    return 0


def _result(job: dict[str, Any]) -> dict[str, Any]:
    try:
        step: Callable[[dict[str, Any]], dict[str, Any]]
        step = getattr(import_module(STEPS[job["step"]]), job["step"])
        return step(job)
    except BuildFault as fault:
        message, guilty = fault.message, fault.guilty
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        message, guilty = DISK_IS_FULL if is_full else f"the image could not be made: {error}", ""
    except Exception as error:  # the outer edge: whoever waits must hear of it
        log.say(traceback.format_exc())
        message, guilty = f"the builder itself failed: {error!r:.300}; its log says more", ""
    log.progress("")
    log.say(f"Failed: {message}")
    return {"error": message, "guilty": guilty}


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # At once: threads of conda's downloads that still run would abort an orderly end.
    os._exit(code)
