"""Pages of clusters. What runs on them is a fragment of runs."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from compute import sizes
from compute.access import cluster_for
from compute.models import Cluster
from compute.states import NodeState
from studio.access import workspace_for
from studio.models import Workspace
from studio.pages import is_fragment

MOST_IN_NAVIGATION = 3


def _with_load(workspace: Workspace) -> QuerySet[Cluster]:
    """The workspace's clusters, each with `busy` and `idle` nodes counted."""
    return (
        Cluster.objects.there()
        .filter(workspace=workspace)
        .annotate(
            busy=Count("nodes", filter=Q(nodes__state=NodeState.BUSY)),
            idle=Count("nodes", filter=Q(nodes__state=NodeState.IDLE)),
        )
    )


@login_required
@vary_on_headers("HX-Request")
def cluster_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The clusters with their load."""
    place = workspace_for(request.user, workspace)
    rows = [(cluster, sizes.known(cluster.node_size)) for cluster in _with_load(place)]
    facts = {"workspace": place, "rows": rows}
    if is_fragment(request):
        return render(request, "compute/_clusters.html", facts)
    return render(request, "compute/clusters.html", facts)


@login_required
@vary_on_headers("HX-Request")
def cluster(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """One cluster: its nodes, and by a fragment of runs what runs and waits there."""
    place = workspace_for(request.user, workspace)
    found = _with_load(place).get(pk=cluster_for(place, name).pk)
    facts = {
        "workspace": place,
        "cluster": found,
        "size": sizes.known(found.node_size),
        "nodes": found.nodes.all(),
    }
    if is_fragment(request):
        return render(request, "compute/_nodes.html", facts)
    return render(request, "compute/cluster.html", facts)


@login_required
def load(request: HttpRequest, workspace: str) -> HttpResponse:
    """How busy the clusters are: for the navigation, or as a card for Home."""
    place = workspace_for(request.user, workspace)
    clusters = _with_load(place)
    if request.GET.get("as") == "card":
        facts = {"workspace": place, "clusters": clusters}
        return render(request, "compute/_card.html", facts)
    facts = {"workspace": place, "clusters": clusters[:MOST_IN_NAVIGATION]}
    return render(request, "compute/_load.html", facts)
