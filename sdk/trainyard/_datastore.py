"""Datastore: the workspace's own store of files by path, which may be replaced.

store = workspace.get_default_datastore()
store.upload("data", target_path="datasets/cifar10")
Dataset.File.from_files((store, "datasets/cifar10"))
"""

import copy
import os
import posixpath
import threading
import time
from typing import Any, Dict, List, Optional, Sequence

from trainyard import _errors, _sending
from trainyard._client import file_path
from trainyard._place import Place
from trainyard._receiving import inside

DEFAULT = "workspaceblobstore"
FILES_AT_ONCE = 10000
SAYS_EVERY_S = 5.0
OTHER_STORES = (
    "the workspace's own store: workspace.get_default_datastore(); bring the files there with"
    " datastore.upload(src_dir, target_path), or name their https:// addresses in"
    " Dataset.File.from_files"
)


class DataPath:
    """A path, or a pattern of paths, in a datastore."""

    def __init__(
        self,
        datastore: Optional["Datastore"] = None,
        path_on_datastore: Optional[str] = None,
        name: Optional[str] = None,
    ):
        self._datastore = datastore
        self.path_on_datastore = path_on_datastore or ""
        self.name = name

    @property
    def datastore_name(self) -> Optional[str]:
        """The name of its datastore; None where it has none."""
        return self._datastore.name if self._datastore else None

    def __repr__(self) -> str:
        return "DataPath({!r}, {!r})".format(self.datastore_name, self.path_on_datastore)


class DataReference(DataPath):
    """A path in a datastore as an argument; `as_mount()`, `as_download()`, `as_upload()`."""

    def __init__(
        self,
        datastore: "Datastore",
        data_reference_name: Optional[str] = None,
        path_on_datastore: Optional[str] = None,
        mode: str = "mount",
        path_on_compute: Optional[str] = None,
        *,
        overwrite: bool = False,
    ):
        super().__init__(datastore, path_on_datastore, data_reference_name)
        self.datastore = datastore
        self.data_reference_name = data_reference_name or _reference_name()
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def path(
        self, path: Optional[str] = None, data_reference_name: Optional[str] = None
    ) -> "DataReference":
        """Return a reference to what lies at `path` below this one."""
        whole = posixpath.join(self.path_on_datastore, path or "")
        return DataReference(self.datastore, data_reference_name, whole, self.mode)

    def as_mount(self) -> "DataReference":
        """Return a reference whose files are laid out read-only on the node."""
        return self._as("mount", self.path_on_compute)

    def to_config(self) -> "DataReferenceConfiguration":
        """Return it for RunConfiguration.data_references[name]."""
        where = (self.path_on_datastore, self.path_on_compute, self.overwrite)
        return DataReferenceConfiguration(self.datastore_name, self.mode, *where)

    def as_download(
        self, path_on_compute: Optional[str] = None, overwrite: bool = False
    ) -> "DataReference":
        """Return a reference whose files are copied to the node."""
        return self._as("download", path_on_compute)

    def as_upload(
        self, path_on_compute: Optional[str] = None, overwrite: bool = False
    ) -> "DataReference":
        """Return a reference that a script fills, whose files go to the store when it ends well.

        path_on_compute: where it writes, below the folder that it starts in.   overwrite: replace
        files that are there, instead of failing the run.
        """
        return self._as("upload", path_on_compute, overwrite)

    def _as(
        self, mode: str, path_on_compute: Optional[str], overwrite: bool = False
    ) -> "DataReference":
        changed = copy.copy(self)
        changed.mode, changed.path_on_compute, changed.overwrite = mode, path_on_compute, overwrite
        return changed

    def __str__(self) -> str:
        return "$AZUREML_DATAREFERENCE_" + self.data_reference_name

    def __repr__(self) -> str:
        return "DataReference({!r}, {!r}, mode={!r})".format(
            self.datastore_name, self.path_on_datastore, self.mode
        )


class DataReferenceConfiguration:
    """A path of a datastore as RunConfiguration.data_references holds it, by name."""

    def __init__(
        self,
        datastore_name: Optional[str] = None,
        mode: str = "mount",
        path_on_datastore: Optional[str] = None,
        path_on_compute: Optional[str] = None,
        overwrite: bool = False,
    ):
        self.datastore_name = datastore_name
        self.mode = mode
        self.path_on_datastore = path_on_datastore
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def reference(self, workspace: Place, name: str) -> DataReference:
        """Return the reference called `name`. Raises UserErrorException without such a store."""
        store = Datastore(workspace, self.datastore_name)
        place, compute = self.path_on_datastore, self.path_on_compute
        return DataReference(store, name, place, self.mode, compute, overwrite=self.overwrite)


def _reference_name() -> str:
    return os.urandom(16).hex()


class Datastore:
    """A store of files of a workspace. Raises UserErrorException for a name that is not there."""

    def __init__(self, workspace: Place, name: Optional[str] = None):
        if name not in (None, DEFAULT):
            raise _errors.UserErrorException(
                'workspace {} has no datastore "{}"; its datastores: {}'.format(
                    workspace.name, name, DEFAULT
                )
            )
        self.workspace = workspace
        self.name = DEFAULT
        self.datastore_type = "AzureBlob"  # what scripts test for; the files lie in the studio
        self.container_name = "store"
        self.account_name = workspace.name
        self.is_default = True

    @staticmethod
    def get(workspace: Place, datastore_name: str) -> "Datastore":
        """Return the store of that name. Raises UserErrorException for another."""
        return Datastore(workspace, datastore_name)

    @staticmethod
    def get_default(workspace: Place) -> "Datastore":
        """Return the workspace's own store."""
        return Datastore(workspace)

    @staticmethod
    def register_azure_blob_container(
        workspace: Place,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: Optional[str] = None,
        account_key: Optional[str] = None,
        protocol: Optional[str] = None,
        endpoint: Optional[str] = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
        blob_cache_timeout: Optional[int] = None,
        grant_workspace_access: bool = False,
        subscription_id: Optional[str] = None,
        resource_group: Optional[str] = None,
    ) -> "Datastore":
        """Not here: no other store. Raises NotImplementedError."""
        raise _errors.not_built("Datastore.register_azure_blob_container", OTHER_STORES)

    @staticmethod
    def register_azure_file_share(
        workspace: Place,
        datastore_name: str,
        file_share_name: str,
        account_name: str,
        sas_token: Optional[str] = None,
        account_key: Optional[str] = None,
        protocol: Optional[str] = None,
        endpoint: Optional[str] = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
    ) -> "Datastore":
        """Not here: no other store. Raises NotImplementedError."""
        raise _errors.not_built("Datastore.register_azure_file_share", OTHER_STORES)

    # --- bring files there ------------------------------------------------------------
    def upload(
        self,
        src_dir: str,
        target_path: Optional[str] = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy a local folder to `target_path`; files that are there stay unless `overwrite`.

        Returns a reference to `target_path`. Raises UserErrorException.
        """
        self._bring(_sending.below(src_dir, target_path or ""), overwrite, show_progress)
        return self.path(target_path)

    def upload_files(
        self,
        files: Sequence[str],
        relative_root: Optional[str] = None,
        target_path: Optional[str] = None,
        overwrite: bool = False,
        *,
        show_progress: bool = True,
    ) -> DataReference:
        """Copy local files to `target_path`, under their paths below `relative_root`.

        Without one they go there under their own names. Raises UserErrorException.
        """
        if isinstance(files, str):
            raise _errors.UserErrorException(
                "upload_files takes a list of paths: [{!r}]".format(files)
            )
        places = [os.path.expanduser(os.fspath(name)) for name in files]
        for place in places:
            if not os.path.isfile(place):
                raise _errors.UserErrorException(
                    "{} is not a file on this computer".format(os.path.abspath(place))
                )
        start = (target_path or "").strip("/")
        pairs = [(_target(start, place, relative_root), place) for place in places]
        self._bring(pairs, overwrite, show_progress)
        return self.path(target_path)

    def _bring(self, files: List[_sending.File], overwrite: bool, show_progress: bool) -> None:
        say = print if show_progress else _silent
        say("Uploading an estimated of {} files".format(len(files)))
        if not overwrite:
            files = self._without_those_there(files, say)
        progress = _Progress(len(files), say, "Uploaded")
        for _, place in files:
            say("Uploading {}".format(place))
        sent = _sending.send(self.workspace, files, progress.add, progress.so_far)
        stored = 0
        for start in range(0, len(sent), FILES_AT_ONCE):
            order = {"files": sent[start : start + FILES_AT_ONCE], "overwrite": bool(overwrite)}
            answer = self.workspace.client.post(self.workspace.api("store"), order)
            stored += int(answer["stored"])
            for path in answer.get("skipped") or ():
                say("Target already exists. Skipping upload for {}".format(path))
        say("Uploaded {} files".format(stored))

    def _refuse_those_there(self, files: List[_sending.File]) -> None:
        kept = self._without_those_there(files, _silent)
        if len(kept) < len(files):
            free = set(kept)
            taken = next(path for path, place in files if (path, place) not in free)
            raise _errors.UserErrorException(
                "{} is in the datastore already. Set overwrite=True to overwrite it, or choose"
                " another target".format(taken)
            )

    def _without_those_there(self, files: List[_sending.File], say: Any) -> List[_sending.File]:
        """Return the files whose paths are free, so that nothing is sent for the others."""
        prefix = os.path.commonprefix([path for path, _ in files]) if files else ""
        found = self._entries(prefix) if files else []
        there = {entry["path"] for entry in found}
        for path, _ in files:
            if path in there:
                say("Target already exists. Skipping upload for {}".format(path))
        return [file for file in files if file[0] not in there]

    # --- what is there ------------------------------------------------------------
    def path(
        self, path: Optional[str] = None, data_reference_name: Optional[str] = None
    ) -> DataReference:
        """Return a reference to `path` in this store."""
        return DataReference(self, data_reference_name, path)

    def as_mount(self) -> DataReference:
        """Return a reference to all that is in the store, laid out on the node."""
        return self.path().as_mount()

    def as_download(self, path_on_compute: Optional[str] = None) -> DataReference:
        """Return a reference to all that is in the store, copied to the node."""
        return self.path().as_download(path_on_compute)

    def as_upload(self, path_on_compute: Optional[str] = None) -> DataReference:
        """Return a reference to all of the store that a script fills; see DataReference."""
        return self.path().as_upload(path_on_compute)

    def _entries(self, prefix: str) -> List[Dict[str, Any]]:
        place = self.workspace.api("store")
        listed = self.workspace.client.items(place, prefix=prefix or None, count=FILES_AT_ONCE)
        return list(listed)

    def download(
        self,
        target_path: str,
        prefix: Optional[str] = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> int:
        """Copy what lies under `prefix` into the local folder `target_path`; how many files.

        Files that are here already stay unless `overwrite`.
        """
        say = print if show_progress else _silent
        folder = os.path.expanduser(os.fspath(target_path))
        entries = self._entries((prefix or "").lstrip("/"))
        wanted = []
        for entry in entries:
            place = inside(folder, entry["path"])
            if os.path.exists(place) and not overwrite:
                say("Target already exists. Skipping download for {}".format(place))
            else:
                wanted.append((entry, place))
        say("Downloading an estimated of {} files".format(len(wanted)))
        base = self.workspace.api("store")
        progress = _Progress(len(wanted), say, "Downloaded")

        def fetch(one: Any) -> None:
            entry, place = one
            url = file_path(base, entry["path"])
            self.workspace.client.download(url, place, entry["size_bytes"])
            progress.add(place)

        self.workspace.client.side_by_side(fetch, wanted)
        say("Downloaded {} files".format(len(wanted)))
        return len(wanted)

    def __repr__(self) -> str:
        return "<trainyard Datastore {} of workspace {}>".format(self.name, self.workspace.name)


class _Progress:
    """Counts files as they are done, from any thread."""

    def __init__(self, total: int, say: Any, done: str):
        self._words = done + " {}, {} files out of an estimated total of " + str(total)
        self._say = say
        self._lock = threading.Lock()
        self._count = 0
        self._said_at = time.monotonic()

    def so_far(self, place: str, at: int, size: int) -> None:
        """Say now and then how far a large file is."""
        with self._lock:
            if at < size and time.monotonic() - self._said_at > SAYS_EVERY_S:
                self._said_at = time.monotonic()
                self._say("Uploading {}: {} of {}".format(place, amount(at), amount(size)))

    def add(self, place: str) -> None:
        with self._lock:
            self._count += 1
            self._say(self._words.format(place, self._count))


def amount(size: int) -> str:
    """Return a number of bytes as people say it."""
    if size < 1000000:
        return "{:.1f} kB".format(size / 1e3)
    return "{:.1f} MB".format(size / 1e6) if size < 10**9 else "{:.2f} GB".format(size / 1e9)


def _silent(text: str) -> None:
    pass


def _target(start: str, place: str, root: Optional[str]) -> str:
    if root is None:
        path = os.path.basename(place)
    else:
        path = os.path.relpath(place, os.path.expanduser(os.fspath(root))).replace(os.sep, "/")
        if path.startswith("../"):
            raise _errors.UserErrorException(
                "{} does not lie in relative_root {}".format(place, root)
            )
    return "/".join(part for part in (start, path) if part)
