"""The files behind an image or a chart: for each point its path, and the file once it is there."""

from typing import Any

from runs.metrics.reading import read
from runs.models import MetricForm, MetricSeries, Run, RunFile
from studio.previewing.pictures import of_blob

# Larger ones are linked, not loaded: a page of them would fill the browser's memory.
MOST_PICTURE_BYTES = 20 * 2**20
# By its name a file is served as what it is.
ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def items(run: Run, series: MetricSeries, after: int, limit: int) -> list[dict[str, Any]]:
    """The points from number `after` on, at most `limit`, with what is known of their files.

    Each: number, step, time, path, size_bytes (None until the file is there), version (changes with
    the bytes), replaced (a later point has the same path), width, height (None for no picture),
    is_shown (whether a page may load it), problem.
    """
    batch = read(series, after, limit)
    begin = f"aml://artifactId/ExperimentRun/dcid.{run.run_id}/"
    paths = [value[len(begin) :] if value.startswith(begin) else "" for value in batch.values]
    newest = _newest(series, begin)
    found = {
        file.path: file
        for file in run.files.select_related("blob").filter(path__in=[*filter(None, paths)])
    }
    listed = []
    for at, path in enumerate(paths):
        number = after + at
        listed.append(
            {
                "number": number,
                "step": int(batch.steps[at]),
                "time": float(batch.times[at]),
                "path": path,
                "replaced": bool(path) and path == newest and number < series.count - 1,
                **_facts(path, found.get(path), series.form, str(batch.values[at])),
            }
        )
    return listed


def _newest(series: MetricSeries, begin: str) -> str:
    """The path of the last point: charts logged twice under one name have one file."""
    last = read(series, series.count - 1, 1).values
    return str(last[0])[len(begin) :] if last else ""


def _facts(path: str, file: RunFile | None, form: str, value: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "size_bytes": None, "version": "", "width": None, "height": None,
        "is_shown": False, "problem": "",
    }  # fmt: skip
    if not path:
        facts["problem"] = f'The value is no address of a file of this run: "{value[:200]}"'
    if file is None:
        return facts
    facts |= {"size_bytes": file.blob.size_bytes, "version": file.blob_id[:16]}
    if form != MetricForm.IMAGE:
        return facts
    return facts | _of_picture(path, file)


def _of_picture(path: str, file: RunFile) -> dict[str, Any]:
    picture = of_blob(file.blob_id)
    if picture is None:
        return {"problem": "Not shown here: the file is no PNG, JPEG, GIF or WebP picture"}
    facts = {"width": picture.width, "height": picture.height}
    if not path.lower().endswith(ENDINGS):
        return {**facts, "problem": "Not shown here: the file's name does not end as a picture's"}
    if file.blob.size_bytes > MOST_PICTURE_BYTES:
        return {**facts, "problem": "Too large to be shown here (above 20 MiB)"}
    if picture.is_too_large:
        return {**facts, "problem": "Too large to be shown here (above 50 million pixels)"}
    return {**facts, "is_shown": True}
