"""Wheels that people keep, for pip: without a sign-in, by an address that carries their hash.

pip has no way to sign in without a password in its command. Only wheels that somebody added are
here, no other file of the studio, and whoever knows the hash of one has it or was told.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from registry import wheels
from studio.errors import NotFound
from studio.files.downloads import file_response


@require_safe
def wheel(request: HttpRequest, sha256: str, name: str) -> HttpResponseBase:
    """Answer with one wheel (Range, ETag); plain words for pip where there is none."""
    try:
        found = wheels.get(sha256, name)
    except NotFound as error:
        return HttpResponse(f"{error.message}\n", status=404, content_type="text/plain")
    return file_response(request, found.blob, found.name)
