"""What runs read, for other pages."""

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registry.access import version_for
from registry.models import Kind
from runs import output_datasets
from runs.models import Run, RunAsset, RunInput
from studio.access import workspace_for
from studio.pages import page

MOST_RUNS = 10
MOST_MODELS = 20
MOST_MAKERS = 5


@login_required
def dataset_runs(request: HttpRequest, workspace: str, name: str, number: int) -> HttpResponse:
    """For a dataset version's page: the runs that made it and that read it, newest first.

    With what those that read it made.
    """
    place = workspace_for(request.user, workspace)
    version = version_for(place, Kind.DATASET, name, number)
    of_run = RunInput.objects.filter(run=OuterRef("pk"), version=version)
    found = Run.objects.filter(Exists(of_run), experiment__workspace=place)
    runs, following = page(
        found.select_related("experiment").order_by("-id"), request.GET.get("cursor"), MOST_RUNS
    )
    made = RunAsset.objects.filter(
        direction=RunAsset.Direction.OUT,
        run__in=found.order_by().values("pk"),
        version__asset__kind=Kind.MODEL,
    )
    facts = {
        "makers": output_datasets.made(version).select_related("experiment")[:MOST_MAKERS],
        "workspace": place,
        "version": version,
        "runs": runs,
        "count": found.count(),
        "following": following,
        "models": made.select_related("version__asset").order_by("-id")[:MOST_MODELS],
    }
    return render(request, "runs/_dataset_runs.html", facts)
