"""What a reader must not see, taken out of texts: passwords of addresses, places of the server.

Runs on Python 3.8 too: the builder says everything through it.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

HIDDEN = "****"
# An address as far as it goes in a sentence, a log line, JSON or a lock.
ADDRESS = re.compile(r"(?<!file:)(?<=:)//[^\s\"`<>]+")
CLOSES = ",;:.')]}"  # what a sentence may put behind an address
PORT = re.compile(r":(\d*)$")
IP_V6 = re.compile(r"\[[0-9A-Fa-f:.]*\]")
SECRET_NAME = re.compile(r"token|key|pass|pwd|secret|sig|auth|cred", re.IGNORECASE)
TOKEN_IN_PATH = re.compile(r"/t/(?:[^/]+(?=/)|[^/.]+$)")
# The folder that a builder works in: `…/images/.work-x1y2/requirements.in`.
PLACE = re.compile(r"(?<![^\s`'\"(])[^\s`'\"(]*/\.work-[^\s/`'\":,)]+/?")


def without_secrets(text: str) -> str:
    """Return `text` with no user, password or token in its addresses, to be shown and kept.

    Users with passwords and the `/t/<token>` of channels go; of `?token=…` the name stays.
    """
    return ADDRESS.sub(_bare, text) if "://" in text else text


def without_places(text: str) -> str:
    """Return `text` with files of a builder's own folder called by their name alone."""
    return PLACE.sub("", text) if "/.work-" in text else text


def _bare(found: re.Match[str]) -> str:
    whole = found[0].lstrip("/")
    slashes = found[0][: len(found[0]) - len(whole)]
    said = whole.rstrip(CLOSES)
    address, fragment_mark, fragment = said.partition("#")
    address, query_mark, query = address.partition("?")
    # A password that is written with `/`, `?` or `#` of its own is looked for in all of it.
    if _has_slash_in_password(address):
        if "@" not in said:
            return slashes + HIDDEN
        return _bare_again(said.rpartition("@")[2], whole[len(said) :])
    host, slash, path = address.partition("/")
    path = TOKEN_IN_PATH.sub("", slash + path)
    query = "&".join(_without_value(part) for part in query.split("&"))
    fragment = "&".join(_without_value(part) for part in fragment.split("&"))
    rest = path + query_mark + query + fragment_mark + fragment
    return f"{slashes}{host.rpartition('@')[2]}{rest}{whole[len(said) :]}"


def _bare_again(rest: str, after: str) -> str:
    return f"{ADDRESS.sub(_bare, '://' + rest)[1:]}{after}"


def _has_slash_in_password(address: str) -> bool:
    """Whether what looks like a port is none: `u:pw/slash@h`, or `u:pw` that was cut there."""
    host = IP_V6.sub("", address.partition("/")[0])
    if "@" in host or ":" not in host:
        return False
    return PORT.search(host) is None or host.count(":") > 1


def _without_value(part: str) -> str:
    name, mark, _ = part.partition("=")
    return name + mark + HIDDEN if mark and SECRET_NAME.search(unquote(name)) else part
