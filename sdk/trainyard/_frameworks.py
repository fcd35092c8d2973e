"""Which packages each framework's estimator installs, by version; all of them exist on PyPI.

A script's framework of 2019 needs the Python and the neighbours of its time, so they are pinned
with it: `python` is a range, of which the studio takes the newest that it has.
"""

from typing import Dict, NamedTuple, Tuple

# Nothing here starts processes by MPI: each finds the others by its variables, so that no image
# has an MPI library, without which these neither build nor start.
NEED_MPI = ("mpi4py", "horovod")
FOR_36_37 = "python>=3.6,<3.8"
FOR_36_38 = "python>=3.6,<3.9"
OLD_PROTOBUF = "protobuf<3.21"  # newer ones refuse the generated code of these frameworks

Packages = NamedTuple(
    "Packages",
    [
        ("python", str),
        ("pip", Tuple[str, ...]),
        # In place of those of the same framework in `pip`, or beside them.
        ("gpu", Tuple[str, ...]),
        ("gpu_python", str),
        ("mpi", Tuple[str, ...]),
    ],
)
Framework = NamedTuple(
    "Framework", [("name", str), ("default", str), ("versions", Dict[str, Packages])]
)


def _chainer(version: str, cupy: str) -> Packages:
    pip = ("chainer==" + version, "numpy<1.24", OLD_PROTOBUF)
    return Packages(FOR_36_38, pip, (cupy,), FOR_36_37, ("mpi4py==3.0.0",))


def _torch(version: str, vision: str, python: str) -> Packages:
    # The packages of PyPI have the GPU's part in them; they run without one as well.
    pip = ("torch==" + version, "torchvision==" + vision, "future==0.17.1")
    return Packages(python, pip, (), python, ("horovod==0.19.1",))


def _tensorflow(version: str, python: str) -> Packages:
    # Older ones call what h5py 3 and gast 0.3 changed.
    neighbours: Tuple[str, ...]
    neighbours = (OLD_PROTOBUF, "h5py<3") if python == FOR_36_37 else (OLD_PROTOBUF,)
    if version.startswith("1."):
        neighbours += ("gast==0.2.2",)
    pip = ("tensorflow==" + version,) + neighbours
    gpu = ("tensorflow-gpu==" + version,)
    return Packages(python, pip, gpu, python, ("horovod==0.19.1",))


CHAINER = Framework(
    "Chainer",
    "5.1.0",
    {
        "5.1.0": _chainer("5.1.0", "cupy-cuda90==5.1.0"),
        "7.0.0": _chainer("7.0.0", "cupy-cuda101==7.0.0"),
    },
)
PYTORCH = Framework(
    "PyTorch",
    "1.4",
    {
        "1.0": _torch("1.0.0", "0.2.1", FOR_36_37),
        "1.1": _torch("1.1.0", "0.2.1", FOR_36_37),
        "1.2": _torch("1.2.0", "0.4.0", FOR_36_37),
        "1.3": _torch("1.3.0", "0.4.1", FOR_36_37),
        "1.4": _torch("1.4.0", "0.5.0", FOR_36_38),
        "1.5": _torch("1.5.0", "0.6.0", FOR_36_38),
        "1.6": _torch("1.6.0", "0.7.0", FOR_36_38),
    },
)
TENSORFLOW = Framework(
    "TensorFlow",
    "1.13",
    {
        "1.10": _tensorflow("1.10.0", "python>=3.6,<3.7"),
        "1.12": _tensorflow("1.12.0", "python>=3.6,<3.7"),
        "1.13": _tensorflow("1.13.1", FOR_36_37),
        "2.0": _tensorflow("2.0.0", FOR_36_37),
        "2.1": _tensorflow("2.1.0", FOR_36_37),
        "2.2": _tensorflow("2.2.0", FOR_36_38),
        "2.3": _tensorflow("2.3.0", FOR_36_38),
    },
)
SKLEARN = Framework(
    "SKLearn",
    "0.20.3",
    {
        "0.20.3": Packages(
            FOR_36_37,
            ("scikit-learn==0.20.3", "scipy==1.2.1", "joblib==0.13.2"),
            (),
            FOR_36_37,
            (),
        )
    },
)
