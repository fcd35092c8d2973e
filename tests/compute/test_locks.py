"""Locks: written the same for the same packages, read, and compared."""

from compute.building import locks
from compute.building.locks import CondaPackage, Package

SIX = "six==1.17.0 \\\n    --hash=sha256:47 \\\n    --hash=sha256:ff\n"
TORCH = "torch @ https://example.com/torch-2.0-py3-none-any.whl \\\n    --hash=sha256:aa\n"
NUMPY = CondaPackage(
    "https://conda.example.com/forge/linux-64/numpy-1.26.4-py311_0.conda",
    "sha256:0b",
    7_483_021,
    depends=("libblas >=3.9, <4.0a0", "python >=3.11,<3.12.0a0"),
)
TQDM = CondaPackage(
    "https://conda.example.com/forge/noarch/tqdm-4.66.1-pyhd_0.tar.bz2", "md5:0c", 8, "python"
)


def lock(body: str, python: str = "3.11.7", conda: tuple[CondaPackage, ...] = ()) -> str:
    return locks.write(python, body, options=["--no-index"], conda=list(conda))


def test_a_lock_of_pip_alone_is_a_requirements_file_under_two_lines():
    text = lock(SIX)
    head, platform, rest = text.split("\n", 2)
    assert head == "# python 3.11.7"
    assert platform.startswith("# platform linux ")
    assert rest == "--no-index\n" + SIX
    assert locks.requirements_of(text) == rest


def test_the_base_of_a_docker_image_is_part_of_its_lock():
    text = locks.write("3.11.7", SIX, options=[], base="debian:12 sha256:12ab")
    assert text.splitlines()[2] == "# base debian:12 sha256:12ab"
    assert locks.python_of(text) == "3.11.7"


def test_packages_are_read_with_where_they_come_from():
    assert locks.read(lock(SIX + TORCH, conda=(TQDM, NUMPY))) == [
        Package("numpy", "1.26.4", "conda", "py311_0", "forge", ("0b",)),
        Package("six", "1.17.0", "pypi", sha256=("47", "ff")),
        Package("torch", "https://example.com/torch-2.0-py3-none-any.whl", "url", sha256=("aa",)),
        Package("tqdm", "4.66.1", "conda", "pyhd_0", "forge", ("0c",)),
    ]


def test_what_installing_takes_survives_writing_and_the_order_does_not_matter():
    text = lock(SIX, conda=(TQDM, NUMPY))
    assert text == lock(SIX, conda=(NUMPY, TQDM))
    numpy, tqdm = locks.conda_packages(text)
    assert tqdm == TQDM
    assert numpy.depends == ("libblas >=3.9,<4.0a0", "python >=3.11,<3.12.0a0")
    assert (numpy.url, numpy.hash, numpy.size_bytes) == (NUMPY.url, NUMPY.hash, NUMPY.size_bytes)


def test_two_locks_are_compared():
    found = locks.compare(
        lock(SIX + "a==1\nb==1\n"), lock("a==2\nb==1\nc==3\n", python="3.12.1", conda=(NUMPY,))
    )
    assert found.added == [("c", "3"), ("numpy", "1.26.4 py311_0")]
    assert found.removed == [("six", "1.17.0")]
    assert found.changed == [("a", "1", "2"), ("python", "3.11.7", "3.12.1")]
    assert locks.compare(lock(SIX), lock(SIX)) == locks.Difference()
