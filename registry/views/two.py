"""What the pages that compare two versions share: which two are asked for, and what is wrong."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registry.models import Version
from studio.errors import StudioError
from studio.models import Workspace


class Comparison(NamedTuple):
    """A kind of version that is compared: how one is found, which to choose from, what differs."""

    template: str
    title: str
    find: Callable[[Workspace, str], Version]
    choices: Callable[[Workspace], list[Version]]
    differences: Callable[[Version, Version], dict[str, Any]]


def compare(request: HttpRequest, place: Workspace, of: Comparison) -> HttpResponse:
    """`?a=name:1&b=other:2`; or `?v=` twice, as the list of versions sends it."""
    picked = request.GET.getlist("v")
    asked = [request.GET.get(key, "") for key in "ab"] if not picked else [*reversed(picked), ""]
    facts: dict[str, Any] = {
        "workspace": place,
        "asked_a": asked[0],
        "asked_b": asked[1],
        "choices": of.choices(place),
        "title": of.title,
    }
    try:
        found = [of.find(place, text) for text in asked[:2] if text.strip()]
    except StudioError as error:
        return render(request, of.template, {**facts, "problem": error.message})
    if found:
        facts["a"] = found[0]
    if len(found) == 2:
        a, b = found
        facts |= {"b": b, "both": [a, b], "title": f"{a} → {b}", **of.differences(a, b)}
    return render(request, of.template, facts)
