"""The commit that a run's code was of, as its submitter's client found it: docs/sdk-runs.md."""

import re
from dataclasses import dataclass

from runs.models import Run

GIT, MLFLOW = "azureml.git.", "mlflow.source.git."
ON_THE_WEB = re.compile(r"https?://[^\s/]+/\S+")
MOST_SHORT = 10


@dataclass(frozen=True)
class Commit:
    """Any of it may be "". is_dirty: files differed from it; None where nobody looked.

    address: of the repository, where a browser can open it.
    """

    commit: str
    branch: str
    repository: str
    is_dirty: bool | None

    @property
    def short(self) -> str:
        """The first digits of the commit."""
        return self.commit[:MOST_SHORT]

    @property
    def address(self) -> str:
        """The repository's address where it is a page; "" for a path, ssh and the like."""
        return self.repository if ON_THE_WEB.fullmatch(self.repository) else ""


def of(run: Run) -> Commit | None:
    """Return the commit of the run's code; None where its properties name none."""
    commit, branch, repository, dirty = (
        run.properties.get(f"{GIT}{key}", "")
        for key in ("commit", "branch", "repository_uri", "dirty")
    )
    if not commit and not branch:
        return None
    return Commit(commit, branch, repository, {"True": True, "False": False}.get(dirty))


def besides(properties: dict[str, str]) -> dict[str, str]:
    """Return the properties without those that `of` reads."""
    return {key: text for key, text in properties.items() if not key.startswith((GIT, MLFLOW))}
