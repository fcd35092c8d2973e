"""Which studio a command speaks to: --config, else the nearest config.json, else the login."""

from typing import Any, Dict, Iterator, Optional

from trainyard import _config, _errors
from trainyard._client import Client
from trainyard._transport import quoted
from trainyard._workspace import Workspace


class Studio:
    """A studio and workspace, looked for when they are first needed.

    path: a config.json, or a folder to look from; None: here. Raises UserErrorException.
    """

    def __init__(self, path: Optional[str] = None):
        self._path = path
        self._config: Optional[_config.Config] = None
        self._client: Optional[Client] = None

    @property
    def config(self) -> _config.Config:
        """What the file says, read once. Raises UserErrorException."""
        if self._config is None:
            self._config = _config.read(self.place)
        return self._config

    @property
    def place(self) -> str:
        """The file that says where the studio is."""
        return _config.of_command(self._path)

    @property
    def client(self) -> Client:
        """Its connection, made when it is first needed."""
        if self._client is None:
            self._client = Client(self.config.url, self.config.token)
        return self._client

    def workspace(self) -> Workspace:
        """Return the workspace as the SDK has it."""
        config = self.config
        return Workspace(
            config.subscription_id,
            config.resource_group,
            config.workspace_name,
            _config_found=config,
        )

    def api(self, path: str) -> str:
        """Return a path below the workspace."""
        return "workspaces/{}/{}".format(quoted(self.config.workspace_name), path)

    def get(self, path: str, **query: Any) -> Dict[str, Any]:
        """Ask for something of the workspace."""
        return dict(self.client.get(self.api(path), **query))

    def items(self, path: str, **query: Any) -> Iterator[Dict[str, Any]]:
        """Yield a list of the workspace, page after page."""
        return self.client.items(self.api(path), **query)

    def run(self, run_id: str) -> Dict[str, Any]:
        """Return a run's facts. Raises NotFound that says how to see which there are."""
        try:
            return dict(self.client.get("runs/" + quoted(run_id)))
        except _errors.NotFound as error:
            raise _errors.NotFound(
                "{}; `trainyard runs` lists the newest".format(error.message.rstrip(".")), 404
            ) from None
