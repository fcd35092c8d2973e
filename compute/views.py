"""Pages of clusters. What runs on them and waits for them are fragments of runs."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now as clock
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from compute import clusters, machine, shown, sizes
from compute.access import cluster_for
from compute.backends import engine as engines
from compute.forms import ClusterForm
from compute.models import Cluster
from compute.states import Backend, NodeState
from studio.access import allow, workspace_for
from studio.errors import NotAllowed, UnknownCluster
from studio.models import User, Workspace
from studio.pages import gone, is_fragment

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


def _may_change(request: HttpRequest, workspace: Workspace) -> bool:
    try:
        return allow(request.user, workspace, write=True)
    except NotAllowed:
        return False


@login_required
@vary_on_headers("HX-Request")
def cluster_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The clusters with their nodes, beside what this machine has."""
    place = workspace_for(request.user, workspace)
    found = Cluster.objects.there().filter(workspace=place).prefetch_related("nodes")
    rows = [
        (row, sizes.known(row.node_size), shown.nodes_facts(row, row.nodes.all())) for row in found
    ]
    facts = {"workspace": place, "rows": rows, "may_change": _may_change(request, place)}
    if is_fragment(request):
        return render(request, "compute/_clusters.html", facts)
    return render(request, "compute/clusters.html", {**facts, **_machine_facts()})


def _machine_facts() -> dict[str, object]:
    return {"machine": machine.this(), "shares": shown.taken_here()}


@login_required
def machine_now(request: HttpRequest, workspace: str) -> HttpResponse:
    """What this machine has and how much of it busy nodes take."""
    workspace_for(request.user, workspace)
    return render(request, "compute/_machine.html", _machine_facts())


@login_required
@vary_on_headers("HX-Request")
def cluster(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """One cluster; who is on its nodes and in its queue comes as a fragment of runs.

    Asked by htmx, its settings and the machine alone.
    """
    place = workspace_for(request.user, workspace)
    try:
        found = cluster_for(place, name)
    except UnknownCluster:
        if is_fragment(request):
            return gone("cluster-gone")
        raise
    size = sizes.known(found.node_size)
    facts = {"workspace": place, "cluster": found, "size": size, **_machine_facts()}
    if is_fragment(request):
        return render(request, "compute/_settings.html", facts)
    nodes = list(found.nodes.all())
    facts |= {
        "rows": [(node, None) for node in nodes],
        "may_change": _may_change(request, place),
        **shown.nodes_facts(found, nodes),
    }
    return render(request, "compute/cluster.html", facts)


@login_required
def new_cluster(request: HttpRequest, workspace: str) -> HttpResponse:
    """The form of a new cluster, and its submission."""
    place = workspace_for(request.user, workspace, write=True)
    form = ClusterForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := form.save(place)):
        messages.success(request, f"{made.name} is made. Its nodes come up when runs wait.")
        return redirect("compute:cluster", place.name, made.name)
    return _form(request, place, form)


@login_required
def resize(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """The same form for a cluster that is there. What runs on it goes on."""
    place = workspace_for(request.user, workspace, write=True)
    found = cluster_for(place, name)
    form = ClusterForm(request.POST or None, cluster=found)
    if request.method == "POST" and form.is_valid() and form.save(place):
        messages.success(request, f"{found.name} is changed.")
        return redirect("compute:cluster", place.name, found.name)
    return _form(request, place, form)


def _form(request: HttpRequest, place: Workspace, form: ClusterForm) -> HttpResponse:
    here = machine.this()
    people = User.objects.filter(is_active=True).count()
    facts = {
        "workspace": place,
        "form": form,
        "cluster": form.cluster,
        "backend": form.cluster.backend if form.cluster else form["backend"].value(),
        "kinds": Backend,
        "machine": here,
        "people": people,
        "is_local_closed": people > 1 and not settings.LOCAL_BACKEND_FOR_ALL,
        "start": {
            "cpus": here.cpus,
            "memory_gib": here.memory_gib,
            "gpus": len(here.gpus),
            "workspace": place.name,
        },
    }
    return render(request, "compute/form.html", facts)


@require_POST
@login_required
def delete(request: HttpRequest, workspace: str, name: str) -> HttpResponse:
    """Take a cluster away; runs on its nodes finish."""
    place = workspace_for(request.user, workspace, write=True)
    clusters.delete(cluster_for(place, name), clock())
    messages.success(
        request, f"{name} is deleted. What ran on it finishes; what waited for it is canceled."
    )
    return redirect("compute:clusters", place.name)


@login_required
def engine(request: HttpRequest, workspace: str) -> HttpResponse:
    """Whether a Docker engine answers. A fragment of its own, because that may take seconds."""
    workspace_for(request.user, workspace)
    facts = {"engine": engines.look(), "url": settings.DOCKER_URL}
    return render(request, "compute/_engine.html", facts)


@login_required
def load(request: HttpRequest, workspace: str) -> HttpResponse:
    """How busy the clusters are: for the navigation, or as a card for Home."""
    place = workspace_for(request.user, workspace)
    found = _with_load(place)
    if request.GET.get("as") == "card":
        facts = {"workspace": place, "clusters": found}
        return render(request, "compute/_card.html", facts)
    facts = {"workspace": place, "clusters": found[:MOST_IN_NAVIGATION]}
    return render(request, "compute/_load.html", facts)
