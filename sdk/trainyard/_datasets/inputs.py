"""The datasets among a script's arguments, and in the script what became of them."""

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from trainyard import _errors
from trainyard._datasets import content
from trainyard._datasets.base import AbstractDataset, DatasetConsumptionConfig, FileDataset
from trainyard._datastore import DataReference
from trainyard._place import Place

BARE = (
    "Dataset cannot be used directly in a run. Use the as_mount or the as_download method of the"
    " dataset instead: arguments=['--data', dataset.as_mount()]"
)
LISTED = "AZUREML_DATASET_ENVIRONMENT_VARS"
VALUE = "AZUREML_DATAREFERENCE_"


def arguments(
    given: List[Any], workspace: Optional[Place]
) -> Tuple[List[str], List[Dict[str, Any]]]:
    """Return a script's arguments as the texts they are on the way, and the inputs among them.

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
    if not configs:
        return texts, []
    if workspace is None:
        raise _errors.UserErrorException("a dataset among the arguments needs a workspace")
    return texts, [config.order(workspace) for config in configs.values()]


def _are_one(one: DatasetConsumptionConfig, other: DatasetConsumptionConfig) -> bool:
    is_same = one.dataset is other.dataset or one.dataset == other.dataset
    return is_same and (one.mode, one.path_on_compute) == (other.mode, other.path_on_compute)


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
