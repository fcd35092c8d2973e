"""The build of an environment's image: followed on a terminal, waited for, explained."""

import sys
import time
from typing import Any, Dict, List, Optional

from trainyard import _errors
from trainyard._following import LONGEST_PAUSE_S, SHORTEST_PAUSE_S, Screen
from trainyard._place import Place
from trainyard._transport import quoted

KINDS = ("local", "docker")
# The studio's states in the words that scripts of the v1 SDK compare with.
STATUS = {
    "Waiting": "Queued",
    "Solving": "Running",
    "Installing": "Running",
    "Ready": "Succeeded",
    "Failed": "Failed",
    "Canceled": "Canceled",
}
FINAL = ("Ready", "Failed", "Canceled")
# How long the log is quiet before the builder's words of what it does are printed, and again.
QUIET_S, LONG_QUIET_S = 2.0, 10.0


class ImageBuildDetails:
    """One build: `status` as in the v1 SDK, `state` and `progress` in the studio's own words."""

    def __init__(
        self,
        workspace: Place,
        name: str,
        version: str,
        kind: str,
        *,
        _answer: Optional[Dict[str, Any]] = None,
    ):
        self._client = workspace.client
        self._page = page_of(workspace, name, version) + "&tab=build&kind=" + kind
        self._call = version_path(workspace, name, version) + "/build"
        self._query = "?kind=" + kind
        self.environment_name, self.environment_version, self.kind = name, version, kind
        self._facts = dict(_answer) if _answer is not None else self._fetch()

    def _fetch(self) -> Dict[str, Any]:
        self._facts = dict(self._client.get(self._call + self._query))
        return self._facts

    @property
    def state(self) -> str:
        """Waiting, Solving, Installing, Ready, Failed or Canceled; asked for at each look."""
        return str(self._fetch()["state"])

    @property
    def status(self) -> str:
        """Queued, Running, Succeeded, Failed or Canceled; asked for at each look."""
        return _status(self.state)

    @property
    def progress(self) -> str:
        """What the builder does now, in words."""
        return str(self._fetch().get("progress") or "")

    @property
    def build_id(self) -> str:
        """`<environment>:<version>/<kind>`; builds of the same are one."""
        return "{}:{}/{}".format(self.environment_name, self.environment_version, self.kind)

    @property
    def image(self) -> Optional[Dict[str, Any]]:
        """The finished image: digest, place, python, size_bytes, …; None before that."""
        found: Optional[Dict[str, Any]] = self._fetch().get("image")
        return found

    @property
    def log_url(self) -> str:
        """The address of the log's text; it answers whoever is signed in."""
        return "{}/api/v1/{}/log{}".format(self._client.url, self._call, self._query)

    def get_portal_url(self) -> str:
        """Return the address of the page that shows the build."""
        return self._page

    def get_log(self) -> str:
        """Return the log's text as far as there is one."""
        pieces: List[str] = []
        _print_log(self, 0, pieces.append)
        return "".join(pieces)

    def cancel(self) -> None:
        """Take back that the image is wanted: the build ends, unless runs wait for it.

        Builds are shared by all who want the same content, so it goes on for others' runs.
        """
        self._facts = dict(self._client.post(self._call + "/cancel" + self._query, {}))

    def wait_for_completion(self, show_output: bool = True) -> "ImageBuildDetails":
        """Wait until the image is made; show_output prints the log as it grows.

        Raises ActivityFailedException for a build that failed or was canceled: its text names the
        requirement at fault and the page.
        """
        watch = _Watch(self, Screen(sys.stdout)) if show_output else None
        pause = SHORTEST_PAUSE_S
        while True:
            facts = self._fetch()
            came = watch is not None and watch.look(facts)
            if facts["state"] in FINAL:
                break
            pause = SHORTEST_PAUSE_S if came else min(pause * 1.3, LONGEST_PAUSE_S)
            time.sleep(pause)
        if facts["state"] != "Ready":
            raise _errors.ActivityFailedException(self._failure(facts))
        return self

    def _failure(self, facts: Dict[str, Any]) -> str:
        text = "The {} image of {}:{} was not built ({})".format(
            self.kind, self.environment_name, self.environment_version, _status(facts["state"])
        )
        return text + _why(facts) + "\nIts page, with the whole log: " + self._page

    def __repr__(self) -> str:
        return "ImageBuildDetails({}, {})".format(self.build_id, _status(self._facts["state"]))


class _Watch:
    """Prints what is new of a build: its status, its log, and in quiet times what it does."""

    def __init__(self, build: ImageBuildDetails, screen: Screen):
        self._build, self._screen = build, screen
        self._status, self._offset = "", 0
        self._speaks_at = time.monotonic() + QUIET_S

    def look(self, facts: Dict[str, Any]) -> bool:
        """Print what is new; return whether the log had more. An end stands below the log."""
        is_final = facts["state"] in FINAL
        if not is_final:
            self._tell(facts)
        offset = _print_log(self._build, self._offset, self._screen.write)
        came, self._offset = offset > self._offset, offset
        now = time.monotonic()
        if came:
            self._speaks_at = now + QUIET_S
        elif now > self._speaks_at and facts.get("progress"):
            self._screen.line("  " + facts["progress"])
            self._speaks_at = now + LONG_QUIET_S
        if is_final:
            self._tell(facts)
        return came

    def _tell(self, facts: Dict[str, Any]) -> None:
        status = _status(facts["state"])
        if status != self._status:
            self._screen.line("Image Build Status: " + status)
        self._status = status


class DockerImageDetails(Dict[str, Any]):
    """What is known of an environment's Docker image, by the v1 SDK's keys; sizes and times too."""

    @property
    def image_exist(self) -> bool:
        """Whether the image is built."""
        return bool(self["imageExistsInRegistry"])

    @property
    def dockerfile(self) -> Optional[str]:
        """The text of the Dockerfile that makes it; None where there is none."""
        found: Optional[str] = self["ingredients"]["dockerfile"]
        return found


def image_details(workspace: Place, name: str, version: str) -> DockerImageDetails:
    """Return what there is of a version's Docker image, whether it is built or not."""
    base = version_path(workspace, name, version)
    image: Dict[str, Any] = {}
    try:
        image = workspace.client.get(base + "/build", kind="docker").get("image") or {}
    except _errors.NotFound:
        pass  # Nobody has asked for it yet.
    try:
        dockerfile = workspace.client.get(base + "/dockerfile")["text"]
    except _errors.NotFound:
        dockerfile = None
    return DockerImageDetails(
        imageExistsInRegistry=bool(image),
        dockerImage={"name": image.get("place"), "registry": None},
        pythonEnvironment={"interpreterPath": image.get("python")},
        ingredients={"dockerfile": dockerfile},
        digest=image.get("digest"),
        sizeBytes=image.get("size_bytes"),
        builtAt=image.get("built_at"),
    )


def version_path(workspace: Place, name: str, version: str) -> str:
    """Return the API path of a version."""
    return workspace.api("environments/{}/versions/{}".format(quoted(name), version))


def page_of(workspace: Place, name: str, version: str) -> str:
    """Return the address of a version's page."""
    return "{}/w/{}/environments/{}/?version={}".format(
        workspace.client.url, quoted(workspace.name), quoted(name), version
    )


def _status(state: str) -> str:
    return STATUS.get(state, state)


def _why(facts: Dict[str, Any]) -> str:
    """Return the reason of a failed build, and the requirement and lines at fault."""
    text = ": " + str(facts["error"]) if facts.get("error") else ""
    guilty = facts.get("guilty") or ""
    if guilty:
        lines = facts.get("lines") or []
        where = ""
        if lines:
            text_name = facts.get("lines_in") or "definition"
            where = " (line {} of its {} text)".format(", ".join(map(str, lines)), text_name)
        text += "\nAt fault: {}{}".format(guilty, where)
    return text


def _print_log(build: ImageBuildDetails, offset: int, write: Any) -> int:
    """Write what the log has from `offset` on; return where it ends."""
    while True:
        try:
            piece = build._client.get(
                build._call + "/log", kind=build.kind, offset=offset, limit=256 * 1024
            )
        except _errors.NotFound:
            return offset  # It has not begun.
        if piece["next_offset"] <= offset:
            return offset
        write(piece["text"])
        offset = piece["next_offset"]
