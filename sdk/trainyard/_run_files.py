"""A run's files: its logs, what it kept, its code; and a model made of them."""

import io
import os
from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._client import Client, file_path
from trainyard._model import Model, of_datasets, texts
from trainyard._place import Group
from trainyard._receiving import inside
from trainyard._uploads import API


class RunFiles:
    """The part of a run that has to do with files; the base of RemoteRun."""

    _experiment: Group
    _run_id: str
    _client: Client
    _base: str

    def get_snapshot_id(self) -> str:
        """Return what names the run's code; the same files are the same snapshot."""
        raise NotImplementedError("a RemoteRun knows")

    def get_file_names(self) -> List[str]:
        """Return the paths of the run's logs and files."""
        return [item["path"] for item in self._client.items(self._base + "/files")]

    def download_file(self, name: str, output_file_path: Optional[str] = None) -> None:
        """Download one file; into a folder, or here, under its own base name.

        Raises UserErrorException that lists what the run has.
        """
        base = os.path.basename(name)
        target = os.path.expanduser(output_file_path or base)
        if os.path.isdir(target) or target.endswith(os.sep):
            target = os.path.join(target, base)
        try:
            self._client.download(file_path(self._base + "/files", name), target)
        except _errors.NotFound:
            raise _errors.NotFound(
                "File with path {} was not found, available files include: {}".format(
                    name, ",".join(self.get_file_names())
                ),
                status=404,
            ) from None

    def download_files(
        self,
        prefix: Optional[str] = None,
        output_directory: Optional[str] = None,
        output_paths: Optional[List[str]] = None,
        batch_size: int = 100,
        *,
        append_prefix: bool = True,
        timeout_seconds: Optional[int] = None,
    ) -> None:
        """Download all files whose path begins with `prefix` into `output_directory`.

        output_paths: where each goes instead, in the order of get_file_names().
        append_prefix False leaves the prefix out of the paths.
        """
        names = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        if output_paths is not None and len(output_paths) != len(names):
            raise _errors.UserErrorException(
                "{} output_paths were given for {} files: {}".format(
                    len(output_paths), len(names), ", ".join(names[:20])
                )
            )
        folder = os.path.expanduser(output_directory or ".")
        cut = 0 if append_prefix else len(prefix or "")
        targets = output_paths or [(name[cut:]).lstrip("/") for name in names]

        def fetch(number: int) -> None:
            target = targets[number]
            place = os.path.join(folder, target) if output_paths else inside(folder, target)
            self._client.download(file_path(self._base + "/files", names[number]), place)

        self._client.side_by_side(fetch, range(len(names)))

    def get_all_logs(self, destination: Optional[str] = None) -> List[str]:
        """Download all logs into `destination` (default: a folder of the run's id); their paths."""
        folder = destination or self._run_id
        items = self._client.items(self._base + "/files")
        names = [item["path"] for item in items if item["kind"] == "log"]
        places = [inside(folder, name) for name in names]
        for name, place in zip(names, places):
            self._client.download(file_path(self._base + "/files", name), place)
        return places

    def register_model(
        self,
        model_name: str,
        model_path: Optional[str] = None,
        tags: Optional[Dict[str, str]] = None,
        properties: Optional[Dict[str, str]] = None,
        model_framework: Optional[str] = None,
        model_framework_version: Optional[str] = None,
        description: Optional[str] = None,
        datasets: Any = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        **unused: Any,
    ) -> Model:
        """Register the run's file or folder `model_path` as the model's next version.

        datasets: (scenario, dataset) pairs; the run's own inputs are known without.
        Raises ModelPathNotFoundException that lists the run's files.
        """
        samples = [("sample_input", sample_input_dataset), ("sample_output", sample_output_dataset)]
        order = {
            "name": model_name,
            "path": model_path,
            "tags": texts(tags),
            "properties": dict(texts(properties), **of_datasets(datasets, samples)),
            "description": description,
            "framework": model_framework,
            "framework_version": model_framework_version,
        }
        order = {key: value for key, value in order.items() if value is not None}
        answer = self._client.post(self._base + "/models", order, repeatable=False)
        return Model(self._experiment.workspace, _answer=answer)

    def restore_snapshot(
        self, snapshot_id: Optional[str] = None, path: Optional[str] = None
    ) -> str:
        """Download the run's code as a zip into the folder `path` (here); return the zip's path.

        Raises UserErrorException for a snapshot_id that is not this run's.
        """
        own = self.get_snapshot_id()
        if snapshot_id not in (None, own):
            raise _errors.UserErrorException(
                "snapshot {} is not of run {}, whose snapshot is {}".format(
                    snapshot_id, self._run_id, own
                )
            )
        place = os.path.join(os.path.expanduser(path or "."), "{}.zip".format(own))
        self._client.download(self._base + "/snapshot/zip", place)
        return place

    def _text_of(self, path: str) -> str:
        content = io.BytesIO()
        url = API + file_path(self._base + "/files", path)
        self._client.transport().download(url, content.write)
        return content.getvalue().decode("utf-8", "replace")
