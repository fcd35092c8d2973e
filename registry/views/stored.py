"""Pages of the workspace's store: its folders, and what removing something of it frees."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from registry import store
from registry.models import StoredFile
from registry.views import dataset_files
from studio.access import workspace_for
from studio.errors import NotFound
from studio.pages import is_fragment


@login_required
@vary_on_headers("HX-Request")
def stored(request: HttpRequest, workspace: str) -> HttpResponse:
    """The folder `?path=` of the store, from `?cursor=` on; by htmx its table alone."""
    place = workspace_for(request.user, workspace)
    files = StoredFile.objects.filter(workspace=place)
    shown = dataset_files.listed(files, request.GET, "updated_at")
    # While one looks at a folder it may become empty: then the page says so.
    if shown.path and not shown.entries and not is_fragment(request):
        raise NotFound(f'no folder "{shown.path[:200]}" in the store of workspace {place}')
    facts = {
        "workspace": place,
        "shown": shown,
        "api": f"/api/v1/workspaces/{place.name}/store",
    }
    name = "registry/_stored.html" if is_fragment(request) else "registry/stored.html"
    return render(request, name, facts)


@login_required
def freed(request: HttpRequest, workspace: str) -> HttpResponse:
    """For the question before `?path=` is removed from the store: what that frees."""
    place = workspace_for(request.user, workspace)
    going = store.removal(place, request.GET.get("path", ""))
    return render(request, "registry/_stored-freed.html", {"going": going})
