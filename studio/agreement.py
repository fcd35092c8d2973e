"""Old client with new studio, and the reverse: each says its version, and what to do about it.

A client says `X-Trainyard-Client: 0.1.0`, every answer of the API `X-Trainyard: 0.1.0`. A client
older than OLDEST_CLIENT is refused here; one that is too new for us refuses itself
(sdk/trainyard/_version.py). Who says nothing, a browser or curl, is let through, and so are
drivers: the studio that was there when their run began gave them their code, and they must be able
to deliver what they have after it was replaced.
"""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from studio import wheel
from studio.errors import WrongVersion

# Raised when the API takes back what an older client calls.
OLDEST_CLIENT = "0.1.0"
API, DRIVER = "/api/v1/", "/api/v1/driver/"
VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,2}")


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


def problem(client: str) -> WrongVersion | None:
    """Return why a client of this version cannot be served; None where it can."""
    found = VERSION.match(client)
    if found is None or _numbers(found.group()) >= _numbers(OLDEST_CLIENT):
        return None
    studio = wheel.version()
    return WrongVersion(
        f"this client (trainyard {found.group()}) is too old for the studio at {settings.URL}"
        f" ({studio}), which needs {OLDEST_CLIENT} or newer. Install the one that it serves:"
        f" pip install --upgrade {settings.URL}/sdk/{wheel.current().name}",
        client=found.group(),
        studio=studio,
        oldest=OLDEST_CLIENT,
    )


class Versions:
    """Says our version in the API's answers, and refuses clients that are too old."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API):
            return self.get_response(request)
        client = request.headers.get("X-Trainyard-Client", "")
        wrong = None if request.path.startswith(DRIVER) or not client else problem(client)
        response: HttpResponseBase
        if wrong is None:
            response = self.get_response(request)
        else:
            response = JsonResponse({"error": wrong.as_dict()}, status=wrong.status)
        response["X-Trainyard"] = wheel.version()
        return response
