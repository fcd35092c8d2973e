"""The Docker engine: the few things the studio asks of it, its errors as sentences.

The only place that knows docker-py, which comes without types.
"""

import contextlib
import errno
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import docker
import requests
import urllib3
from django.conf import settings
from docker import errors as docker_errors
from docker import utils as docker_utils

from compute.building import ssh
from compute.building.faults import BuildFault

ANSWER_SECONDS = 60
# BuildKit; spoken without a session, so what a build stands on must be in the engine already.
BUILDKIT = {"version": "2"}
LEAST_API = (1, 41)
LOOKER = "10001:10001"  # as tasks run: what it cannot read a task cannot either
LOOKER_MEMORY = 256 * 2**20
LOOKER_PIDS = 64
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY")


class EngineFault(BuildFault):
    """The engine refused, in its own words; no requirement is at fault."""


class EngineAway(EngineFault):
    """The engine does not answer, or went away; the message says how to get it back."""


class NoSuchProgram(Exception):
    """The image has no such program."""


@dataclass(frozen=True)
class Inside:
    """One image of the engine.

    id: `sha256:…`.   repo_digest: `sha256:…` under which a registry has it, "" when none does.
    size_bytes: all its layers.   created: ISO 8601.   user: who its containers run as, "" is root.
    triggers: steps that run in whatever is built on it (ONBUILD).
    """

    id: str
    repo_digest: str
    size_bytes: int
    created: str
    architecture: str
    user: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    triggers: tuple[str, ...] = ()


class Engine:
    """One engine, found by settings.DOCKER_URL. Everything may raise EngineAway."""

    def __init__(self) -> None:
        self.url: str = settings.DOCKER_URL
        self._client: Any = None

    def image(self, name: str) -> Inside | None:
        """Return the image of that name or id, None when the engine has none."""
        with self._asking() as client:
            try:
                found = client.inspect_image(name)
            except docker_errors.ImageNotFound:
                return None
        digests = [text.rpartition("@")[2] for text in found.get("RepoDigests") or ()]
        config = found.get("Config") or {}
        return Inside(
            id=found["Id"],
            repo_digest=digests[0] if digests else "",
            size_bytes=int(found["Size"]),
            created=_iso(found["Created"]),
            architecture=found.get("Architecture", ""),
            user=config.get("User") or "",
            labels=config.get("Labels") or {},
            triggers=tuple(config.get("OnBuild") or ()),
        )

    def named(self, name: str) -> Inside | None:
        """Return the image of that name, None when the engine has none: ids are no names here.

        Else the first digits of an id would do to get at images that are somebody else's.
        """
        image = self.image(name)
        bare = name.partition(":")[0].lower()
        is_id = image is not None and image.id.removeprefix("sha256:").startswith(bare)
        return None if is_id else image

    def tagged(self, label: str, *, dangling: bool = False) -> list[dict[str, Any]]:
        """Return tags and labels of the images with `label`: `Id`, `RepoTags`, `Labels`."""
        filters: dict[str, Any] = {"label": label}
        if dangling:
            filters["dangling"] = True
        with self._asking() as client:
            found: list[dict[str, Any]] = client.images(filters=filters)
            return found

    def tags_older_than(self, repositories: tuple[str, ...], seconds: float) -> list[str]:
        """Return the tags of these repositories that were put on longer ago than `seconds`."""
        found = []
        with self._asking() as client:
            for repository in repositories:
                for one in client.images(repository):
                    facts = client.inspect_image(one["Id"])
                    tagged_at = datetime.fromisoformat(_iso(facts["Metadata"]["LastTagTime"]))
                    if time.time() - tagged_at.timestamp() > seconds:
                        found += [t for t in one["RepoTags"] if t.startswith(f"{repository}:")]
        return found

    def tag(self, image_id: str, name: str) -> None:
        """Give an image one more name."""
        repository, _, tag = name.partition(":")
        with self._asking() as client:
            client.tag(image_id, repository, tag)

    def remove(self, name: str) -> bool:
        """Take a tag away, and the image with its last tag; True when it is gone.

        An image that a container uses stays, one that is gone already is no error.
        """
        with self._asking() as client:
            users = client.containers(all=True, quiet=True, filters={"ancestor": name})
            if users:
                return False
            try:
                client.remove_image(name)
            except docker_errors.ImageNotFound:
                pass
            except docker_errors.APIError as error:
                if error.status_code != requests.codes.conflict:
                    raise
                return False
        return True

    def pull(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield what the engine says while it fetches an image. Raises EngineFault when refused."""
        repository, tag = docker_utils.parse_repository_tag(name)
        with self._asking() as client:
            for line in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
                if "error" in line:
                    raise EngineFault(str(line["error"]))
                yield line

    def build(
        self, context: Iterator[bytes], *, tag: str, build_id: str, arguments: dict[str, str]
    ) -> Iterator[dict[str, Any]]:
        """Yield what BuildKit says while it builds the context, a tar; the tag is put on last.

        Closing the connection ends what the build runs, as `cancel` does.
        """
        # A client of its own: its parameters go with every request, and it is cut off by itself.
        client = self._connect()
        client.params = {**BUILDKIT, "buildid": build_id}
        try:
            with self._said(), contextlib.closing(client):
                yield from client.build(
                    fileobj=context,
                    custom_context=True,
                    decode=True,
                    tag=tag,
                    rm=True,
                    forcerm=True,
                    buildargs=arguments,
                )
        except EngineAway as away:
            raise went_away(self.url) from away

    def cancel(self, build_id: str) -> None:
        """End a build and what it runs; one that is over is no error."""
        with contextlib.suppress(EngineFault), self._asking() as client:
            address = f"{client.base_url}/v{client.api_version}/build/cancel"
            client.post(address, params={"id": build_id}, timeout=ANSWER_SECONDS)

    def prune_cache(self, keep_bytes: int) -> None:
        """Drop the oldest of the build cache beyond `keep_bytes`, never what a build uses now."""
        with self._asking() as client:
            client.prune_builds(keep_storage=keep_bytes, all=True)

    def version(self) -> str:
        """Return the engine's version, such as `20.10.24`."""
        with self._asking() as client:
            return str(client.version().get("Version", ""))

    def knows_gpus(self) -> bool:
        """Whether containers can be given NVIDIA GPUs."""
        with self._asking() as client:
            return "nvidia" in client.info().get("Runtimes", {})

    def output_of(
        self, image: str, command: list[str], *, seconds: float, gpus: bool = False
    ) -> tuple[int, str]:
        """Run a program in an image, shut off from everything; its exit code and standard output.

        Raises NoSuchProgram.
        """
        with self._asking() as client:
            requests_ = (
                [docker.types.DeviceRequest(count=-1, capabilities=[["gpu"]])] if gpus else []
            )
            host = client.create_host_config(
                network_mode="none",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                read_only=True,
                mem_limit=LOOKER_MEMORY,
                pids_limit=LOOKER_PIDS,
                device_requests=requests_,
            )
            container = client.create_container(
                image,
                entrypoint=command[:1],
                command=command[1:],
                user=LOOKER,
                host_config=host,
                name=f"trainyard-look-{secrets.token_hex(6)}",
                working_dir="/",
            )["Id"]
            try:
                return _ran(client, container, seconds)
            finally:
                client.remove_container(container, force=True, v=True)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Any]:
        with self._said():
            knock(self.url)
            if self._client is None:
                self._client = self._connect()
            yield self._client

    def _connect(self) -> Any:
        with self._said():
            client = connect(self.url, ANSWER_SECONDS)
            if tuple(map(int, client.api_version.split("."))) < LEAST_API:
                raise EngineFault(
                    f"the Docker engine at {self.url} speaks API {client.api_version};"
                    " images need Docker 20.10 or newer"
                )
            return client

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except docker_errors.APIError as error:
            raise EngineFault(sentence(str(error.explanation or error))) from error
        except (
            docker_errors.DockerException,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
        ) as error:
            raise EngineAway(_why_away(self.url, error)) from error


def connect(url: str, timeout_s: float) -> Any:
    """Return a client of the engine at `url` whose calls wait for `timeout_s`; close it after use.

    By TLS where DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say so, by the `ssh` program for ssh://.
    Raises errors of docker-py, requests and the socket.
    """
    if url.startswith("ssh:"):
        return ssh.client(url, timeout_s)
    knock(url)
    keywords = docker_utils.kwargs_from_env()
    if not url.startswith(("tcp:", "https:")):
        keywords.pop("tls", None)
    return docker.APIClient(**{**keywords, "base_url": url}, version="auto", timeout=timeout_s)


def knock(url: str) -> None:
    """Raise OSError where nobody answers: docker-py would leave its socket open then."""
    if url.startswith("unix:"):
        with socket.socket(socket.AF_UNIX) as door:
            door.connect("/" + url.removeprefix("unix:").lstrip("/"))


def went_away(url: str) -> EngineAway:
    """Return the error of an engine that was there when the build began."""
    return EngineAway(
        f"the Docker engine at {url} went away during the build; try again when it is back"
    )


def proxies() -> dict[str, str]:
    """Return the studio's proxies as build arguments; the engine keeps these out of images."""
    return {name: value for name, value in os.environ.items() if name.upper() in PROXIES and value}


def sentence(said: str) -> str:
    """Say in our words what the engine said when it gave up."""
    if "no space left on device" in said.lower():
        return (
            "the disk of the Docker engine is full: no space left on device. Free some there"
            " (docker system df shows what takes it) and try again"
        )
    return " ".join(said.split())


def _ran(client: Any, container: str, seconds: float) -> tuple[int, str]:
    try:
        client.start(container)
    except docker_errors.APIError as error:
        if re.search(r"no such file|not found|permission denied", str(error), re.IGNORECASE):
            raise NoSuchProgram(str(error.explanation)) from error
        raise
    code = client.wait(container, timeout=seconds)["StatusCode"]
    return code, client.logs(container, stdout=True, stderr=False).decode(errors="replace")


def _why_away(url: str, error: BaseException) -> str:
    number = next((one.errno for one in _causes(error) if isinstance(one, OSError)), None)
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"the studio may not use the Docker engine at {url}: permission denied. Let its user"
            " into the group of that socket (usually docker) and start the studio again"
        )
    known = {errno.ENOENT: "there is no such socket", errno.ECONNREFUSED: "nothing listens there"}
    why = known.get(number or 0) or str(error).splitlines()[0][:200]
    return (
        f"the Docker engine at {url} does not answer: {why}. Start it, or name another with"
        " STUDIO_DOCKER_URL, and try again"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that led to this one: libraries wrap them in arguments and in causes."""
    open_errors: list[BaseException] = [error]
    seen: set[int] = set()
    while open_errors:
        one = open_errors.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if not isinstance(one, requests.RequestException) and getattr(one, "errno", None):
            yield one
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        open_errors += [part for part in inner if isinstance(part, BaseException)]


def _iso(moment: str) -> str:
    # The engine writes nanoseconds; Python reads six digits.
    return re.sub(r"(\.\d{6})\d+", r"\1", moment)
