"""Named node sizes: vCPU, memory in GiB, GPUs; the names that tutorials use."""

from dataclasses import dataclass

from studio.errors import BadInput


@dataclass(frozen=True)
class Size:
    """A node size: virtual CPUs, memory in GiB, GPUs."""

    name: str
    cpus: int
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


def find(name: str) -> Size:
    """Return the size `name`, whatever its case. Raises BadInput listing the known ones."""
    size = SIZES.get(name.upper())
    if size is None:
        raise BadInput(f'no node size "{name}"; sizes: {", ".join(sorted(SIZES))}')
    return size
