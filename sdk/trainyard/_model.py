"""Model: a numbered, unchanging set of files under a name."""

import os
from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._client import file_path
from trainyard._place import Place


class Model:
    """A registered model version; the newest when neither version nor id says which.

    Raises WebserviceException when there is none.
    """

    def __init__(
        self,
        workspace: Place,
        name: Optional[str] = None,
        id: Optional[str] = None,
        *,
        version: Optional[int] = None,
        _answer: Optional[Dict[str, Any]] = None,
    ):
        self.workspace = workspace
        if id is not None:
            name, _, number = id.rpartition(":")
            version = int(number)
        if _answer is None:
            _answer = self._fetch(workspace, name, version)
        self.name = str(_answer["name"])
        self.version = int(_answer["version"])
        self.id = str(_answer["id"])
        self.description = _answer.get("description") or ""
        self.tags = dict(_answer.get("tags") or {})
        self.properties = dict(_answer.get("properties") or {})
        self.framework = _answer.get("framework") or None
        self.model_framework = self.framework
        self.created_time = _answer.get("created_at")
        self.created_by = _answer.get("created_by")
        self.run_id = _answer.get("run_id")
        self.size_bytes = int(_answer.get("size_bytes") or 0)
        self.files = [(str(entry[0]), int(entry[1])) for entry in _answer.get("files") or ()]

    @staticmethod
    def _fetch(workspace: Place, name: Optional[str], version: Optional[int]) -> Dict[str, Any]:
        if not name:
            raise _errors.UserErrorException("Model(workspace, name=...) or id=... must be given")
        try:
            path = workspace.api("models/{}".format(name))
            return dict(workspace.client.get(path, version=version))
        except _errors.NotFound as error:
            raise _errors.WebserviceException(
                "ModelNotFound: {}".format(error.message), status_code=404
            ) from None

    @staticmethod
    def list(workspace: Place, name: Optional[str] = None, *, latest: bool = True) -> "List[Model]":
        """Return the newest version of every model of the workspace, or of the one named."""
        if not latest:
            raise _errors.not_built("Model.list(latest=False)", "Model(ws, name, version=1)")
        found = workspace.client.items(workspace.api("models"))
        return [Model(workspace, _answer=item) for item in found if name in (None, item["name"])]

    @staticmethod
    def register(workspace: Place, model_path: str, model_name: str, **kwargs: Any) -> "Model":
        raise _errors.not_built("Model.register", "run.register_model(model_name, model_path)")

    def download(
        self, target_dir: str = ".", exist_ok: bool = False, exists_ok: Optional[bool] = None
    ) -> str:
        """Download all files into `target_dir`; return the file, or the folder that holds all.

        Raises WebserviceException when a file is there already and exist_ok is False.
        """
        target_dir = os.path.expanduser(target_dir)
        there = [path for path, _ in self.files if os.path.exists(os.path.join(target_dir, path))]
        if there and not (exist_ok or exists_ok):
            raise _errors.WebserviceException(
                "{} is in {} already. Set exist_ok=True to overwrite it.".format(
                    there[0], os.path.abspath(target_dir)
                )
            )
        base = self.workspace.api("models/{}/versions/{}/files".format(self.name, self.version))
        client = self.workspace.client

        def fetch(entry: Any) -> None:
            path, size = entry
            client.download(file_path(base, path), inside(target_dir, path), size)

        client.side_by_side(fetch, self.files)
        tops = sorted({path.split("/")[0] for path, _ in self.files})
        return os.path.join(target_dir, tops[0]) if len(tops) == 1 else target_dir

    def __repr__(self) -> str:
        return "Model(workspace={!r}, name={}, id={}, version={}, tags={}, properties={})".format(
            self.workspace, self.name, self.id, self.version, self.tags, self.properties
        )


def inside(folder: str, path: str) -> str:
    """Return where `path` lies in `folder`; a studio cannot make us write outside of it."""
    target = os.path.normpath(os.path.join(folder, path))
    if os.path.isabs(path) or os.path.relpath(target, folder).startswith(os.pardir):
        raise _errors.UnsafePath("the path {!r} leads out of {}".format(path, folder))
    return target
