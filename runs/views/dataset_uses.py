"""When datasets were read last, for the list of them: a fragment that fills its cells."""

from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from runs.models import RunInput
from studio.access import workspace_for
from studio.errors import BadInput
from studio.pages import MOST_ON_A_PAGE


@login_required
def datasets_used(request: HttpRequest, workspace: str) -> HttpResponse:
    """For datasets by their `?ids=`: the time of the newest run that read any version of each."""
    place = workspace_for(request.user, workspace)
    try:
        keys = [int(key) for key in request.GET.get("ids", "").split(",")[:MOST_ON_A_PAGE]]
    except ValueError:
        raise BadInput("ids are whole numbers, split at commas") from None
    found = RunInput.objects.filter(
        run__experiment__workspace=place, version__asset__in=keys, version__asset__workspace=place
    )
    last = dict(found.order_by().values_list("version__asset").annotate(Max("run__created_at")))
    return render(request, "runs/_datasets_used.html", {"rows": [(k, last.get(k)) for k in keys]})
