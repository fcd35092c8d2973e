"""What one step of a pipeline writes, as an input of another: known before there are any files."""

import copy
from typing import Any, Dict, Optional

from trainyard import _errors
from trainyard._datasets.base import AbstractDataset, DatasetConsumptionConfig
from trainyard._lazy import uuid
from trainyard._place import Place

ONLY_BETWEEN_STEPS = (
    "{0} is what a step of a pipeline writes, and can be read by another step of it only;"
    " register_on_complete(name) on the output, and Dataset.get_by_name(workspace, name), make it"
    " an input of any run"
)
NOT_YET = (
    "the files of {0} are there when its step has run: then"
    " pipeline_run.find_step_run(step)[0].get_output_data(name) has them"
)


class Link:
    """What all copies of an output share, so that its readers find the step that writes it."""

    # The step that writes it, once one does.
    producer: Any = None

    def __init__(self, name: str):
        self.name = name

    def __copy__(self) -> "Link":
        return self

    def __deepcopy__(self, memo: Any) -> "Link":
        return self


class StepOutput(AbstractDataset):
    """What a step writes, as a dataset that has no files yet.

    reading: how it is read as a table, as TabularDataset has it; {} where it is files.
    """

    def __init__(self, link: Link, reading: Optional[Dict[str, Any]] = None):
        self._link = link
        self._facts: Dict[str, Any] = {}
        self._reading = reading or {}
        self._at: Optional[Dict[str, Any]] = None

    def __getattr__(self, name: str) -> Any:
        # Above all `_content`: whoever asks for files that are not there yet is told so.
        if name == "_content":
            raise _errors.UserErrorException(NOT_YET.format(self._link.name))
        raise AttributeError(name)

    @property
    def link(self) -> Link:
        """What ties it to the step that writes it."""
        return self._link

    @property
    def reading(self) -> Dict[str, Any]:
        """How it is read as a table; {} where it is files."""
        return dict(self._reading)

    def at(self, number: int, output: str) -> "StepOutput":
        """Return it as an input is told to the studio: output `output` of step `number`."""
        found = copy.copy(self)
        found._at = {"output_of": number, "output": output}
        return found

    def _named(self, workspace: Place, mode: str) -> Dict[str, Any]:
        if self._at is None:
            raise _errors.UserErrorException(ONLY_BETWEEN_STEPS.format(self._link.name))
        return dict(self._at)

    def __repr__(self) -> str:
        return "StepOutput({!r})".format(self._link.name)


def as_input(
    link: Link, name: Optional[str], reading: Optional[Dict[str, Any]] = None
) -> DatasetConsumptionConfig:
    """Return what a step writes as an input of the next; without a name it gets one.

    Files are mounted; a table, which `reading` says how to read, is in run.input_datasets.
    """
    name = name or "input_{:.8}".format(uuid.uuid4().hex)
    mode = "direct" if reading else "mount"
    return DatasetConsumptionConfig(name, StepOutput(link, reading), mode)
