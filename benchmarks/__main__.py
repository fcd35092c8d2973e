"""`make bench`: every figure beside its bare limit, measured now, against a private studio."""

import os
import platform
import sys
import time

from benchmarks import (
    charts,
    drawn,
    environment,
    faults,
    files,
    first_line,
    idle,
    images,
    ingest,
    live_line,
    logs,
    many_files,
    many_runs,
    point_to_pixel,
    public_shape,
    run_log,
    run_table,
    sdk,
)  # fmt: skip
from benchmarks.figures import Figure, table
from tests.fixtures.studio_process import StudioProcess

PARTS = {
    "run_log": run_log.measure,
    "idle": idle.measure,
    "environment": environment.measure,
    "images": images.measure,
    "first_line": first_line.measure,
    "many_runs": many_runs.measure,
    "live_line": live_line.measure,
    "logs": logs.measure,
    "ingest": ingest.measure,
    "charts": charts.measure,
    "drawn": drawn.measure,
    "point_to_pixel": point_to_pixel.measure,
    "run_table": run_table.measure,
    "public_shape": public_shape.measure,
    "faults": faults.measure,
    "files": files.measure,
    "many_files": many_files.measure,
    "sdk": sdk.measure,
}


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        print(f"no figure {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
        return 2
    figures: list[Figure] = []
    studio = StudioProcess()
    try:
        studio.start()
        for name in wanted:
            began = time.monotonic()
            figures += PARTS[name](studio)
            print(f"{name}: measured in {time.monotonic() - began:.0f} s", flush=True)
    finally:
        studio.remove()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(
        f"\n{platform.platform()}, Python {platform.python_version()}, {cores} cores, load {load}"
    )
    print(table(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
