"""The errors of the SDK, as one tree. Every name that scripts of the v1 SDK catch is in it.

AzureMLException
├── UserErrorException                a call was made with something wrong
├── ComputeTargetException            unknown cluster, or it cannot do that
├── ExperimentException
│   └── ExperimentExecutionException  a run could not be submitted or followed
├── ActivityFailedException           the run that was waited for has failed
├── ModelPathNotFoundException        the run has no such file or folder
├── SnapshotException                 the source folder cannot be sent
├── RunEnvironmentException           this process is not a run of the studio
├── RunConfigurationException · WorkspaceException · WebserviceException
├── Unreachable                       no answer from the studio, after all tries
└── StudioError                       the studio says no; the classes mirror its codes
    ├── BadInput (UserErrorException)
    │   ├── SnapshotTooLarge (SnapshotException)
    │   └── UnsafePath (SnapshotException)
    ├── NotSignedIn · NotAllowed (UserErrorException)
    ├── NotFound (UserErrorException)
    │   ├── UnknownCluster (ComputeTargetException)
    │   └── ModelPathNotFound (ModelPathNotFoundException)
    ├── Conflict
    │   ├── WrongOffset               `facts["at"]` says where to go on
    │   └── MissingBlobs              `facts["missing"]` lists them
    ├── DiskFull · StorageAway        the studio cannot keep it now
    └── WrongVersion                  client and studio cannot work together: which is newer
"""

import json
from typing import Any, Dict, Optional


class AzureMLException(Exception):
    """Anything that goes wrong in the SDK; `message` says what, why and the way out."""

    _error_code = "Error"

    def __init__(
        self,
        exception_message: str,
        target: Optional[str] = None,
        details: Any = None,
        inner_exception: Optional[BaseException] = None,
        **kwargs: Any,
    ):
        super().__init__(exception_message)
        self.message = str(exception_message)
        self.inner_exception = inner_exception
        self._exception_details = details
        self._target = target

    def __str__(self) -> str:
        # Scripts and people search for this layout; it is the v1 SDK's.
        answer = {"error": {"code": self._error_code, "message": self.message}}
        return "{}:\n\tMessage: {}\n\tInnerException {}\n\tErrorResponse \n{}".format(
            type(self).__name__, self.message, self.inner_exception, json.dumps(answer, indent=4)
        )


class UserErrorException(AzureMLException):
    """A call was made with something wrong, or asks for what is not there."""

    _error_code = "UserError"


class ComputeTargetException(AzureMLException):
    """There is no such cluster, or it cannot be what was asked of it."""

    _error_code = "UserError"


class ExperimentException(AzureMLException):
    """Something about an experiment or its runs went wrong."""


class ExperimentExecutionException(ExperimentException):
    """A run could not be submitted or followed."""


class ActivityFailedException(AzureMLException):
    """The run, or the image, that was waited for has failed; the text says why."""


class ModelPathNotFoundException(AzureMLException):
    """The run has no such file or folder; the text lists those it has."""

    _error_code = "UserError"


class SnapshotException(AzureMLException):
    """The source folder cannot be sent: it is absent, too large, or holds odd paths."""

    _error_code = "UserError"


class RunEnvironmentException(AzureMLException):
    """This process is not a run of a studio, or its run cannot do that here."""


class RunConfigurationException(AzureMLException):
    """A run configuration cannot be read, or asks for what cannot be."""

    _error_code = "UserError"


class WorkspaceException(AzureMLException):
    """There is no such workspace for this token, or one of that name already."""

    _error_code = "UserError"


class WebserviceException(AzureMLException):
    """There is no such model, or its file is here already; named so by the v1 SDK.

    status_code: of the studio's answer, None where nothing was asked.
    """

    def __init__(self, exception_message: str, status_code: Optional[int] = None, **kwargs: Any):
        super().__init__(exception_message, **kwargs)
        self.status_code = status_code


class Unreachable(AzureMLException):
    """No answer from the studio; the message lists what was tried, and for how long."""

    _error_code = "Unreachable"


class StudioError(AzureMLException):
    """The studio answered with an error.

    code, status: as in the API's error table.   fields: input → what is wrong with it.
    facts: the answer's further keys.
    """

    code = "error"

    def __init__(
        self,
        exception_message: str,
        status: int = 500,
        fields: Optional[Dict[str, str]] = None,
        facts: Optional[Dict[str, Any]] = None,
        **kwargs: Any,
    ):
        super().__init__(exception_message, **kwargs)
        self.status = status
        self.fields = fields or {}
        self.facts = facts or {}


class BadInput(StudioError, UserErrorException):
    """Something that was sent is wrong; `fields` says of each input what."""

    code = "bad_input"


class SnapshotTooLarge(BadInput, SnapshotException):
    """The source folder, as it was sent, is larger than the studio takes."""

    code = "snapshot_too_large"


class UnsafePath(BadInput, SnapshotException):
    """A path that was sent leads out of its folder, or is no path."""

    code = "unsafe_path"


class NotSignedIn(StudioError, UserErrorException):
    """The token is wrong, has ended or was taken back."""

    code = "not_signed_in"


class NotAllowed(StudioError, UserErrorException):
    """The token's owner may not do this in this workspace."""

    code = "not_allowed"


class NotFound(StudioError, UserErrorException):
    """It is not there, or this token may not see it: the words are the same."""

    code = "not_found"


class UnknownCluster(NotFound, ComputeTargetException):
    """There is no such cluster; the text lists those there are."""

    code = "unknown_cluster"


class ModelPathNotFound(NotFound, ModelPathNotFoundException):
    """The run has no such file or folder; the text lists those it has."""

    code = "model_path_not_found"


class Conflict(StudioError):
    """It is not in the state that the call needs: ended already, taken, changed meanwhile."""

    code = "conflict"


class WrongOffset(Conflict):
    """A piece of an upload or a log came twice or too early; facts["at"] is where to go on."""

    code = "wrong_offset"


class MissingBlobs(Conflict):
    """Contents that were named were never sent; facts["missing"] lists their SHA-256."""

    code = "missing_blobs"


class StorageAway(StudioError):
    """The place where the studio keeps contents does not answer; try again later."""

    code = "storage_away"


class DiskFull(StudioError):
    """The studio has no room to keep anything new."""

    code = "disk_full"


class WrongVersion(StudioError):
    """Client and studio cannot work together; the message says which is newer, and what to do."""

    code = "wrong_version"


BY_CODE = {
    kind.code: kind
    for kind in (
        StudioError,
        BadInput,
        SnapshotTooLarge,
        UnsafePath,
        NotSignedIn,
        NotAllowed,
        NotFound,
        UnknownCluster,
        ModelPathNotFound,
        Conflict,
        WrongOffset,
        MissingBlobs,
        StorageAway,
        DiskFull,
        WrongVersion,
    )
}


def from_answer(status: int, body: bytes) -> StudioError:
    """Return the error that an answer of the studio stands for, by its `code`."""
    try:
        words = json.loads(body.decode("utf-8"))["error"]
        code, message = words["code"], words["message"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError):
        start = body[:200].decode("utf-8", "replace").strip()
        return StudioError(
            "the studio answered HTTP {} without saying why: {}".format(status, start or "-"),
            status=status,
        )
    fields = words.pop("fields", None)
    facts = {key: value for key, value in words.items() if key not in ("code", "message")}
    kind = BY_CODE.get(code, StudioError)
    error = kind(message, status=status, fields=fields, facts=facts)
    error.code = code
    return error


def not_built(call: str, instead: str) -> NotImplementedError:
    """Return the error for a call of the v1 SDK that this studio does not have yet."""
    return NotImplementedError(
        "{} is not part of this studio's SDK yet. Instead: {}".format(call, instead)
    )
