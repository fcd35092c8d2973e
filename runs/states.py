"""A run's life as data: states, the moves between them, why it ends and as what."""

from django.db.models import TextChoices


class State(TextChoices):
    """The names users of the SDK know; one vocabulary for rows, API, SDK and pages."""

    NOT_STARTED = "NotStarted"
    PREPARING = "Preparing"
    QUEUED = "Queued"
    PROVISIONING = "Provisioning"
    STARTING = "Starting"
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    NOT_RESPONDING = "NotResponding"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


class Reason(TextChoices):
    """Why a run ended."""

    SUCCEEDED = "succeeded", "the script ended with exit code 0"
    SCRIPT_FAILED = "script-failed", "the script ended with an error"
    ENVIRONMENT_FAILED = "environment-failed", "its environment could not be built"
    START_FAILED = "start-failed", "its code could not be laid out or started"
    OUTPUT_FAILED = "output-failed", "what it wrote for a dataset could not be kept"
    LOST = "lost", "its process ended without a word"
    CANCELED = "canceled", "somebody canceled it"
    TIME_LIMIT = "time-limit", "it took longer than it was allowed"
    STEP_FAILED = "step-failed", "a step of it was not Completed"


class StepState(TextChoices):
    """How far a pipeline run is with one of its steps; once that has begun, its run says more."""

    WAITING = "NotStarted"
    DUE = "Due"
    BEGUN = "Begun"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


class Distribution(TextChoices):
    """Which variables tell the processes of a run where they are among each other."""

    PYTORCH = "PyTorch", "PyTorch"
    MPI = "Mpi", "MPI"
    TENSORFLOW = "TensorFlow", "TensorFlow"


ENDS_AS = {
    Reason.SUCCEEDED: State.COMPLETED,
    Reason.SCRIPT_FAILED: State.FAILED,
    Reason.ENVIRONMENT_FAILED: State.FAILED,
    Reason.START_FAILED: State.FAILED,
    Reason.OUTPUT_FAILED: State.FAILED,
    Reason.LOST: State.FAILED,
    Reason.CANCELED: State.CANCELED,
    Reason.TIME_LIMIT: State.CANCELED,
    Reason.STEP_FAILED: State.FAILED,
}

FINAL = (State.COMPLETED, State.FAILED, State.CANCELED)
# The stages of the bar on a run's page, in order.
STAGES = (State.PREPARING, State.QUEUED, State.STARTING, State.RUNNING, State.FINALIZING)
ACTIVE = tuple(state for state in State if state not in FINAL)
# States in which a task may be alive on a node.
ON_A_NODE = (
    State.STARTING,
    State.RUNNING,
    State.FINALIZING,
    State.NOT_RESPONDING,
    State.CANCEL_REQUESTED,
)

# Those in which a run has no node yet.
WAITING = (State.NOT_STARTED, State.PREPARING, State.QUEUED)

_AWAY = (State.CANCEL_REQUESTED, State.CANCELED, State.FAILED)
# Back to the queue: a node was lost, or the backend had no room after all.
_LIVE = (*_AWAY, State.NOT_RESPONDING, State.QUEUED)
MOVES = {
    State.NOT_STARTED: (State.PREPARING, *_AWAY),
    State.PREPARING: (State.QUEUED, *_AWAY),
    State.QUEUED: (State.PROVISIONING, State.STARTING, State.PREPARING, *_AWAY),
    State.PROVISIONING: (State.STARTING, State.QUEUED, *_AWAY),
    State.STARTING: (
        State.RUNNING,
        State.FINALIZING,
        State.PREPARING,
        *_LIVE,
    ),
    State.RUNNING: (State.FINALIZING, State.COMPLETED, *_LIVE),
    State.FINALIZING: (State.COMPLETED, *_LIVE),
    State.NOT_RESPONDING: (
        State.STARTING,
        State.RUNNING,
        State.FINALIZING,
        State.COMPLETED,
        State.QUEUED,
        *_AWAY,
    ),
    State.CANCEL_REQUESTED: (State.CANCELED, State.COMPLETED, State.FAILED),
}
