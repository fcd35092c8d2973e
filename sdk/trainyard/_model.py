"""Model: a numbered, unchanging set of files under a name."""

import os
from datetime import datetime, timezone
from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

from trainyard import _errors, _place, _receiving, _sending
from trainyard._client import file_path
from trainyard._lazy import hashlib
from trainyard._place import Place
from trainyard._transport import quoted
from trainyard._unbuilt import unbuilt
from trainyard._uploads import API

SERVE = "download the model and load it in your own service"
Words = Optional[Dict[str, Any]]
# What a model was trained, tested, … on stands in its properties: datasets.training = "mnist:1".
DATASETS = "datasets."


class Model:
    """A registered model version; the newest when neither version nor id says which.

    version, and what stands behind the colon of an id, may also be an alias. tags, properties,
    run_id and model_framework narrow the choice.
    Raises WebserviceException when there is none.
    """

    class Framework:
        """Words for model_framework; any other text will do as well."""

        CUSTOM = "Custom"
        SCIKITLEARN = "ScikitLearn"
        TENSORFLOW = "TensorFlow"
        PYTORCH = "PyTorch"
        ONNX = "Onnx"

    def __init__(
        self,
        workspace: Place,
        name: Optional[str] = None,
        id: Optional[str] = None,
        tags: Any = None,
        properties: Any = None,
        version: Union[None, int, str] = None,
        run_id: Optional[str] = None,
        model_framework: Optional[str] = None,
        *,
        _answer: Optional[Dict[str, Any]] = None,
        **unused: Any,
    ):
        self.workspace = workspace
        if id is not None:
            name, _, version = id.rpartition(":")
        if _answer is None:
            narrowed = dict(_query(tags, properties), run_id=run_id, framework=model_framework)
            if version is None and any(narrowed.values()):
                version = _newest(workspace, name, narrowed)
            _answer = _fetch(workspace, name, version)
        self._take(_answer)

    def _take(self, answer: Dict[str, Any]) -> None:
        self.name = str(answer["name"])
        self.version = int(answer["version"])
        self.id = str(answer["id"])
        self.description = answer.get("description") or ""
        self.tags = dict(answer.get("tags") or {})
        self.properties = dict(answer.get("properties") or {})
        self.framework = answer.get("framework") or None
        self.model_framework = self.framework
        self.model_framework_version = answer.get("framework_version") or None
        self.created_time = _time(answer.get("created_at"))
        self.created_by = answer.get("created_by")
        self.run_id = answer.get("run_id") or None
        self.size_bytes = int(answer.get("size_bytes") or 0)
        self.aliases = list(answer.get("aliases") or ())
        self._files = answer.get("files")

    @property
    def files(self) -> List[Tuple[str, int]]:
        """Path and size of every file."""
        if self._files is None:
            self._files = _fetch(self.workspace, self.name, self.version).get("files") or []
        return [(str(entry[0]), int(entry[1])) for entry in self._files]

    @property
    def url(self) -> str:
        """An aml:// address that stands for this version of this workspace."""
        whole = "{}/{}".format(self.workspace.name, self.id)
        return "aml://asset/{:.32}".format(hashlib.sha256(whole.encode("utf-8")).hexdigest())

    @property
    def datasets(self) -> Dict[str, List[str]]:
        """What it was trained, tested, … on: scenario → ids of datasets."""
        return {
            key[len(DATASETS) :]: str(value).split(", ")
            for key, value in self.properties.items()
            if key.startswith(DATASETS)
        }

    # --- find and make ------------------------------------------------------------
    @staticmethod
    def list(
        workspace: Place,
        name: Optional[str] = None,
        tags: Any = None,
        properties: Any = None,
        run_id: Optional[str] = None,
        latest: bool = False,
        dataset_id: Optional[str] = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: Optional[str] = None,
    ) -> "List[Model]":
        """Return the models of the workspace, all versions of them, or with `latest` the newest.

        tags, properties: a dict, or a list of names and [name, value] pairs; all must be there.
        """
        query = dict(_query(tags, properties), run_id=run_id, framework=model_framework, name=name)
        query["latest"] = int(bool(latest))
        found = workspace.client.items(workspace.api("models"), **query)
        models = [Model(workspace, _answer=item) for item in found]
        if dataset_id is None:
            return models
        return [one for one in models if dataset_id in sum(one.datasets.values(), [])]

    @staticmethod
    def register(
        workspace: Place,
        model_path: str,
        model_name: str,
        tags: Any = None,
        properties: Words = None,
        description: Optional[str] = None,
        datasets: Any = None,
        model_framework: Optional[str] = None,
        model_framework_version: Optional[str] = None,
        child_paths: Optional[Iterable[str]] = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
    ) -> "Model":
        """Send the local file or folder `model_path` and register it as the next version.

        child_paths: of a folder only these, relative to it. datasets: (scenario, dataset) pairs.
        Raises WebserviceException when there is no such file.
        """
        print("Registering model {}".format(model_name))
        samples = [("sample_input", sample_input_dataset), ("sample_output", sample_output_dataset)]
        order = {
            "name": model_name,
            "files": _sending.send(workspace, _local(model_path, child_paths)),
            "tags": texts(_pairs(tags)),
            "properties": dict(texts(properties), **of_datasets(datasets, samples)),
            "description": description or "",
            "framework": model_framework or "",
            "framework_version": model_framework_version or "",
        }
        answer = workspace.client.post(workspace.api("models"), order, repeatable=False)
        return Model(workspace, _answer=answer)

    @staticmethod
    def get_model_path(
        model_name: str,
        version: Union[None, int, str] = None,
        _workspace: Optional[Place] = None,
    ) -> str:
        """Return the path of the model's file or folder here, downloading it where that is needed.

        It lies in azureml-models/<name>/<version>/, below AZUREML_MODEL_DIR or here.
        Raises WebserviceException when neither is possible.
        """
        home = os.path.join(os.environ.get("AZUREML_MODEL_DIR", "."), "azureml-models", model_name)
        workspace = _workspace or _place.current()
        if workspace is None:
            return _kept(home, model_name, version)
        model = Model(workspace, model_name, version=version)
        return model.download(os.path.join(home, str(model.version)), _only_missing=True)

    deploy = staticmethod(unbuilt("Model.deploy", SERVE))
    package = staticmethod(unbuilt("Model.package", SERVE))
    profile = staticmethod(unbuilt("Model.profile", SERVE))

    # --- its files ------------------------------------------------------------
    def download(
        self,
        target_dir: str = ".",
        exist_ok: bool = False,
        exists_ok: Optional[bool] = None,
        *,
        path: str = "",
        _only_missing: bool = False,
    ) -> str:
        """Download all files into `target_dir`; return the file, or the folder that holds all.

        path: beyond v1, a file or folder of the model; nothing else is downloaded then.
        Raises WebserviceException when a file is there already and exist_ok is False, or `path` is
        none of the model's.
        """
        target_dir = os.path.expanduser(target_dir)
        below = path.rstrip("/") + "/"
        files = [one for one in self.files if not path or (one[0] + "/").startswith(below)]
        if path and not files:
            names = ", ".join(name for name, _ in self.files[:20])
            raise _errors.WebserviceException(
                "{} has no file or folder {}; its files: {}".format(self.id, path, names)
            )
        there = {path for path, _ in files if os.path.exists(os.path.join(target_dir, path))}
        if there and not (exist_ok or exists_ok or _only_missing):
            raise _errors.WebserviceException(
                "{} is in {} already. Set exist_ok=True to overwrite it.".format(
                    min(there), os.path.abspath(target_dir)
                )
            )
        base = self._path("/files")
        wanted = [
            (file_path(base, path), _receiving.inside(target_dir, path), size)
            for path, size in files
            if not (_only_missing and path in there)
        ]
        _receiving.fetch(self.workspace.client, wanted)
        tops = sorted({path.split("/")[0] for path, _ in files})
        return os.path.join(target_dir, tops[0]) if len(tops) == 1 else target_dir

    # --- change ------------------------------------------------------------
    def update(
        self,
        tags: Words = None,
        description: Optional[str] = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
    ) -> None:
        """Change what is written on this version; `tags` take the place of those it has."""
        words: Dict[str, Any] = {}
        if tags is not None:
            words["tags"] = dict(dict.fromkeys(self.tags), **texts(tags))
        if description is not None:
            words["description"] = description
        samples = [("sample_input", sample_input_dataset), ("sample_output", sample_output_dataset)]
        if any(dataset is not None for _, dataset in samples):
            words["properties"] = of_datasets(None, samples)
        if words:
            self._change(words)

    def add_tags(self, tags: Dict[str, Any]) -> None:
        """Add tags, name → text; others stay."""
        self._change({"tags": texts(tags)})
        print("Model {}: tags added".format(self.id))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags by their names."""
        self._change({"tags": {str(name): None for name in tags}})
        print("Model {}: tags removed".format(self.id))

    def add_properties(self, properties: Dict[str, Any]) -> None:
        """Add properties, name → text; one of that name gets the new text."""
        self._change({"properties": texts(properties)})
        print("Model {}: properties added".format(self.id))

    def set_alias(self, alias: str) -> None:
        """Let `alias`, such as champion, stand for this version; not of the v1 SDK."""
        path = self.workspace.api("models/{}/aliases/{}".format(quoted(self.name), quoted(alias)))
        put = self.workspace.client.transport().request
        self._take(put("PUT", API + path, data={"version": self.version}).json())

    def remove_alias(self, alias: str) -> None:
        """Take the alias away from the model; not of the v1 SDK."""
        path = "models/{}/aliases/{}".format(quoted(self.name), quoted(alias))
        self.workspace.client.delete(self.workspace.api(path))
        self.aliases = [one for one in self.aliases if one != alias]

    def delete(self) -> None:
        """Delete this version and its files; its number is not given again."""
        self.workspace.client.delete(self._path())

    def _change(self, words: Dict[str, Any]) -> None:
        files = self._files
        self._take(self.workspace.client.patch(self._path(), words))
        self._files = self._files or files

    def _tree(self) -> str:
        """Return the hash that names all files."""
        return str(_fetch(self.workspace, self.name, self.version)["tree"])

    def _path(self, more: str = "") -> str:
        path = "models/{}/versions/{}{}".format(quoted(self.name), self.version, more)
        return self.workspace.api(path)

    def __repr__(self) -> str:
        return "Model(workspace={!r}, name={}, id={}, version={}, tags={}, properties={})".format(
            self.workspace, self.name, self.id, self.version, self.tags, self.properties
        )


def texts(words: Words) -> Dict[str, str]:
    """Return tags or properties as the texts they are kept as."""
    return {str(key): "" if text is None else str(text) for key, text in (words or {}).items()}


def of_datasets(datasets: Any, samples: Any = ()) -> Dict[str, str]:
    """Return the properties that say what a model was made from.

    datasets: (scenario, Dataset) pairs. Raises UserErrorException for one without a name.
    """
    found: Dict[str, List[str]] = {}
    for scenario, dataset in [*(datasets or ()), *(one for one in samples if one[1] is not None)]:
        if getattr(dataset, "id", None) is None:
            raise _errors.UserErrorException(
                "a model is told of registered datasets; dataset.register(workspace, name) first"
            )
        found.setdefault(str(scenario), []).append(str(dataset.id))
    return {DATASETS + scenario: ", ".join(ids) for scenario, ids in found.items()}


def _fetch(workspace: Place, name: Optional[str], version: Any) -> Dict[str, Any]:
    if not name:
        raise _errors.UserErrorException("Model(workspace, name=...) or id=... must be given")
    try:
        path = workspace.api("models/" + quoted(name))
        return dict(workspace.client.get(path, version=version))
    except _errors.NotFound as error:
        raise _errors.WebserviceException(
            "ModelNotFound: {}".format(error.message), status_code=404
        ) from None


def _newest(workspace: Place, name: Optional[str], query: Dict[str, Any]) -> int:
    """Return the newest version of a model that fits. Raises WebserviceException."""
    found = workspace.client.items(workspace.api("models"), name=name, latest=0, **query)
    for item in found:
        return int(item["version"])
    raise _errors.WebserviceException(
        "ModelNotFound: no version of {} has what was asked for".format(name), status_code=404
    )


def _pairs(given: Any) -> Dict[str, Any]:
    """Return tags as a dict, given as one, or as a list of names and [name, value] pairs."""
    if given is None or isinstance(given, dict):
        return dict(given or {})
    listed = [given] if isinstance(given, str) else given
    return dict((one, None) if isinstance(one, str) else (one[0], one[1]) for one in listed)


def _query(tags: Any, properties: Any) -> Dict[str, Any]:
    said = {}
    for key, given in (("tag", tags), ("property", properties)):
        pairs = _pairs(given).items()
        said[key] = ["{}={}".format(*pair) if pair[1] is not None else pair[0] for pair in pairs]
    return {key: values or None for key, values in said.items()}


def _local(model_path: str, child_paths: Optional[Iterable[str]]) -> List[_sending.File]:
    """Return the files of a model on this computer, under the paths it will have them."""
    place = os.path.abspath(os.path.expanduser(os.fspath(model_path)))
    top = os.path.basename(place)
    if os.path.isfile(place):
        return [(top, place)]
    if not os.path.isdir(place):
        raise _errors.WebserviceException(
            "Error, provided model path {} cannot be located on this computer".format(model_path)
        )
    files = _sending.below(place, top)
    if child_paths is not None:
        starts = ["{}/{}".format(top, str(path).strip("/")) for path in child_paths]
        files = [
            one for one in files if any((one[0] + "/").startswith(start + "/") for start in starts)
        ]
    if not files:
        raise _errors.WebserviceException("the model path {} holds no file".format(model_path))
    return files


def _kept(home: str, name: str, version: Any) -> str:
    """Return the path of a model that lies here already. Raises WebserviceException."""
    there = os.listdir(home) if os.path.isdir(home) else []
    numbers = sorted((one for one in there if one.isdigit()), key=int)
    wanted = str(version) if version is not None else numbers[-1] if numbers else ""
    if wanted not in there:
        raise _errors.WebserviceException(
            "ModelNotFound: {} is not in {}, and no workspace is known to download it from; call"
            " Workspace.from_config() before".format(name, os.path.abspath(home))
        )
    folder = os.path.join(home, wanted)
    tops = os.listdir(folder)
    return os.path.join(folder, tops[0]) if len(tops) == 1 else folder


def _time(text: Optional[str]) -> Optional[datetime]:
    """Return a moment that the studio wrote, in UTC."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text or "", form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None
