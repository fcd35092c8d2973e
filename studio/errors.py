"""The errors a person may meet, as one tree; their JSON and HTML faces.

    StudioError                 500 error
    ├── BadInput                400 bad_input            something sent is wrong, see `fields`
    │   ├── SnapshotTooLarge    413 snapshot_too_large
    │   └── UnsafePath          400 unsafe_path
    ├── NotSignedIn             401 not_signed_in
    ├── NotAllowed              403 not_allowed
    ├── NotFound                404 not_found            absent, or not yours: the same words
    │   ├── UnknownCluster      404 unknown_cluster
    │   └── ModelPathNotFound   404 model_path_not_found
    ├── Conflict                409 conflict             it is not in the state you think it is
    │   ├── WrongOffset         409 wrong_offset         `at` says where to go on
    │   └── MissingBlobs        409 missing_blobs        `missing` lists them
    ├── StorageAway             503 storage_away         the bucket that keeps contents
    ├── WrongVersion            426 wrong_version        client too old for this studio
    └── DiskFull                507 disk_full            again when there is room

The SDK turns `code` back into the class of the same name.
"""

import errno
import logging
import shutil
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework.response import Response

logger = logging.getLogger(__name__)


class StudioError(Exception):
    """Anything the studio says no to: `message` names the thing, the cause and the way out.

    fields: input field → what is wrong with it.   facts: more keys of the JSON answer.
    """

    code = "error"
    status = 500

    def __init__(self, message: str, *, fields: dict[str, str] | None = None, **facts: Any):
        super().__init__(message)
        self.message = message
        self.fields = fields or {}
        self.facts = facts

    def as_dict(self) -> dict[str, Any]:
        fields = {_sayable(name): _sayable(text) for name, text in self.fields.items()}
        message = _sayable(self.message)
        return {"code": self.code, "message": message, "fields": fields, **self.facts}


def _sayable(text: str) -> str:
    """A message may quote what was sent; half a surrogate pair could not be sent back."""
    return text.encode(errors="replace").decode()


class BadInput(StudioError):
    code, status = "bad_input", 400


class SnapshotTooLarge(BadInput):
    code, status = "snapshot_too_large", 413


class UnsafePath(BadInput):
    code, status = "unsafe_path", 400


class NotSignedIn(StudioError):
    code, status = "not_signed_in", 401


class NotAllowed(StudioError):
    code, status = "not_allowed", 403


class NotFound(StudioError):
    code, status = "not_found", 404


class UnknownCluster(NotFound):
    code, status = "unknown_cluster", 404


class ModelPathNotFound(NotFound):
    code, status = "model_path_not_found", 404


class Conflict(StudioError):
    code, status = "conflict", 409


class WrongOffset(Conflict):
    code, status = "wrong_offset", 409


class MissingBlobs(Conflict):
    code, status = "missing_blobs", 409


class StorageAway(StudioError):
    code, status = "storage_away", 503


class WrongVersion(StudioError):
    code, status = "wrong_version", 426


class DiskFull(StudioError):
    code, status = "disk_full", 507


NO_ROOM_BYTES = 64 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What SQLite and PostgreSQL say of it.
NO_ROOM_WORDS = ("disk is full", "no space left", "disk full")


def is_disk_full(error: BaseException) -> bool:
    """Whether something could not be kept because a disk of the studio is full."""
    if isinstance(error, OperationalError):
        said = str(error).lower()
        # SQLite cannot tell why it could not write beside its database.
        is_full = "disk i/o error" in said and shutil.disk_usage(settings.HOME).free < NO_ROOM_BYTES
        return is_full or any(words in said for words in NO_ROOM_WORDS)
    return isinstance(error, OSError) and error.errno in NO_ROOM


def unforeseen() -> StudioError:
    """What callers are told of an error that nobody foresaw; its cause stands in the log."""
    return StudioError("the studio failed; its log says why, beside this request's X-Request-Id")


def from_framework(error: Exception) -> StudioError | None:
    """Return our error for one of Django's or DRF's, None for what nobody foresaw."""
    if isinstance(error, StudioError):
        return error
    if is_disk_full(error):
        return DiskFull(
            "the studio's disk is full, so nothing new can be kept; runs go on, and what they make"
            " is brought when whoever keeps the studio has made room"
        )
    if isinstance(error, RecursionError):
        return BadInput("what was sent is nested too deeply")
    if isinstance(error, TooManyFieldsSent | TooManyFilesSent | RequestDataTooBig):
        return BadInput(_too_much(error))
    if isinstance(error, Http404 | drf.NotFound):
        return NotFound("there is nothing at this address")
    if isinstance(error, drf.AuthenticationFailed | drf.NotAuthenticated):
        return NotSignedIn(str(error.detail))
    if isinstance(error, PermissionDenied | drf.PermissionDenied):
        return NotAllowed(str(error) or "you may not do this here")
    if isinstance(error, drf.ValidationError):
        fields = _flat(error.detail)
        words = "; ".join(f"{name}: {text}" for name, text in fields.items())
        return BadInput(words or "something sent is wrong", fields=fields)
    if isinstance(error, drf.APIException):
        refused = BadInput(str(error.detail))
        refused.status = error.status_code
        return refused
    return None


def _too_much(error: Exception) -> str:
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return f"a body holds at most {most:,} bytes; send less at a time"
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    return f"an address or a form holds at most {most:,} values; ask for less at a time"


def _flat(detail: Any, name: str = "") -> dict[str, str]:
    if isinstance(detail, dict):
        return {
            key: text
            for part, inner in detail.items()
            for key, text in _flat(inner, f"{name}.{part}".strip(".")).items()
        }
    if isinstance(detail, list) and any(isinstance(part, dict) for part in detail):
        return {
            key: text
            for number, inner in enumerate(detail)
            for key, text in _flat(inner, f"{name}[{number}]").items()
        }
    words = [str(part) for part in detail] if isinstance(detail, list) else [str(detail)]
    return {name or "non_field_errors": " ".join(words)}


def as_json(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: `{"error": {"code", "message", "fields", …}}` with the class's status."""
    ours = said_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if ours.status == 401 else {}
    return Response({"error": ours.as_dict()}, status=ours.status, headers=headers)


def said_of(error: Exception) -> StudioError:
    """What callers of the API are told of any error; what nobody foresaw stands in the log."""
    ours = from_framework(error)
    if ours is None:
        logger.error("the API failed", exc_info=error)
        return unforeseen()
    return ours
