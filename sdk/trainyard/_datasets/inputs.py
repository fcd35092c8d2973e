"""The datasets among a script's arguments, and in the script what became of them."""

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from trainyard import _errors
from trainyard._datasets import content
from trainyard._datasets.base import AbstractDataset, DatasetConsumptionConfig, FileDataset
from trainyard._datastore import DataReference, DataReferenceConfiguration
from trainyard._place import Place

BARE = (
    "Dataset cannot be used directly in a run. Use the as_mount or the as_download method of the"
    " dataset instead: arguments=['--data', dataset.as_mount()]"
)
LISTED = "AZUREML_DATASET_ENVIRONMENT_VARS"
VALUE = "AZUREML_DATAREFERENCE_"
REFERENCE = "$" + VALUE
# A property of a run: how an input is read as a table that has no name in the studio.
READING = "trainyard.reading."


def arguments(
    given: List[Any], workspace: Optional[Place], besides: Optional[Mapping[str, Any]] = None
) -> Tuple[List[str], List[Dict[str, Any]]]:
    """Return a script's arguments as the texts they are on the way, and the inputs among them.

    besides: name → a dataset or a path of a datastore that the run reads and no argument names.
    Raises UserErrorException for a bare dataset, and for two inputs of one name.
    """
    configs: Dict[str, DatasetConsumptionConfig] = {}
    references: Dict[int, DatasetConsumptionConfig] = {}
    texts = []
    for argument in given:
        if isinstance(argument, AbstractDataset):
            raise _errors.UserErrorException(BARE)
        if isinstance(argument, DataReference):
            argument = references.setdefault(id(argument), _of_reference(argument))
        if isinstance(argument, DatasetConsumptionConfig):
            other = configs.setdefault(argument.name, argument)
            if not _are_one(other, argument):
                raise _errors.UserErrorException(
                    "two inputs are called {}; as_named_input gives each a name of its own".format(
                        argument.name
                    )
                )
        texts.append(str(argument))
    for name, value in (besides or {}).items():
        if name not in configs:
            configs[name] = _besides(name, value, workspace)
    # As the v1 SDK writes a reference into an argument by itself.
    texts = [_marked(text, configs) for text in texts]
    if not configs:
        return texts, []
    if workspace is None:
        raise _errors.UserErrorException("a dataset among the arguments needs a workspace")
    return texts, [config.order(workspace) for config in configs.values()]


def _are_one(one: DatasetConsumptionConfig, other: DatasetConsumptionConfig) -> bool:
    is_same = one.dataset is other.dataset or one.dataset == other.dataset
    return is_same and (one.mode, one.path_on_compute) == (other.mode, other.path_on_compute)


def _besides(name: str, value: Any, workspace: Optional[Place]) -> DatasetConsumptionConfig:
    """Return what a run configuration names as an input. Raises UserErrorException."""
    if isinstance(value, DataReferenceConfiguration) and workspace is not None:
        value = value.reference(workspace, name)
    if isinstance(value, DataReference):
        value = _of_reference(value)
    if not isinstance(value, DatasetConsumptionConfig):
        raise _errors.UserErrorException(
            "data_references and data of a run configuration hold datasets as inputs, and paths of"
            " a datastore, not {!r}".format(type(value).__name__)
        )
    same = DatasetConsumptionConfig(name, value.dataset, value.mode, value.path_on_compute)
    return value if value.name == name else same


def _marked(text: str, configs: Mapping[str, DatasetConsumptionConfig]) -> str:
    name = text[len(REFERENCE) :] if text.startswith(REFERENCE) else ""
    return str(configs[name]) if name in configs else text


def _of_reference(reference: DataReference) -> DatasetConsumptionConfig:
    """Return a path of a datastore as an input; it is what DataReference was before datasets."""
    stored = content.Stored(reference.datastore, [reference.path_on_datastore])
    name = re.sub(r"[^A-Za-z0-9_]", "_", reference.data_reference_name)[:100]
    mode, place = reference.mode, reference.path_on_compute
    return DatasetConsumptionConfig(name, FileDataset(stored), mode, place)


def of_script(environ: Mapping[str, str]) -> Dict[str, Tuple[str, str]]:
    """Return name → (mode, value) of the inputs of the run whose script this is.

    value: a path, or in mode direct which dataset it is.
    """
    found = {}
    for listed in environ.get(LISTED, "").split(","):
        name, _, mode = listed.strip().partition(":")
        value = environ.get(VALUE + name, environ.get(name))
        if name and value is not None:
            found[name] = (mode or "mount", value)
    return found
