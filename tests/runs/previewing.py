"""A run that kept given files, and what is shown of them."""

from typing import Any

from runs.models import Run, RunFile
from studio.files import blobs
from tests.runs.conftest import Caller


def kept(caller: Caller, **files: bytes) -> Run:
    """A run with these files in outputs/; `a__csv` is a.csv."""
    run = Run.objects.get(run_id=caller.submit().json()["run_id"])
    RunFile.objects.bulk_create(
        [
            RunFile(run=run, path=f"outputs/{name.replace('__', '.')}", blob=blobs.put([data]))
            for name, data in files.items()
        ]
    )
    return run


def shown(caller: Caller, run: Run, name: str, **query: Any) -> dict[str, Any]:
    """What is shown of outputs/<name>; never more than about a megabyte in one answer."""
    reply = ask(caller, run, name, **query)
    assert reply.status_code == 200, reply.content[:500]
    assert len(reply.content) < 1_500_000
    answer: dict[str, Any] = reply.json()
    return answer


def ask(caller: Caller, run: Run, name: str, **query: Any) -> Any:
    return caller.get(f"/api/v1/runs/{run.run_id}/preview", path=f"outputs/{name}", **query)


def problem(reply: Any) -> str:
    """The words of a refusal."""
    assert reply.status_code == 400, reply.content[:500]
    return str(reply.json()["error"]["message"])
