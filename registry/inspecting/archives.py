"""What zip archives hold: NumPy arrays, a Keras model, or what torch.save wrote."""

import json
import zipfile
from typing import Any

from registry.inspecting import arrays, pytorch, zips
from registry.inspecting.found import Inside, Table, shown
from registry.inspecting.reading import Source, Unreadable, source_in

MOST_ARRAYS = 2_000
MOST_CONFIG_BYTES = 8 * 2**20
MOST_LAYERS = 2_000
# A .npy header and its length, of the newest form.
HEAD_BYTES = arrays.MOST_HEADER_BYTES + 12


def read(source: Source) -> Inside:
    """Say what is in a zip archive."""
    with zips.open_zip(source) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if any(name.endswith("/data.pkl") or name == "data.pkl" for name in members):
            return pytorch.read(archive, members)
        if "config.json" in members and "metadata.json" in members:
            return _keras(archive, members)
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


def _keras(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> Inside:
    found = Inside("Keras model")
    about, config = (_object(archive, members[f"{name}.json"]) for name in ("metadata", "config"))
    found.facts = [(shown(name), shown(str(text))) for name, text in list(about.items())[:20]]
    layers = _layers(config)
    found.facts.insert(0, ("model", shown(str(config.get("class_name", "")))))
    found.tables.append(
        Table("Layers", ("Name", "Kind", "Settings"), layers[:MOST_LAYERS], _over(layers))
    )
    weights = members.get("model.weights.h5")
    if weights is not None:
        found.problem = (
            f"its weights are an HDF5 file of {weights.file_size:,} bytes inside, which is not"
            " looked into: the layers are from its configuration"
        )
    if any(kind == "Lambda" for _, kind, _ in layers):
        found.warning = (
            "It has Lambda layers: Python code inside, which runs where it is loaded with"
            " safe_mode=False. Load it so only from people you trust."
        )
    return found


def _over(rows: list[tuple[str, ...]]) -> int:
    return max(0, len(rows) - MOST_LAYERS)


def _object(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, Any]:
    text = zips.content(archive, member, MOST_CONFIG_BYTES)
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f"{member.filename} in it is not JSON") from None
    if not isinstance(read, dict):
        raise Unreadable(f"{member.filename} in it is no JSON object")
    return read


SETTINGS = ("units", "filters", "kernel_size", "strides", "activation", "rate", "batch_shape")


def _layers(config: dict[str, Any]) -> list[tuple[str, ...]]:
    """Name, kind and what matters of each layer, those of models inside the model too."""
    rows: list[tuple[str, ...]] = []
    waiting = [config]
    while waiting and len(rows) <= MOST_LAYERS:
        inner = waiting.pop().get("config")
        layers = inner.get("layers") if isinstance(inner, dict) else None
        for layer in layers if isinstance(layers, list) else []:
            own = layer.get("config") if isinstance(layer, dict) else None
            if not isinstance(own, dict):
                continue
            said = [f"{key}={own[key]}" for key in SETTINGS if own.get(key) is not None]
            name, kind = own.get("name", ""), layer.get("class_name", "")
            rows.append((shown(str(name)), shown(str(kind)), shown(", ".join(said))))
            waiting.append(layer)
    return rows
