"""Wheels that people keep in the studio: a build reads their files, and never asks for them.

A definition and its lock name such a wheel by its address, …/wheels/<sha256>/<name>.whl. Where the
builder runs that address may lead nowhere: a container knows no 127.0.0.1 of ours, a studio may
not reach its own name. So uv is told the place of the file instead; job["own_wheels"] has them:
{address: path}. Runs on Python 3.8, inside Docker images too.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

ADDRESS = re.compile(
    r"https?://[^\s/\"]+(?:/[^\s/?#\"]+)*/wheels/([0-9a-f]{64})/([^\s/?#;\\\"]+\.whl)"
)


def named(text: str) -> dict[str, tuple[str, str]]:
    """Return address → (SHA-256, file name) of every such wheel that a text names."""
    return {
        found[0]: (found[1], unquote(found[2]).replace("/", "_"))
        for found in ADDRESS.finditer(text)
    }


def to_files(job: dict[str, Any], text: str) -> str:
    """Return requirements with the places of the files for the addresses."""
    for address, place in (job.get("own_wheels") or {}).items():
        text = text.replace(address, _url(place))
    return text


def to_addresses(job: dict[str, Any], text: str) -> str:
    """Return what uv says with the addresses again."""
    for address, place in (job.get("own_wheels") or {}).items():
        text = text.replace(_url(place), address).replace(place, address)
    return text


def _url(place: str) -> str:
    return "file://" + quote(place, safe="/+!~=,@")
