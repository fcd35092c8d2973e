"""The SDK's wheel over HTTP, and the simple index (PEP 503) that pip finds it by.

No sign-in: pip has no way to ask for one without a password in its command, where histories and
logs keep it, and what is served is the source that every checkout has, the same for everyone. It
holds nothing of this studio: no address, no token, no user.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from studio import wheel

PACKAGE = "trainyard"
PAGE = "<!doctype html><html><head><title>{}</title></head><body>{}</body></html>\n"


@require_safe
def download(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the wheel `name`; of another version there is none."""
    found = wheel.current()
    if name != found.name:
        return _nothing(f"there is no {name} here; this studio's client is {found.name}")
    response = HttpResponse(found.content, content_type="application/octet-stream")
    response["ETag"] = f'"{found.sha256}"'
    # A studio under development changes it without another version: pip asks again each time.
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the packages that can be had here: one."""
    link = format_html('<a href="{}">trainyard</a>', reverse("studio:sdk-package", args=[PACKAGE]))
    return HttpResponse(format_html(PAGE, "Packages", link))


@require_safe
def package(request: HttpRequest, name: str) -> HttpResponse:
    """List the files of the package, with the hash that pip checks; of others there are none."""
    if name != PACKAGE:
        return _nothing(f"this index has {PACKAGE} alone; name others' index beside it")
    found = wheel.current()
    address = reverse("studio:sdk-wheel", args=[found.name])
    link = format_html(
        '<a href="{}#sha256={}" data-requires-python="&gt;=3.6">{}</a>',
        address, found.sha256, found.name,
    )  # fmt: skip
    return HttpResponse(format_html(PAGE, "trainyard", link))


def _nothing(why: str) -> HttpResponse:
    """Say so to pip, which would take the page for signing in as an empty list."""
    return HttpResponseNotFound(why + "\n", content_type="text/plain")
