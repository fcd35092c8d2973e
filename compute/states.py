"""Cluster nodes and image builds: states, and the moves between them. Pure data."""

from django.db.models import TextChoices


class Backend(TextChoices):
    """Where the tasks of a cluster run."""

    LOCAL = "local"
    DOCKER = "docker"


class Priority(TextChoices):
    """Whose runs go first where clusters share a machine: the names users of the SDK know."""

    DEDICATED = "dedicated"
    LOW = "lowpriority"


class ImageKind(TextChoices):
    """What an image is: a folder on this machine, or an image of the Docker engine."""

    LOCAL = "local"
    DOCKER = "docker"


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
    CANCELED = "Canceled"


BUILD_MOVES = {
    BuildState.WAITING: (BuildState.SOLVING, BuildState.FAILED, BuildState.CANCELED),
    BuildState.SOLVING: (
        BuildState.INSTALLING,
        BuildState.READY,
        BuildState.FAILED,
        BuildState.CANCELED,
        BuildState.WAITING,
    ),
    BuildState.INSTALLING: (
        BuildState.READY,
        BuildState.FAILED,
        BuildState.CANCELED,
        BuildState.WAITING,
    ),
    BuildState.READY: (BuildState.WAITING,),
    BuildState.FAILED: (BuildState.WAITING,),
    BuildState.CANCELED: (BuildState.WAITING,),
}
BUILD_ENDED = (BuildState.READY, BuildState.FAILED, BuildState.CANCELED)
