"""What is inside HDF5 files and Keras archives, written by h5py: told by a program of its own."""

import io
import json
import os
import time
import zipfile

import h5py
import numpy as np
import pytest

from registry.inspecting import looking
from registry.inspecting.reading import source_in

LAYERS = [
    {"class_name": "Dense", "config": {"name": "dense", "units": 10, "activation": "relu"}},
    {"class_name": "Lambda", "config": {"name": "mine"}},
]
CONFIG = {"class_name": "Sequential", "config": {"layers": LAYERS}}


def look(name, content):
    return looking.look(name, source_in(content))


def hdf5(write):
    """The bytes of a file that `write` has filled."""
    kept = io.BytesIO()
    with h5py.File(kept, "w") as file:
        write(file)
    return kept.getvalue()


def weights(file):
    file["layers/dense/vars/0"] = np.zeros((784, 10), "float32")
    file["layers/dense/vars/1"] = np.zeros(10, "float16")


def arrays(found):
    return [
        (tensor.name, tensor.dtype, tensor.dimensions, tensor.size_bytes)
        for tensor in found.tensors
    ]


WEIGHTS = [
    ("layers/dense/vars/0", "float32", "784 × 10", 31360),
    ("layers/dense/vars/1", "float16", "10", 20),
]


def test_weights_are_told_with_their_names_shapes_and_sizes():
    found = look("model.weights.h5", hdf5(weights))
    assert (found.format, found.problem, found.warning) == ("HDF5", "", "")
    assert arrays(found) == WEIGHTS
    assert found.parameter_count == 7850


def test_a_keras_model_kept_as_hdf5_tells_its_version_and_layers():
    def write(file):
        file.attrs["keras_version"], file.attrs["backend"] = "2.11.0", b"tensorflow"
        file.attrs["model_config"] = json.dumps(CONFIG)
        weights(file.create_group("model_weights"))

    found = look("old.hdf5", hdf5(write))
    assert found.format == "Keras model (HDF5)"
    assert ("keras_version", "2.11.0") in found.facts and ("backend", "tensorflow") in found.facts
    assert found.tables[0].rows[0] == ("dense", "Dense", "units=10, activation=relu")
    assert "Lambda" in found.warning
    assert [tensor.name for tensor in found.tensors] == [
        f"model_weights/{name}" for name, *_ in WEIGHTS
    ]


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_weights_inside_of_a_keras_archive_are_looked_into(packing):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", packing) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        archive.writestr("config.json", json.dumps(CONFIG))
        archive.writestr("model.weights.h5", hdf5(weights))
    found = look("m.keras", kept.getvalue())
    assert (found.format, found.problem) == ("Keras model", "")
    assert arrays(found) == WEIGHTS
    assert [row[0] for row in found.tables[0].rows] == ["dense", "mine"]
    assert ("keras_version", "3.5.0") in found.facts


def test_kinds_that_are_no_plain_numbers_have_names():
    def write(file):
        file["text"] = ["a", "b"]
        file["packed"] = np.zeros((100, 100))
        file.create_dataset("small", data=np.zeros(10_000, "int8"), compression="gzip")
        file["record"] = np.zeros(2, [("a", "int32"), ("b", "float64")])
        file["nothing"] = h5py.Empty("float32")

    told = {tensor.name: tensor for tensor in look("kinds.h5", hdf5(write)).tensors}
    assert (told["text"].dtype, told["record"].dtype) == ("string", "record")
    assert told["small"].size_bytes == 10_000
    assert "no shape" in told["nothing"].remark


def test_links_and_arrays_in_other_files_are_named_and_never_opened(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["hidden"] = np.zeros(3)

    def write(file):
        file["elsewhere"] = h5py.ExternalLink(str(secret), "/hidden")
        file["soft"] = h5py.SoftLink("/a")
        file.create_dataset("raw", (4,), "int8", external=[(str(secret), 0, 4)])
        layout = h5py.VirtualLayout(shape=(3,), dtype="float64")
        layout[:] = h5py.VirtualSource(str(secret), "hidden", shape=(3,))
        file.create_virtual_dataset("virtual", layout)
        group = file.create_group("a")
        group["round"] = group  # a hard link back to itself

    before = os.stat(secret).st_atime_ns
    found = look("links.h5", hdf5(write))
    assert "2 of its entries are links" in found.problem
    assert {tensor.name: tensor.remark for tensor in found.tensors} == {
        "raw": "its bytes are in other files",
        "virtual": "its bytes are in other files",
    }
    assert os.stat(secret).st_atime_ns == before


def test_very_many_arrays_are_told_without_the_arrays_being_read():
    def write(file):
        for number in range(3000):
            file.create_dataset(f"layer{number:04}/w", (1000, 1000), "float32")

    found = look("many.h5", hdf5(write))
    assert (len(found.tensors), found.problem) == (3000, "")
    assert found.tensors[-1].name == "layer2999/w"


def said(content):
    started = time.monotonic()
    found = look("broken.h5", content)
    assert time.monotonic() - started < 60
    return found.problem


def test_a_file_that_is_cut_or_no_hdf5_at_all_is_told_in_words():
    whole = hdf5(weights)
    assert not said(whole)
    for content in (whole[:8], whole[:200], whole[: len(whole) // 2], whole[:8] + bytes(5000)):
        assert "no whole HDF5 file" in said(content)


def test_a_file_with_any_of_its_bytes_changed_is_answered():
    whole = hdf5(lambda file: (weights(file), file.attrs.update(keras_version="3")))
    generator = np.random.default_rng(7)
    for _ in range(12):
        content = bytearray(whole)
        for place in generator.integers(8, 2500, 40):
            content[place] = int(generator.integers(0, 256))
        found = look("odd.h5", bytes(content))
        assert found.format.startswith(("HDF5", "Keras"))
        for tensor in found.tensors:
            assert tensor.name.isprintable()


def test_a_configuration_that_is_none_leaves_the_arrays():
    def write(file):
        weights(file)
        file.attrs["model_config"] = "[" * 20_000

    found = look("m.h5", hdf5(write))
    assert arrays(found) == WEIGHTS and not found.tables


def test_an_archive_whose_weights_lie_says_so_and_keeps_its_layers():
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(CONFIG))
        archive.writestr("model.weights.h5", b"no HDF5" * 100)
    found = look("m.keras", kept.getvalue())
    assert (
        "its weights: it is no whole HDF5 file" in found.problem and len(found.tables[0].rows) == 2
    )
