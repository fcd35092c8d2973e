"""Hashes that a person wrote: of a package's files only those may be installed."""

from __future__ import annotations

import re

from compute.building.conda_specs import normalised
from compute.building.faults import BuildFault
from compute.building.locks import PIN
from compute.building.requirements import Requirements

WRITTEN = re.compile(r"(?:--hash=|#)(sha\d+)[:=]([0-9a-fA-F]+)")
LOCKED = re.compile(r" \\\n\s+--hash=(\S+)")


def kept(body: str, asked: Requirements) -> str:
    """Return pinned requirements with no other hashes than those written, where some are.

    uv takes hashes for a wish when it solves. Raises BuildFault when no file has a written one.
    """
    blocks = re.split(r"(?<=\n)(?=\S)", body)
    return "".join(_kept(block, asked) for block in blocks)


def _kept(block: str, asked: Requirements) -> str:
    pin = PIN.match(block)
    line = asked.written.get(normalised(pin[1]), "") if pin else ""
    wanted = {f"{kind}:{value.lower()}" for kind, value in WRITTEN.findall(line)}
    if not wanted:
        return block
    there = [one for one in LOCKED.findall(block) if one in wanted]
    if not there:
        raise BuildFault(f"{line}: none of its files has the checksum that is written", line)
    return block.split(" \\\n", 1)[0] + "".join(f" \\\n    --hash={one}" for one in there) + "\n"
