"""Pickles of scikit-learn, joblib and others: named as such, with the modules they would import."""

import zlib

from registry.inspecting import opcodes
from registry.inspecting.found import Inside, Table, shown
from registry.inspecting.opcodes import Pickle
from registry.inspecting.reading import MIB, Source, Unreadable

WARNING = (
    "This is a pickle: loading it imports what it names and runs what is written in it. Load it"
    " only from people you trust, in an environment with the packages that it names."
)
MOST_PACKED_BYTES = 8 * MIB
# What torch.save wrote before it wrote zips is five pickles and the arrays.
MOST_IN_A_ROW = 5


def read(source: Source) -> Inside:
    """Say what a pickle names; joblib puts arrays between its instructions, where reading ends."""
    content = source.read(min(source.size_bytes, MOST_PACKED_BYTES))
    is_packed = content[:1] == b"\x78" or content[:2] == b"\x1f\x8b"
    if is_packed:
        content = _unpacked(content)
    if content[:1] != b"\x80" and not source.size_bytes:
        raise Unreadable("it is empty")
    pickle = _all_of(content[: opcodes.MOST_BYTES])
    if not pickle.names and not pickle.is_whole:
        raise Unreadable("it is no pickle, or one whose instructions are not known here")
    found = Inside("pickle", warning=WARNING)
    if pickle.names:
        modules = sorted({name.module.split(".")[0] for name in pickle.names})
        found.facts.append(("packages", ", ".join(shown(module) for module in modules[:30])))
    if content[:1] == b"\x80":
        found.facts.append(("protocol", str(content[1])))
    if is_packed:
        found.facts.append(("packed", "yes"))
    rows = [(shown(name.module), shown(name.name)) for name in pickle.names]
    found.tables.append(Table("Named by the pickle", ("Module", "Name"), rows))
    if not pickle.is_whole:
        found.problem = (
            "it was read up to its first array, or as far as is looked: it may name more"
        )
    return found


def _all_of(content: bytes) -> Pickle:
    """The pickles that follow each other in a file, as one: what all of them name."""
    pickle = opcodes.read(content)
    names, rest = dict.fromkeys(pickle.names), content
    for _ in range(MOST_IN_A_ROW):
        rest = rest[pickle.end :]
        if not pickle.is_whole or rest[:1] != b"\x80":
            break
        pickle = opcodes.read(rest)
        names.update(dict.fromkeys(pickle.names))
    pickle.names = list(names)
    return pickle


def _unpacked(content: bytes) -> bytes:
    """As much as is looked at of what zlib or gzip packed, and no more, whatever it is."""
    try:
        return zlib.decompressobj(wbits=47).decompress(content, opcodes.MOST_BYTES)
    except zlib.error:
        raise Unreadable("it is packed, and damaged") from None
