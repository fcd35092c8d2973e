"""Dataset: named, numbered files that runs read.

data = Dataset.File.from_files("https://…/train.gz").register(workspace, "mnist")
ScriptRunConfig("src", "train.py", arguments=["--data", data.as_mount()])
"""

import json
from typing import Any, Dict, Iterator, Mapping, Optional, Union

from trainyard import _errors
from trainyard._datasets import content
from trainyard._datasets.base import AbstractDataset, FileDataset
from trainyard._datasets.files import FileDatasetFactory
from trainyard._datasets.tables import TabularDatasetFactory
from trainyard._datasets.tabular import TabularDataset
from trainyard._place import Place
from trainyard._transport import quoted

CLASSES = {kind.form: kind for kind in (FileDataset, TabularDataset)}


class Dataset(AbstractDataset):
    """Finds datasets of a workspace by name or id; Dataset.File and Dataset.Tabular make them."""

    File = FileDatasetFactory
    Tabular = TabularDatasetFactory

    class Scenario:
        """What a dataset was to a model: register_model(datasets=[(Scenario.TRAINING, data)])."""

        TRAINING = "training"
        VALIDATION = "validation"
        INFERENCE = "inference"
        TEST = "test"

    def __init__(self, definition: Any, workspace: Any = None, name: Any = None, id: Any = None):
        raise _errors.not_built(
            "Dataset(definition)", "Dataset.File.from_files, or Dataset.get_by_name"
        )

    @staticmethod
    def get_by_name(
        workspace: Place, name: str, version: Union[int, str] = "latest", **unused: Any
    ) -> Any:
        """Return the FileDataset or TabularDataset of that name; the newest version.

        Raises UserErrorException for a name or a version that is not there.
        """
        wanted = None if version in (None, "latest") else version
        path = workspace.api("datasets/" + quoted(str(name)))
        return of_facts(workspace, workspace.client.get(path, version=wanted))

    @staticmethod
    def get_by_id(workspace: Place, id: str, **unused: Any) -> Any:
        """Return a dataset by its `id`, "name:version". Raises UserErrorException."""
        name, _, version = str(id).rpartition(":")
        if not name or not version.isdigit():
            raise _errors.UserErrorException(
                "{!r} is no id of a dataset; an id is name:version".format(id)
            )
        return Dataset.get_by_name(workspace, name, version)

    @staticmethod
    def get_all(workspace: Place) -> "Mapping[str, Any]":
        """Return name → the newest version of each dataset; each is asked for when looked at."""
        return _All(workspace)


class _All(Mapping[str, Any]):
    """The datasets of a workspace by name."""

    def __init__(self, workspace: Place):
        self._workspace = workspace
        self._names = [
            str(item["name"]) for item in workspace.client.items(workspace.api("datasets"))
        ]
        self._got: Dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._got:
            self._got[name] = Dataset.get_by_name(self._workspace, name)
        return self._got[name]

    def __contains__(self, name: Any) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return "{{{}}}".format(", ".join("{!r}: Dataset".format(name) for name in self._names))


def of_facts(workspace: Place, facts: Dict[str, Any]) -> Any:
    """Return the dataset that an answer of the studio describes."""
    kind = CLASSES.get(facts.get("form", "file"), FileDataset)
    found = content.Version(workspace, facts)
    return kind(found, reading=facts.get("reading"), _facts=facts)


def of_input(workspace: Place, value: str, reading: Optional[str] = None) -> Any:
    """Return the dataset that a run's input says it is: by id, or unnamed by its tree.

    reading: how a tree is read as a table, as JSON.
    """
    if ":" in value:
        return Dataset.get_by_id(workspace, value)
    files = content.Tree(workspace, value)
    return TabularDataset(files, reading=json.loads(reading)) if reading else FileDataset(files)
