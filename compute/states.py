"""Cluster nodes and image builds: states, and the moves between them. Pure data."""

from django.db.models import TextChoices


class Backend(TextChoices):
    """Where the tasks of a cluster run."""

    LOCAL = "local"


class NodeState(TextChoices):
    """A node is a reservation of a cluster's size: idle, or held by one key."""

    IDLE = "Idle"
    BUSY = "Running"


class BuildState(TextChoices):
    """How far an image build is."""

    WAITING = "Waiting"
    SOLVING = "Solving"
    INSTALLING = "Installing"
    READY = "Ready"
    FAILED = "Failed"


BUILD_MOVES = {
    BuildState.WAITING: (BuildState.SOLVING, BuildState.FAILED),
    BuildState.SOLVING: (
        BuildState.INSTALLING,
        BuildState.READY,
        BuildState.FAILED,
        BuildState.WAITING,
    ),
    BuildState.INSTALLING: (BuildState.READY, BuildState.FAILED, BuildState.WAITING),
    BuildState.READY: (BuildState.WAITING,),
    BuildState.FAILED: (BuildState.WAITING,),
}
BUILD_ENDED = (BuildState.READY, BuildState.FAILED)
