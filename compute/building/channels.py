"""Channels of conda: from names to addresses, without secrets again, and whether they answer."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from compute.building import conda_specs
from compute.building.faults import BuildFault
from compute.building.masking import without_secrets

NAME = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*\Z")
ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
SUBDIR = re.compile(r"/(noarch|(linux|osx|win)-\w+)\Z")
# Anaconda's own packages, which on a server of channels are the channel `main`.
ALSO_CALLED = {"defaults": "main"}
ANSWER_SECONDS = 10
# Nobody to ask, or only a proxy that cannot reach them: not what a server of channels says.
NOT_THEIR_ANSWER = (407, 502, 503, 504)


def addresses(job: dict[str, Any]) -> dict[str, str]:
    """Return the job's channels in their order: address → name as written; those of specs last.

    Raises BuildFault for a channel that a definition may not name.
    """
    recipe = job["recipe"]
    names = [name for name in recipe["channels"] if name != "nodefaults"]
    found = {address(job, name): name for name in names}
    if not found:
        found = {address(job, name, is_setting=True): name for name in job["conda_channels"]}
    for text in recipe["conda"]:
        channel = conda_specs.parse(text).channel
        if channel:
            found.setdefault(address(job, channel), SUBDIR.sub("", channel))
    return found


def address(job: dict[str, Any], name: str, *, is_setting: bool = False) -> str:
    """Return the address of one channel. Raises BuildFault unless it is a name or https://."""
    name = SUBDIR.sub("", name.rstrip("/"))
    if ADDRESS.fullmatch(name) or (is_setting and "://" in name):
        return name
    if not NAME.match(name):
        raise BuildFault(
            f"{name!r:.80} is not a channel; write a name such as conda-forge, or an https://"
            " address",
            name,
        )
    return f"{job['conda_alias'].rstrip('/')}/{ALSO_CALLED.get(name, name)}"


def with_secrets(job: dict[str, Any], url: str) -> str:
    """Return the address of a package as the settings reach it, with what a lock leaves out."""
    for known in [job["conda_alias"].rstrip("/"), *job["conda_channels"]]:
        bare = without_secrets(known)
        if bare != known and url.startswith(bare + "/"):
            return str(known + url[len(bare) :])
    return url


def silent(urls: Iterable[str]) -> str:
    """Return why a channel cannot be asked, "" when all of them answer, whatever they answer."""
    with ThreadPoolExecutor() as pool:
        return next(filter(None, list(pool.map(_silence, urls))), "")


def _silence(url: str) -> str:
    if urlsplit(url).scheme == "file":
        return ""  # the solver reads it, and says what is missing
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path + "/noarch/repodata.json", "", ""))
    request = urllib.request.Request(bare, method="HEAD")  # noqa: S310 - http(s) by `address`
    try:
        urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310
    except urllib.error.HTTPError as answer:
        code = answer.code
        answer.close()
        return f"{host}: {code} from a proxy" if code in NOT_THEIR_ANSWER else ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        slow = isinstance(reason, (TimeoutError, socket.timeout))
        why = f"no answer within {ANSWER_SECONDS} s" if slow else _words(reason)
        return f"{host}: {why}"
    return ""


def _words(error: object) -> str:
    return str(getattr(error, "strerror", "") or error)


def folder(url: str) -> Path | None:
    """Return the folder of a file:// channel, None for one on the network."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
