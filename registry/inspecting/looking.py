"""What kind of file it is, by its first bytes and its name; then the reader of that kind."""

from collections.abc import Callable

from registry.inspecting import archives, arrays, hdf5, onnx, pickles, safetensors, zips
from registry.inspecting.found import Inside
from registry.inspecting.reading import Source, Unreadable

PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".sav")
PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
ZIP_NAMES = (".npz", ".keras", ".pt", ".pth", ".bin", ".ckpt", ".zip")
NAMES = (".safetensors", ".onnx", ".npy", ".h5", ".hdf5", *ZIP_NAMES, *PICKLE_NAMES)

Reader = Callable[[Source], Inside]


def is_known(path: str) -> bool:
    """Whether a file of this name may be looked into; its bytes have the last word."""
    return path.lower().endswith(NAMES)


def look(path: str, source: Source) -> Inside:
    """Say what a file holds. What cannot be read is said in `problem`, never raised."""
    try:
        reader = _reader(path.lower(), source)
    except Unreadable as trouble:
        return Inside("file", problem=str(trouble))
    try:
        source.seek(0)
        return reader(source)
    except Unreadable as trouble:
        return Inside(FORMATS.get(reader, "file"), problem=str(trouble))
    except RecursionError:
        return Inside(FORMATS.get(reader, "file"), problem="it is nested too deeply")


def _reader(name: str, source: Source) -> Reader:
    start = source.read(16)
    if start.startswith(zips.MAGIC):
        return archives.read
    if start.startswith(arrays.MAGIC):
        return arrays.read
    if start.startswith(hdf5.MAGIC):
        return hdf5.read
    if name.endswith(".safetensors"):
        return safetensors.read
    if name.endswith(".onnx"):
        return onnx.read
    if name.endswith(PICKLE_NAMES) or start.startswith(PICKLES):
        return pickles.read
    return _nothing


def _nothing(source: Source) -> Inside:
    return Inside("file", problem="it is of no format that is looked into")


FORMATS: dict[Reader, str] = {
    archives.read: "zip archive",
    arrays.read: "NumPy array",
    hdf5.read: hdf5.FORMAT,
    safetensors.read: "safetensors",
    onnx.read: "ONNX",
    pickles.read: "pickle",
}
