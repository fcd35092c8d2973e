"""Conda requirements read, and said to PyPI: names, version syntax, what to leave out."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Where the name of the same thing differs. Everything else keeps its name.
PYPI_NAMES = {
    "dask-core": "dask",
    "imbalanced-learn-base": "imbalanced-learn",
    "keras-gpu": "keras",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "pyqt": "PyQt5",
    "pytables": "tables",
    "python-flatbuffers": "flatbuffers",
    "python-graphviz": "graphviz",
    "python-xxhash": "xxhash",
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "ruamel_yaml": "ruamel.yaml",
    "seaborn-base": "seaborn",
    "tensorflow-base": "tensorflow",
    "tensorflow-eigen": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchaudio-cpu": "torchaudio",
    "torchvision-cpu": "torchvision",
}
# Compilers, C libraries and programs: a wheel from PyPI carries what it needs of them.
NOT_ON_PYPI = frozenset(
    [
        "binutils",
        "blas",
        "boost",
        "bzip2",
        "c-compiler",
        "ca-certificates",
        "compilers",
        "conda",
        "cpuonly",
        "cuda",
        "cuda-toolkit",
        "cudatoolkit",
        "cudnn",
        "curl",
        "cxx-compiler",
        "eigen",
        "ffmpeg",
        "fortran-compiler",
        "freetype",
        "gcc",
        "gcc_linux-64",
        "git",
        "glib",
        "graphviz",
        "gxx",
        "gxx_linux-64",
        "hdf5",
        "icu",
        "intel-openmp",
        "jpeg",
        "ld_impl_linux-64",
        "libblas",
        "libcblas",
        "libffi",
        "libgcc",
        "libgcc-ng",
        "libgfortran",
        "libgfortran-ng",
        "libgomp",
        "liblapack",
        "libopencv",
        "libpng",
        "libprotobuf",
        "libsndfile",
        "libstdcxx",
        "libstdcxx-ng",
        "libtiff",
        "libuv",
        "libxgboost",
        "libxml2",
        "llvm-openmp",
        "make",
        "mkl",
        "mkl-service",
        "mkl_fft",
        "mkl_random",
        "mpi",
        "mpich",
        "nccl",
        "ncurses",
        "nodejs",
        "nomkl",
        "openblas",
        "openjdk",
        "openmpi",
        "openssl",
        "pip",
        "pkg-config",
        "python_abi",
        "pytorch-cuda",
        "pytorch-mutex",
        "qt",
        "r-base",
        "readline",
        "sqlite",
        "system",
        "tar",
        "tk",
        "unzip",
        "wget",
        "xz",
        "zip",
        "zlib",
        "zstd",
    ]
)
# A version as PEP 440 has it, without what nobody writes. Each part can be read in one way only, or
# a version of 60 characters would take minutes to refuse.
PART = r"[._-]?(alpha|a|beta|b|preview|pre|post|rev|rc|r(?!c)|c|dev)([._-]?\d+)?"
PUBLIC = rf"v?(\d+!)?\d+(\.\d+)*({PART})*"
PEP440 = re.compile(rf"(==|!=|>=|<=|~=|>|<){PUBLIC}(\+[a-z0-9.]+|\.\*)?\Z", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
IN_BRACKETS = ("version", "build", "channel")
# Quoted with whatever is in there, or bare up to the comma before the next; what is left is wrong.
PAIR = re.compile(
    r"""(?:^|,)\s*(\w+)\s*=\s*(?:["']([^"'\[\]]*)["']|([^"'\[\]]*?))\s*(?=,\s*\w+\s*=|$)"""
)
BUILD = re.compile(r"[A-Za-z0-9_.*+^$|-]*")
ONE = re.compile(r"(==|!=|>=|<=|~=|=|>|<)?([A-Za-z0-9_.!+*-]+)\Z")


@dataclass(frozen=True)
class CondaSpec:
    """One conda requirement: `version` in conda's own syntax, empty for any."""

    name: str
    version: str = ""
    build: str = ""
    channel: str = ""


def normalised(name: str) -> str:
    """Return a name of PyPI as its index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str) -> CondaSpec:
    """Read `numpy`, `numpy>=1.2,<2`, `x=1.2=py36_0`, `conda-forge::x`, `x[version=">=1"]`.

    Raises ValueError that quotes the text.
    """
    channel, _, spec = text.strip().rpartition("::")
    if spec.startswith(("/", ".", "~", "-")) or spec.endswith((".conda", ".tar.bz2")):
        raise ValueError(f"{text}: name a package, such as numpy=1.26; files cannot be read here")
    name = NAME.match(spec)
    if not name:
        raise ValueError(f"{text!r:.80} is not a conda requirement; write name=version")
    rest = spec[name.end() :].strip()
    if bracket := re.fullmatch(r"\[(.*)\]", rest):
        pairs = _bracket(text, bracket[1])
        version, build = pairs.get("version", ""), pairs.get("build", "")
        channel = pairs.get("channel", channel)
    else:
        version, build = _split_build(rest)
    for part in re.split(r"[,|]", version.replace(" ", "")) if version else []:
        if not ONE.match(part):
            raise ValueError(f"{text!r:.80}: {version!r:.40} is not a version; write name=version")
    if not BUILD.fullmatch(build):
        raise ValueError(f"{text!r:.80}: {build!r:.40} is not a build; write name=version=build")
    return CondaSpec(name[0].lower(), version, build, channel)


def _bracket(text: str, inside: str) -> dict[str, str]:
    """Return what stands in `[version=">=1", build=x]`; of what else conda knows, files are one."""
    pairs: dict[str, str] = {}
    for found in re.finditer(PAIR, inside):
        key, value = found[1], (found[2] or found[3]).strip()
        if key not in IN_BRACKETS or key in pairs:
            known = ", ".join(IN_BRACKETS)
            raise ValueError(f"{text!r:.80}: brackets hold {known}, each once; not {key:.20}")
        pairs[key] = value
    if re.sub(PAIR, "", inside).strip(" ,"):
        raise ValueError(f'{text!r:.80} is not a conda requirement; write name[version=">=1"]')
    return pairs


def _split_build(rest: str) -> tuple[str, str]:
    if found := re.fullmatch(r"(={0,2}[^=<>!~,|\s]+)(?:=|\s+)([^=<>!~,|\s]+)", rest):
        # name=version=build: the version is meant exactly.
        return "==" + found[1].lstrip("="), found[2]
    return rest, ""


def pep440(version: str) -> str:
    """Turn conda's version syntax into that of pip: `=1.2` is `==1.2.*`, ranges stay.

    Raises ValueError for what pip cannot say.
    """
    if "|" in version:
        raise ValueError(f"{version}: choices with | cannot be said to PyPI; pick one")
    parts = [_one(part) for part in version.replace(" ", "").split(",") if part]
    text = ",".join(part for part in parts if part)
    if not all(PEP440.match(part) for part in parts if part):
        raise ValueError(f"{version} is not a version that PyPI knows")
    return text


def _one(part: str) -> str:
    found = ONE.match(part)
    if not found:
        raise ValueError(f"{part} is not a version")
    operator, value = found[1] or "==", found[2]
    stem = value.rstrip("*").rstrip(".")
    if not stem:
        return ""
    if operator not in ("=", "==", "!="):
        return operator + stem
    # `=1.2` and `==1.2.*` take every 1.2.x; a pre-release has nothing below it.
    takes_all = re.fullmatch(r"[\d.]+", stem) and (operator == "=" or value != stem)
    return ("!=" if operator == "!=" else "==") + stem + (".*" if takes_all else "")


def pypi_name(spec: CondaSpec) -> str | None:
    """Return the package's name on PyPI, None for what is not there and not needed there."""
    if spec.name in NOT_ON_PYPI or spec.name.startswith("_"):
        return None
    return PYPI_NAMES.get(spec.name, spec.name)
