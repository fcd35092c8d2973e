"""resume_from: what a script is to go on from, as an input and an argument of it."""

from typing import Any, List

from trainyard import _errors
from trainyard._datasets import content
from trainyard._datasets.base import DatasetConsumptionConfig, FileDataset
from trainyard._datastore import DataPath, DataReference
from trainyard._model import Model

ARGUMENT = "--resume-from"
NAME = "MODEL_LOCATION"  # the script may also read AZUREML_DATAREFERENCE_MODEL_LOCATION


def arguments(resume_from: Any) -> List[Any]:
    """Return what the script's arguments get: `--resume-from`, and the path of the files there.

    resume_from: a path of a datastore (DataPath, DataReference), a FileDataset or an input of one,
    a Model. Raises UserErrorException for anything else.
    """
    if isinstance(resume_from, DatasetConsumptionConfig):
        given = resume_from
        mode = "mount" if given.mode == "direct" else given.mode
        where = given.path_on_compute
        return [ARGUMENT, DatasetConsumptionConfig(NAME, given.dataset, mode, where)]
    if isinstance(resume_from, FileDataset):
        return [ARGUMENT, DatasetConsumptionConfig(NAME, resume_from, "mount")]
    if isinstance(resume_from, DataPath) and resume_from._datastore is not None:
        path, mode = resume_from.path_on_datastore, getattr(resume_from, "mode", "mount")
        return [ARGUMENT, DataReference(resume_from._datastore, NAME, path, mode)]
    if isinstance(resume_from, Model):
        files = content.Tree(resume_from.workspace, resume_from._tree(), [resume_from.id])
        return [ARGUMENT, DatasetConsumptionConfig(NAME, FileDataset(files), "mount")]
    raise _errors.UserErrorException(
        "resume_from takes a path of a datastore, a FileDataset or a Model, not {!r}: files of this"
        " computer are put there by datastore.upload(folder, target_path='checkpoint'), and are"
        " then datastore.path('checkpoint')".format(resume_from)
    )
