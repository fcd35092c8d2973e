"""A dataset, registered or not, and how it reaches a run; the two name each other.

AbstractDataset ── FileDataset (files), TabularDataset (_datasets.tabular)
DatasetConsumptionConfig: under which name, and mounted, downloaded or by its id alone
"""

import json
import os
import re
from typing import Any, Dict, List, Optional, Tuple, TypeVar

from trainyard import _errors, _receiving
from trainyard._datasets import content, expressions, metadata, partitions
from trainyard._datasets.mounting import MountContext
from trainyard._lazy import random, tempfile, uuid
from trainyard._place import Place
from trainyard._transport import quoted

NAME = re.compile(r"[A-Za-z0-9_]{1,100}\Z")
MODES = ("mount", "download", "direct")
MARK = "DatasetConsumptionConfig:"
Self = TypeVar("Self", bound="AbstractDataset")


class AbstractDataset:
    """Files with a way to read them. What they are never changes; each step gives another."""

    form = "file"

    def __init__(
        self,
        content: content.Content,
        *,
        reading: Optional[Dict[str, Any]] = None,
        _facts: Optional[Dict[str, Any]] = None,
    ):
        self._content = content
        self._reading = reading or {}
        self._facts = _facts or {}

    # --- what it is ------------------------------------------------------------
    @property
    def id(self) -> Optional[str]:
        """`name:version` of a registered one, None before."""
        return self._facts.get("id")

    @property
    def name(self) -> Optional[str]:
        """The name that it is registered by, None before."""
        return self._facts.get("name")

    @property
    def version(self) -> Optional[int]:
        """Its number among those of its name, from 1; None before it has a name."""
        return self._facts.get("version")

    @property
    def description(self) -> Optional[str]:
        """What register() or update() wrote on it; None before."""
        return self._facts.get("description")

    @property
    def tags(self) -> Dict[str, str]:
        """Name → text; {} before it is registered."""
        return dict(self._facts.get("tags") or {})

    @property
    def workspace(self) -> Optional[Place]:
        """The workspace that has its files; None where none is known yet."""
        return self._content.workspace

    def _definition(self) -> List[str]:
        return [self._content.definition, *content.called(self._reading)]

    def __repr__(self) -> str:
        words: Dict[str, Any] = {"source": self._content.source, "definition": self._definition()}
        if self.name:
            registration = {"id": self.id, "name": self.name, "version": self.version}
            for key in ("description", "tags"):
                if self._facts.get(key):
                    registration[key] = self._facts[key]
            registration["workspace"] = repr(self.workspace)
            words["registration"] = registration
        return "{}\n{}".format(type(self).__name__, json.dumps(words, indent=2))

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and self.id is not None and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id) if self.id is not None else object.__hash__(self)

    # --- register ------------------------------------------------------------
    def register(
        self: Self,
        workspace: Place,
        name: str,
        description: Optional[str] = None,
        tags: Optional[Dict[str, Any]] = None,
        create_new_version: bool = False,
    ) -> Self:
        """Keep it under a name, and return the registered dataset; no byte is copied.

        Raises UserErrorException for a name that is there already, unless create_new_version;
        the same files again are the version that has them.
        """
        order = {
            "name": name,
            "tree": self._content.tree(workspace),
            "form": self.form,
            "reading": self._reading,
            "source": self._content.source,
            "description": description or "",
            "tags": _texts(tags),
            "create_new_version": bool(create_new_version),
        }
        place = workspace.api("datasets")
        try:
            facts = workspace.client.post(place, order)
        except _errors.Conflict as error:
            raise _errors.UserErrorException(error.message) from None
        return self._again(content.Version(workspace, facts), facts)

    def _again(self: Self, found: content.Content, facts: Optional[Dict[str, Any]] = None) -> Self:
        """Return a dataset like this one, of other files or facts."""
        return type(self)(found, reading=self._reading, _facts=facts)

    def add_tags(self, tags: Optional[Dict[str, Any]] = None) -> Dict[str, str]:
        """Add tags to this version, and return all that it has."""
        return self._change({"tags": _texts(tags)})

    def remove_tags(self, tags: Optional[List[str]] = None) -> Dict[str, str]:
        """Remove tags by their names, and return those that are left."""
        return self._change({"tags": {str(name): None for name in tags or ()}})

    def update(
        self, description: Optional[str] = None, tags: Optional[Dict[str, Any]] = None
    ) -> None:
        """Change what is written on this version; tags are merged."""
        words: Dict[str, Any] = {"tags": _texts(tags)}
        if description is not None:
            words["description"] = description
        self._change(words)

    def _change(self, words: Dict[str, Any]) -> Dict[str, str]:
        place = self._registered("change")
        path = "datasets/{}?version={}".format(quoted(str(self.name)), self.version)
        self._facts.update(place.client.patch(place.api(path), words))
        return self.tags

    def unregister_all_versions(self) -> None:
        """Take the name out of the lists, with all versions; runs that read them keep them."""
        place = self._registered("unregister")
        place.client.delete(place.api("datasets/" + quoted(str(self.name))))
        self._facts = {}

    def _registered(self, verb: str) -> Place:
        if not self.name:
            raise _errors.UserErrorException(
                "there is nothing to {}: this dataset is not registered; dataset.register(...)"
                " gives it a name".format(verb)
            )
        return self._content.place()

    # --- for a run ------------------------------------------------------------
    def as_named_input(self, name: str) -> "DatasetConsumptionConfig":
        """Return it as a run's input called `name`; .as_mount() or .as_download() say how."""
        return DatasetConsumptionConfig(name, self)

    def as_mount(self, path_on_compute: Optional[str] = None) -> "DatasetConsumptionConfig":
        """Return it as an input under a name of its own, mounted read-only."""
        return self.as_named_input(_unnamed()).as_mount(path_on_compute)

    def as_download(self, path_on_compute: Optional[str] = None) -> "DatasetConsumptionConfig":
        """Return it as an input under a name of its own, copied to the node."""
        return self.as_named_input(_unnamed()).as_download(path_on_compute)

    def as_hdfs(self) -> Any:
        """Not here: there is no Spark. Raises NotImplementedError."""
        raise _errors.not_built("Dataset.as_hdfs", "dataset.as_mount()")

    def _named(self, workspace: Place, mode: str) -> Dict[str, Any]:
        """Return how the studio is told which dataset it is."""
        if self.name:
            self._content.place(workspace)
            return {"dataset": "{}:{}".format(self.name, self.version)}
        return {"tree": self._content.tree(workspace)}

    # --- its files, here ------------------------------------------------------------
    def to_path(self) -> List[str]:
        """Return the paths of its files as a mount has them, each with a / in front."""
        return self._content.paths()

    def download(
        self,
        target_path: Optional[str] = None,
        overwrite: bool = False,
        ignore_not_found: bool = False,
    ) -> List[str]:
        """Download all files into a folder (default: a new one) and return where they lie.

        ignore_not_found: go on without a file that is gone meanwhile.
        Raises UserErrorException for a file that is there already, unless `overwrite`.
        """
        folder = target_path if target_path is not None else tempfile.mkdtemp()
        folder = os.path.abspath(os.path.expanduser(os.fspath(folder)))
        files = self._content.files()
        wanted = [
            (self._content.address(one.path), _receiving.inside(folder, one.path), one.size)
            for one in files
        ]
        for _, place, _ in () if overwrite else wanted:
            if os.path.exists(place):
                raise _errors.UserErrorException(
                    'File "{}" already exists. Set overwrite=True to overwrite it.'.format(place)
                )
        client = self._content.place().client
        lost = set()

        def fetch(file: _receiving.Wanted) -> None:
            try:
                client.download(*file)
            except _errors.NotFound:
                if not ignore_not_found:
                    raise
                lost.add(file[1])

        client.side_by_side(fetch, wanted)
        return [place for _, place, _ in wanted if place not in lost]

    @property
    def partition_keys(self) -> List[str]:
        """The columns that partition_format took out of the paths."""
        return partitions.keys(self._reading.get("partition_format"))

    def get_partition_key_values(
        self, partition_keys: Optional[List[str]] = None
    ) -> List[Dict[str, Any]]:
        """Return the different values of those columns (None: all) as [{column: value}, …]."""
        form = self._reading.get("partition_format")
        return partitions.distinct(form, self._content.paths(), partition_keys)


def _texts(tags: Optional[Dict[str, Any]]) -> Dict[str, str]:
    return {str(key): "" if text is None else str(text) for key, text in (tags or {}).items()}


def _unnamed() -> str:
    return "input__{:.8}".format(uuid.uuid4().hex)


class FileDataset(AbstractDataset):
    """Files, by path. Dataset.File.from_files makes one."""

    def skip(self, count: int) -> "FileDataset":
        """Return a dataset without the first `count` files."""
        return self._some(self._content.files()[count:], "skip", count)

    def take(self, count: int) -> "FileDataset":
        """Return a dataset of the first `count` files."""
        return self._some(self._content.files()[:count], "take", count)

    def take_sample(self, probability: float, seed: Optional[int] = None) -> "FileDataset":
        """Return a dataset that each file is in with this probability."""
        return self.random_split(probability, seed)[0]

    def random_split(
        self, percentage: float, seed: Optional[int] = None
    ) -> "Tuple[FileDataset, FileDataset]":
        """Return two datasets: each file is in the first with probability `percentage` (0…1)."""
        draw = random.Random(seed)
        drawn = [(draw.random() < percentage, file) for file in self._content.files()]
        first = [file for is_first, file in drawn if is_first]
        rest = [file for is_first, file in drawn if not is_first]
        share = float(percentage)
        one = self._some(first, "split", share, seed, True)
        return one, self._some(rest, "split", share, seed, False)

    def mount(self, mount_point: Optional[str] = None, **unused: Any) -> MountContext:
        """Return what has the files in a folder between start() and stop(), or in a `with`."""
        return MountContext(self, mount_point)

    def filter(self, expression: Any) -> "FileDataset":
        """Return a dataset of the files of which a condition is true; they are looked at now.

        files.filter((files.file_metadata("Size") > 10000) & (files["state"] == "ohio"))
        Raises UserErrorException for what is no condition, and for a column that is not there.
        """
        words = expressions.words_of(expression)
        form = self._reading.get("partition_format")
        return self._some(metadata.matching(self._content, form, words), "filter", words)

    def file_metadata(self, col: str) -> expressions.Expression:
        """Return what the studio knows of each file, to filter by.

        col: Size (bytes), Extension (".csv"), CanSeek, and CreationTime and LastModifiedTime, both
        of which are when the studio first had the content. Raises UserErrorException for others.
        """
        return metadata.expression(col)

    def __getitem__(self, key: str) -> expressions.Expression:
        """Return a column of partition_format, to filter by."""
        return expressions.column(key)

    def _some(self, files: List[content.File], *step: Any) -> "FileDataset":
        steps = [*self._reading.get("steps", ()), list(step)]
        reading = dict(self._reading, steps=steps)
        return FileDataset(content.Subset(self._content, files), reading=reading)


class DatasetConsumptionConfig:
    """A dataset as an input of a run; as an argument of the script it becomes the input's path.

    mode: mount (read-only links to the node's cache), download (copies) or direct (its id).
    path_on_compute: where the script wants the files.
    Raises UserErrorException for a name that no variable can have.
    """

    def __init__(
        self,
        name: str,
        dataset: AbstractDataset,
        mode: str = "direct",
        path_on_compute: Optional[str] = None,
    ):
        if not isinstance(name, str) or not NAME.match(name):
            raise _errors.UserErrorException(
                "{!r} is no name of an input: at most 100 letters, digits and underscores".format(
                    name
                )
            )
        if mode not in MODES:
            raise _errors.UserErrorException(
                "{!r} is no mode of an input; modes: {}".format(mode, ", ".join(MODES))
            )
        if not isinstance(dataset, AbstractDataset):
            raise _errors.UserErrorException(
                "an input is of a Dataset, not of {!r}".format(type(dataset).__name__)
            )
        self.name = name
        self.dataset = dataset
        self.mode = mode
        self.path_on_compute = path_on_compute

    def as_mount(self, path_on_compute: Optional[str] = None) -> "DatasetConsumptionConfig":
        """Return the same input, its files laid out read-only on the node."""
        return DatasetConsumptionConfig(self.name, self.dataset, "mount", path_on_compute)

    def as_download(self, path_on_compute: Optional[str] = None) -> "DatasetConsumptionConfig":
        """Return the same input, its files copied to the node: the script may change them."""
        return DatasetConsumptionConfig(self.name, self.dataset, "download", path_on_compute)

    def as_direct(self) -> "DatasetConsumptionConfig":
        """Return the same input without files: the script gets the dataset's id."""
        return DatasetConsumptionConfig(self.name, self.dataset, "direct")

    def as_hdfs(self) -> Any:
        """Not here: there is no Spark. Raises NotImplementedError."""
        raise _errors.not_built("DatasetConsumptionConfig.as_hdfs", "as_mount()")

    def order(self, workspace: Place) -> Dict[str, Any]:
        """Return how the studio is told of this input."""
        words: Dict[str, Any] = {"name": self.name, "mode": self.mode}
        words["path"] = self.path_on_compute or ""
        words.update(self.dataset._named(workspace, self.mode))
        return words

    def __str__(self) -> str:
        return MARK + self.name

    def __repr__(self) -> str:
        return "DatasetConsumptionConfig({!r}, {}, mode={!r})".format(
            self.name, type(self.dataset).__name__, self.mode
        )
