"""For Settings: what a workspace keeps, what is free on the disk, and what limits are set."""

from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from runs import actors, disk, storage
from studio import queue
from studio.access import workspace_for

# A kind's title, what it is, and the page where some of it can be deleted.
KINDS = {
    "outputs": ("Files of runs", "outputs/, logs/ and what runs uploaded", "runs:experiments"),
    "code": ("Code of runs", "source folders as they were submitted", "runs:experiments"),
    "datasets": ("Datasets", "all versions", "registry:datasets"),
    "models": ("Models", "all versions", "registry:models"),
    "store": ("Store", "workspaceblobstore: what scripts uploaded by path", "registry:store"),
    "wheels": ("Private wheels", "packages of your own for environments", ""),
    "inputs": ("Data without a name", "read by runs, or fetched, and never registered", ""),
}


@login_required
@require_http_methods(["GET", "POST"])
def box(request: HttpRequest, workspace: str) -> HttpResponse:
    """What was counted last, with its time; POST counts again."""
    place = workspace_for(request.user, workspace)
    ask = partial(queue.send, actors.count_storage)
    told = storage.told(place, ask, anew=request.method == "POST")
    facts = {
        "workspace": place,
        "told": told,
        "kinds": [(kind, *KINDS[kind], kept) for kind, kept in told.kinds.items()],
        "disk": disk.facts(),
    }
    return render(request, "runs/_storage.html", facts)
