"""The data of the tutorials: MNIST and CIFAR-10, or figures drawn here in the same file formats.

TRAINYARD_DATA names a folder with `mnist/` (the four files of MNIST) and `cifar10-subset/`
(an archive of CIFAR-10's Python batches); without it, `../shared/data` beside the repository.
Where neither is there, digits of a pixel font are drawn, moved and blurred with noise: what is
learnt from them is real, only no known accuracy can be asked for.
"""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GIVEN = Path(os.environ.get("TRAINYARD_DATA") or ROOT.parent / "shared" / "data")
REAL_MNIST = GIVEN / "mnist"
REAL_CIFAR = GIVEN / "cifar10-subset" / "cifar-10-python-subset.tar.gz"
MNIST_NAMES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
ARCHIVE = "cifar-10-python.tar.gz"
# Ten figures of 5 by 7 pixels, a row of each a line.
FONT = """
01110 00100 01110 11111 00010 11111 00110 11111 01110 01110
10001 01100 10001 00010 00110 10000 01000 00001 10001 10001
10011 00100 00001 00100 01010 11110 10000 00010 10001 10001
10101 00100 00010 00010 10010 00001 11110 00100 01110 01111
11001 00100 00100 00001 11111 00001 10001 01000 10001 00001
10001 00100 01000 10001 00010 10001 10001 01000 10001 00010
01110 01110 11111 01110 00010 01110 01110 01000 01110 01100
"""
FIGURES = np.array(
    [[[int(dot) for dot in row] for row in line.split()] for line in FONT.split("\n") if line]
).transpose(1, 0, 2)  # (10, 7, 5)
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
DRAWN = {"train": 4000, "test": 1000}
ALL_OF_MNIST = 60_000


def is_real() -> bool:
    """Whether MNIST itself is here."""
    return all((REAL_MNIST / name).is_file() for names in MNIST_NAMES.values() for name in names)


def mnist(folder: Path, most: int) -> Path:
    """Return a folder with the four files of MNIST: the real ones, or drawn ones in `folder`.

    most: pictures of each part; of more than there are, the real files as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if is_real():
        if most >= ALL_OF_MNIST:
            return REAL_MNIST
        first_of_mnist(REAL_MNIST, folder, most)
        return folder
    for part, (images, labels) in MNIST_NAMES.items():
        pictures, digits = _drawn(DRAWN[part], 28, seed=len(part))
        header = struct.pack(">IIII", 2051, len(pictures), 28, 28)
        _write(folder / images, header + pictures.tobytes())
        _write(folder / labels, struct.pack(">II", 2049, len(digits)) + digits.tobytes())
    return folder


def first_of_mnist(source: Path, folder: Path, most: int) -> None:
    """Write the first `most` pictures of each part of MNIST in `source` into `folder`."""
    for images, labels in MNIST_NAMES.values():
        for name, header, each in ((images, 16, 28 * 28), (labels, 8, 1)):
            content = gzip.decompress((source / name).read_bytes())
            count = min(most, struct.unpack(">I", content[4:8])[0])
            kept = content[:4] + struct.pack(">I", count) + content[8 : header + count * each]
            _write(folder / name, kept)


def catalog(folder: Path, files: Path) -> Path:
    """Write into `folder` what the studio's catalogue of open data says of MNIST in `files`."""
    folder.mkdir(parents=True)
    lines = ["title: MNIST", "description: drawn digits", "licence: free", "files:"]
    for part, names in MNIST_NAMES.items():
        for name in names:
            content = (files / name).read_bytes()
            url = f"https://azureopendatastorage.azurefd.net/mnist/{name}"
            sha256 = hashlib.sha256(content).hexdigest()
            lines += [
                f"- {{url: '{url}', sha256: {sha256}, size_bytes: {len(content)}, part: {part}}}"
            ]
    (folder / "mnist.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def cifar_archive(folder: Path, most: int) -> Path:
    """Write an archive of CIFAR-10's Python batches, called as the original, into `folder`.

    most: pictures that a batch has at most; a busy machine learns from all of them for minutes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / ARCHIVE
    with tarfile.open(place, "w:gz", compresslevel=1) as archive:
        for name, batch in _batches(most):
            _add(archive, name, batch)
    return place


def _batches(most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if not REAL_CIFAR.is_file():
        for number, name in enumerate(BATCHES, 1):
            yield name, _batch(min(most, 1000), seed=number)
        yield "batches.meta", {"label_names": [f"figure {n}" for n in range(10)]}
        return
    with tarfile.open(REAL_CIFAR) as archive:
        for member in archive:
            if content := archive.extractfile(member):
                batch = pickle.load(content, encoding="latin1")  # a file of the tests' own data
                parts = {key: batch[key][:most] for key in ("data", "labels") if key in batch}
                yield Path(member.name).name, parts or batch


def unpack_cifar(archive: Path, folder: Path) -> Path:
    """Unpack the archive's batches into `folder`, as `cifar-10-batches-py/`."""
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    return folder / "cifar-10-batches-py"


def _drawn(count: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` pictures (count, size, size) and their digits (count,), both uint8."""
    random = np.random.default_rng(seed)
    digits = random.integers(0, 10, count).astype(np.uint8)
    large = np.kron(FIGURES, np.ones((3, 3), int))  # (10, 21, 15)
    pictures = random.integers(0, 60, (count, size, size))
    for picture, digit in zip(pictures, digits, strict=True):
        top, left = (random.integers(0, size - room + 1) // 2 for room in large.shape[1:])
        part = picture[top : top + 21, left : left + 15]
        part += large[digit] * random.integers(120, 190)
    return pictures.astype(np.uint8), digits


def _batch(count: int, seed: int) -> dict[str, Any]:
    """A batch in the layout of CIFAR-10: figures in colours on a coloured ground."""
    pictures, digits = _drawn(count, 32, seed)
    random = np.random.default_rng(seed)
    colours = random.uniform(0.6, 1, (count, 3, 1))
    data = (pictures.reshape(count, 1, -1) * colours).astype(np.uint8).reshape(count, -1)
    return {"data": data, "labels": digits.tolist()}


def _add(archive: tarfile.TarFile, name: str, batch: dict[str, Any]) -> None:
    # As numpy 1 wrote it, which every numpy since reads.
    content = pickle.dumps(batch, protocol=2).replace(b"numpy._core.", b"numpy.core.")
    about = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
    about.size = len(content)
    archive.addfile(about, io.BytesIO(content))


def _write(place: Path, content: bytes) -> None:
    place.write_bytes(gzip.compress(content, 1, mtime=0))
