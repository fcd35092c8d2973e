"""What zip archives hold: NumPy arrays, a Keras model, or what torch.save wrote."""

import json
import zipfile
from typing import Any

from registry.inspecting import arrays, hdf5, layers, pytorch, zips
from registry.inspecting.found import Inside, Table, shown
from registry.inspecting.reading import Source, Unreadable, source_in

MOST_ARRAYS = 2_000
MOST_CONFIG_BYTES = 8 * 2**20
WEIGHTS = "model.weights.h5"
# A .npy header and its length, of the newest form.
HEAD_BYTES = arrays.MOST_HEADER_BYTES + 12


def read(source: Source) -> Inside:
    """Say what is in a zip archive."""
    with zips.open_zip(source) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if any(name.endswith("/data.pkl") or name == "data.pkl" for name in members):
            return pytorch.read(archive, members)
        if "config.json" in members and "metadata.json" in members:
            return _keras(source, archive, members)
        if members and all(name.endswith(".npy") for name in members):
            return _npz(archive, members)
        return _plain(members)


def _plain(members: dict[str, zipfile.ZipInfo]) -> Inside:
    rows = [(shown(name), f"{member.file_size:,}") for name, member in members.items()]
    table = Table("Files in it", ("Path", "Bytes"), rows[:MOST_ARRAYS], len(rows) - MOST_ARRAYS)
    return Inside("zip archive", tables=[table])


def _npz(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Inside:
    found = Inside("NumPy arrays")
    for name, member in list(members.items())[:MOST_ARRAYS]:
        with zips.opened(archive, member) as file:
            head = source_in(file.read(HEAD_BYTES))
        found.tensors.append(arrays.array_at(head, name.removesuffix(".npy"), member.file_size))
    if len(members) > MOST_ARRAYS:
        found.problem = f"the first {MOST_ARRAYS:,} of {len(members):,} arrays are shown"
    found.warning = arrays.warning_of(found.tensors)
    return found


def _keras(source: Source, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Inside:
    found = Inside("Keras model")
    about, config = (_object(archive, members[f"{name}.json"]) for name in ("metadata", "config"))
    found.facts = [(shown(name), shown(str(text))) for name, text in list(about.items())[:20]]
    layers.add(found, config)
    if weights := members.get(WEIGHTS):
        try:
            _add_weights(found, zips.member_source(source, archive, weights))
        except Unreadable as trouble:
            found.problem = f"its weights cannot be looked into: {trouble}"
    return found


def _add_weights(found: Inside, weights: Source) -> None:
    """The arrays of the HDF5 file that lies in a Keras archive."""
    inner = hdf5.read(weights)
    found.tensors = inner.tensors
    found.problem = f"its weights: {inner.problem}" if inner.problem else ""


def _object(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, Any]:
    text = zips.content(archive, member, MOST_CONFIG_BYTES)
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f"{member.filename} in it is not JSON") from None
    if not isinstance(read, dict):
        raise Unreadable(f"{member.filename} in it is no JSON object")
    return read
