"""What a workspace and an experiment are to the modules below them: a client and a name."""

import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, cast

from trainyard import _config, _errors
from trainyard._client import Client

if TYPE_CHECKING:  # What stands above is named for people's editors and checkers alone.
    from trainyard._workspace import Workspace

_opened: "List[Place]" = []


class Place:
    """A workspace of a studio, reached by `client`; the base of Workspace."""

    def __init__(self, client: Client, name: str, subscription_id: str, resource_group: str):
        self.client = client
        self._name = name
        self._subscription_id = subscription_id
        self._resource_group = resource_group
        _opened[:] = [self]

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self._name

    @property
    def subscription_id(self) -> str:
        """What config.json calls it; the studio makes nothing of it."""
        return self._subscription_id

    @property
    def resource_group(self) -> str:
        """What config.json calls it; the studio makes nothing of it."""
        return self._resource_group

    def api(self, path: str) -> str:
        """Return the API path of something in this workspace."""
        return "workspaces/{}/{}".format(self._name, path)

    def _run_of(self, answer: Dict[str, Any]) -> Any:
        """Return the Run that an answer of the studio describes; Workspace knows the class."""
        raise NotImplementedError("a Workspace makes runs")

    def __repr__(self) -> str:
        return "Workspace.create(name={!r}, subscription_id={!r}, resource_group={!r})".format(
            self._name, self._subscription_id, self._resource_group
        )


class Submittable:
    """What Experiment.submit takes besides a ScriptRunConfig: a pipeline."""

    def submitted_to(
        self, experiment: Any, tags: Optional[Dict[str, str]] = None, **options: Any
    ) -> Any:
        """Start a run in an experiment, and return it.

        options: what else submit was given; properties: those that the run has besides.
        """
        raise NotImplementedError("a pipeline knows how it is submitted")


def current() -> Optional[Place]:
    """Return the workspace to use where none was given; None where there is none.

    It is the one that this process opened last, that of the run whose script this is, or the one
    that the nearest config.json names.
    """
    if _opened:
        return _opened[0]
    config = _config.of_script(os.environ)
    try:
        config = config or _config.read(_config.find())
    except _errors.UserErrorException:
        return None
    client = Client(config.url, config.token, os.environ.get("TRAINYARD_SOCKET"))
    return Place(client, config.workspace_name, config.subscription_id, config.resource_group)


class Group:
    """Runs under one name in a workspace; the base of Experiment."""

    def __init__(self, workspace: Place, name: str):
        self._workspace = workspace
        self._name = name

    @property
    def workspace(self) -> "Workspace":
        """The workspace that it is in."""
        return cast("Workspace", self._workspace)

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self._name

    def __repr__(self) -> str:
        return "Experiment(Name: {},\nWorkspace: {})".format(self._name, self._workspace.name)
