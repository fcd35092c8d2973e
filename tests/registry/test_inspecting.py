"""What is inside a model's file is said by its own records; nothing of it is loaded."""

import io
import json
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from registry.inspecting import looking
from registry.inspecting.reading import source_in


def look(name, content):
    return looking.look(name, source_in(content))


def arrays(found):
    return [
        (tensor.name, tensor.dtype, tensor.dimensions, tensor.remark) for tensor in found.tensors
    ]


def safetensors(header, data=b""):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def npy(array, **words):
    file = io.BytesIO()
    np.save(file, array, **words)
    return file.getvalue()


def zipped(files, kind=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def torch(monkeypatch):
    """Modules whose names are those of PyTorch's: the pickles of them are the real bytes."""
    made = {name: types.ModuleType(name) for name in ("torch", "torch._utils", "theirs")}

    def _rebuild_tensor_v2(*arguments):
        raise AssertionError("nothing may be called")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = (
        "torch._utils",
        "_rebuild_tensor_v2",
    )
    made["torch._utils"]._rebuild_tensor_v2 = _rebuild_tensor_v2
    storage = type("FloatStorage", (), {"__module__": "torch"})
    made["torch"].FloatStorage = storage
    net = type("Net", (), {"__module__": "theirs"})
    made["theirs"].Net = net
    for name, module in made.items():
        monkeypatch.setitem(sys.modules, name, module)
    return made


class Fake:
    """Pickled as a tensor is: a call of its rebuilder with a storage that lies elsewhere."""

    def __init__(self, torch, key, shape, offset=0):
        self.torch, self.key, self.shape, self.offset = torch, key, shape, offset

    def __reduce__(self):
        strides = tuple(int(np.prod(self.shape[at + 1 :])) for at in range(len(self.shape)))
        stored = Elsewhere(("storage", self.torch["torch"].FloatStorage, self.key, "cpu", 6))
        arguments = (stored, self.offset, self.shape, strides, False, OrderedDict())
        return self.torch["torch._utils"]._rebuild_tensor_v2, arguments


class Elsewhere:
    def __init__(self, id):
        self.id = id


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.id if isinstance(value, Elsewhere) else None


def torch_file(value, protocol=2, **stored):
    file = io.BytesIO()
    Pickler(file, protocol).dump(value)
    stored = {f"archive/data/{key}": content for key, content in stored.items()}
    return zipped({"archive/data.pkl": file.getvalue(), "archive/version": "3\n", **stored})


def test_safetensors_by_its_header():
    header = {
        "__metadata__": {"format": "pt"},
        "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "BF16", "shape": [], "data_offsets": [24, 26]},
    }
    found = look("m.safetensors", safetensors(header, bytes(26)))
    assert arrays(found) == [("w", "F32", "2 × 3", ""), ("b", "BF16", "scalar", "")]
    assert (found.parameter_count, found.facts) == (7, [("format", "pt")])


@pytest.mark.parametrize("array", [np.ones((3, 4), "f4"), np.array(2.5), np.zeros((0, 2), "i8")])
def test_a_numpy_array_by_its_header(array):
    [tensor] = look("a.npy", npy(array)).tensors
    assert (tensor.dtype, tensor.shape) == (str(array.dtype), array.shape)
    assert (tensor.size_bytes, tensor.remark) == (array.nbytes, "")


def test_arrays_of_objects_are_named_as_pickles():
    found = look("a.npy", npy(np.array([{}, 1], object), allow_pickle=True))
    assert "pickles" in found.warning and found.tensors[0].remark


def test_many_arrays_of_a_packed_npz():
    file = io.BytesIO()
    np.savez_compressed(file, one=np.ones((2, 2)), two=np.zeros(3, bool))
    assert arrays(look("x.npz", file.getvalue())) == [
        ("one", "float64", "2 × 2", ""),
        ("two", "bool", "3", ""),
    ]


@pytest.mark.parametrize("protocol", [1, 2, 4, 5])
def test_a_pytorch_archive_by_its_pickle_and_the_zips_records(torch, protocol):
    state = OrderedDict([("fc.w", Fake(torch, "0", (2, 3))), ("fc.b", Fake(torch, "1", (2,)))])
    found = look(
        "m.pt",
        torch_file({"model": state, "epoch": 3}, protocol, **{"0": bytes(24), "1": bytes(8)}),
    )
    assert arrays(found) == [
        ("model.fc.w", "float32", "2 × 3", ""),
        ("model.fc.b", "float32", "2", ""),
    ]
    assert (found.format, found.warning, found.problem) == ("PyTorch archive", "", "")


def test_a_whole_module_is_told_by_what_loading_it_would_import(torch):
    net = torch["theirs"].Net()
    net._parameters = {"w": Fake(torch, "0", (6,))}
    found = look("m.pt", torch_file(net, **{"0": bytes(24)}))
    assert arrays(found) == [("w", "float32", "6", "")]
    assert "theirs.Net" in found.warning


def test_shapes_that_need_more_than_the_archive_holds_are_marked(torch):
    state = {
        "long": Fake(torch, "0", (7,)),
        "late": Fake(torch, "0", (6,), offset=1),
        "gone": Fake(torch, "9", (1,)),
    }
    remarks = {
        t.name: t.remark for t in look("m.pt", torch_file(state, **{"0": bytes(24)})).tensors
    }
    assert "more than its 24 bytes" in remarks["long"] and "more than its 24" in remarks["late"]
    assert "does not hold" in remarks["gone"]


def test_a_keras_model_by_its_configuration():
    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 10}}
    odd = {"class_name": "Lambda", "config": {"name": "mine"}}
    config = {"class_name": "Sequential", "config": {"layers": [layer, odd]}}
    about = '{"keras_version": "3.5.0"}'
    files = {"config.json": json.dumps(config), "metadata.json": about}
    content = zipped({**files, "model.weights.h5": bytes(64)})
    found = look("m.keras", content)
    assert found.tables[0].rows == [("dense", "Dense", "units=10"), ("mine", "Lambda", "")]
    assert ("keras_version", "3.5.0") in found.facts
    assert "Lambda" in found.warning and "HDF5" in found.problem


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def part(number, value):
    """A field of a protocol buffer: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx(*weights):
    shape = part(1, part(2, "batch")) + part(1, part(1, 10))
    value = part(1, "x") + part(2, part(1, part(1, 1) + part(2, shape)))
    node = part(1, "x") + part(1, "W") + part(2, "y") + part(4, "MatMul")
    graph = part(1, node) + part(2, "net") + b"".join(part(5, one) for one in weights)
    graph += part(11, value) + part(12, part(1, "y"))
    return part(1, 9) + part(2, "maker") + part(7, graph) + part(8, part(1, "") + part(2, 21))


def test_an_onnx_graph_by_its_fields():
    packed = part(1, varint(10) + varint(4)) + part(2, 1) + part(8, "W") + part(9, bytes(160))
    alone = part(1, 2) + part(1, 3) + part(2, 10) + part(8, "b") + part(9, bytes(4))
    found = look("m.onnx", onnx(packed, alone))
    assert arrays(found) == [
        ("W", "float32", "10 × 4", ""),
        ("b", "float16", "2 × 3", "its shape does not fit its 4 bytes"),
    ]
    assert found.tables[0].rows == [("x", "float32", "batch × 10")]
    assert found.tables[2].rows == [("MatMul", "1")]
    assert ("operator sets", "ai.onnx 21") in found.facts


def runs(marker):
    raise AssertionError("nothing may be called")


class Runs:
    """Unpickled, it would call `runs`."""

    def __reduce__(self):
        return runs, ("now",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_only_named_and_nothing_of_it_runs(protocol):
    found = look("m.pkl", pickle.dumps({"a": [OrderedDict(x=1), Runs()]}, protocol))
    [table] = found.tables
    assert ("collections", "OrderedDict") in table.rows
    assert (__name__, "runs") in table.rows
    assert "only from people you trust" in found.warning
    assert not found.tensors


def test_what_is_no_model_says_so():
    assert "no format" in look("readme.txt", b"hello").problem
    assert "HDF5" in look("old.h5", b"\x89HDF\r\n\x1a\n").problem
