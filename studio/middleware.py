"""Around every request: an id in the log, what pages may load, our errors as pages."""

import contextvars
import logging
import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from studio.errors import NotSignedIn, StudioError, from_framework

logger = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponseBase]
request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")
WANTED_ID = re.compile(r"[\w.-]{1,64}")


class RequestId:
    """Gives each request an id (the caller's X-Request-Id where it is sane) and returns it.

    Refuses NUL in an address: no name has one, and PostgreSQL would fail on it.
    """

    def __init__(self, get_response: Answer):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.headers.get("X-Request-Id", "")
        name = asked if WANTED_ID.fullmatch(asked) else secrets.token_hex(6)
        request_id.set(name)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponse("an address cannot hold NUL", status=400, content_type="text/plain")
        response = self.get_response(request)
        response["X-Request-Id"] = name
        return response


class ContentSecurityPolicy:
    """Pages load only from here; the one inline script, the import map, needs the nonce.

    Styles may be inline because Plotly writes its own; a view that set a policy keeps it.
    """

    def __init__(self, get_response: Answer):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'"
            " 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none';"
            " frame-ancestors 'none'; form-action 'self'",
        )
        return response


class ErrorPages:
    """Our errors as a page; for htmx as a short text the page can show."""

    def __init__(self, get_response: Answer):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        ours = from_framework(error)
        if ours is None:
            logger.error("request %s failed", request_id.get(), exc_info=error)
            return None
        if isinstance(ours, NotSignedIn):
            return redirect("studio:sign-in")
        return error_page(request, ours)


def error_page(request: HttpRequest, error: StudioError) -> HttpResponse:
    """Answer with the error's message and way out, in the frame of the studio."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(error.message, status=error.status, content_type="text/plain")
    else:
        template = {403: "403.html", 404: "404.html"}.get(error.status, "500.html")
        facts = {"error": error, "request_id": request_id.get()}
        response = render(request, template, facts, status=error.status)
    patch_vary_headers(response, ["HX-Request"])
    return response
