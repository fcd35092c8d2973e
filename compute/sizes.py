"""Node sizes: vCPU, memory, GPUs; by the names that tutorials use, or as `2cpu-4gib-1gpu`."""

import re
from dataclasses import dataclass

from compute.machine import Machine
from studio.errors import BadInput


@dataclass(frozen=True)
class Size:
    """A node size: virtual CPUs, memory in GiB, GPUs."""

    name: str
    cpus: float
    memory_gib: float
    gpus: int = 0


SIZES = {
    size.name: size
    for size in (
        Size("STANDARD_D2", 2, 7),
        Size("STANDARD_D2_V2", 2, 7),
        Size("STANDARD_DS2_V2", 2, 7),
        Size("STANDARD_D3", 4, 14),
        Size("STANDARD_D3_V2", 4, 14),
        Size("STANDARD_D11_V2", 2, 14),
        Size("STANDARD_D12_V2", 4, 28),
        Size("STANDARD_DS12_V2", 4, 28),
        Size("STANDARD_D14_V2", 16, 112),
        Size("STANDARD_DS14_V2", 16, 112),
        Size("STANDARD_D16_V3", 16, 64),
        Size("STANDARD_D16S_V3", 16, 64),
        Size("STANDARD_NC6", 6, 56, 1),
        Size("STANDARD_NC6S_V2", 6, 112, 1),
        Size("STANDARD_NC6S_V3", 6, 112, 1),
        Size("STANDARD_NV6", 6, 56, 1),
    )
}


OWN = re.compile(
    r"(\d{1,4}(?:\.\d)?)cpu-(\d{1,5}(?:\.\d)?)gib(?:-(\d{1,3})gpu)?", re.ASCII | re.IGNORECASE
)


def find(name: str) -> Size:
    """Return the size `name`, whatever its case. Raises BadInput listing the known ones."""
    size = known(name)
    if size is None:
        raise BadInput(
            f'no node size "{name:.60}"; write your own as 2cpu-4gib or 4cpu-16gib-1gpu,'
            f" or one of {', '.join(sorted(SIZES))}",
            fields={"node_size": "unknown"},
        )
    return size


@dataclass(frozen=True)
class Grant:
    """What a task on a node gets. remarks: what of its size the machine has not, in words."""

    cpus: float
    memory_bytes: int
    gpus: int
    remarks: str = ""


def grant(size: Size, here: Machine, nodes: int = 1) -> Grant:
    """Return what each of so many nodes of `size` is on the machine `here`.

    Those that are larger than the machine, alone or together, have it to themselves: each gets an
    equal part of it, and its size at most.
    """
    cpus = min(size.cpus, here.cpus / nodes)
    memory_bytes = min(round(size.memory_gib * 2**30), here.memory_bytes // nodes)
    gpus = gpus_of_node(size, here, nodes)
    who = size.name if nodes == 1 else f"{nodes} nodes of {size.name}"
    missing = []
    if nodes * size.cpus > here.cpus or nodes * size.memory_gib > here.memory_gib:
        verb, gets = ("is", "it gets") if nodes == 1 else ("are", "each gets")
        part = f"{cpus:.3g} vCPU, {memory_bytes / 2**30:.1f} GiB"
        missing.append(f"{who} {verb} larger than {here.name}: {gets} {part}")
    if gpus < size.gpus:
        there = f"only {len(here.gpus)}" if here.gpus else "no GPU"
        each = "" if nodes == 1 or not here.gpus else f": each gets {gpus or 'none'}"
        has = "has" if nodes == 1 else "have"
        missing.append(f"{who} {has} {nodes * size.gpus} GPU, {here.name} {there}{each}")
    return Grant(cpus, memory_bytes, gpus, "; ".join(missing))


def gpus_of_node(size: Size, here: Machine, nodes: int = 1) -> int:
    """Return how many of the machine's GPUs each of so many nodes gets: the same for all."""
    return min(size.gpus, len(here.gpus) // nodes)


def known(name: str) -> Size | None:
    """Return the size `name`, None where nobody knows it any more."""
    return SIZES.get(name.upper()) or _own(name)


def share(cpus: float, memory_gib: float, parts: int) -> Size:
    """Return the size of which `parts` nodes fill a machine."""
    cpus, memory_gib = (int(10 * whole / parts) / 10 for whole in (cpus, memory_gib))
    return find(f"{max(cpus, 0.1):g}cpu-{max(memory_gib, 0.1):g}gib")


def _own(name: str) -> Size | None:
    found = OWN.fullmatch(name)
    if not found or not float(found[1]) or not float(found[2]):
        return None
    return Size(name.lower(), float(found[1]), float(found[2]), int(found[3] or 0))
