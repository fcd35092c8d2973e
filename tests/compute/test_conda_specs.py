"""Conda requirements said to PyPI; interpreters chosen; node sizes found."""

import pytest

from compute.building import conda_specs
from compute.building.choosing import choose
from compute.building.interpreters import Interpreter, NoInterpreter, find

FOUND = [Interpreter(f"/py/{v}", v) for v in ("3.12.1", "3.10.13", "3.9.18", "3.9.2", "3.6.15")]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("numpy", "numpy"),
        ("numpy=1.19", "numpy==1.19.*"),
        ("numpy=1.19.*", "numpy==1.19.*"),
        ("numpy==1.19", "numpy==1.19"),
        ("numpy 1.19.5", "numpy==1.19.5"),
        ("numpy=1.19.5=py38h1", "numpy==1.19.5"),
        ("numpy==1.19.5=py38h1", "numpy==1.19.5"),
        ("numpy 1.19.* py38h1", "numpy==1.19.*"),
        ("numpy >=1.19, <2", "numpy>=1.19,<2"),
        ("numpy>=1.19.*", "numpy>=1.19"),
        ("numpy!=1.19.*", "numpy!=1.19.*"),
        ("numpy~=1.19", "numpy~=1.19"),
        ("numpy=*", "numpy"),
        ("numpy=1.0rc1", "numpy==1.0rc1"),
        ('numpy[version=">=1.2,<2", build=py38]', "numpy>=1.2,<2"),
        ("conda-forge::numpy=1.19", "numpy==1.19.*"),
        ("conda-forge/linux-64::NumPy", "numpy"),
        ("pytorch=1.10", "torch==1.10.*"),
        ("pytorch::pytorch-cpu", "torch"),
        ("tensorflow-gpu=2.3.0", "tensorflow==2.3.0.*"),
        ("opencv", "opencv-python-headless"),
        ("matplotlib-base", "matplotlib"),
        ("pillow", "pillow"),
    ],
)
def test_a_conda_requirement_is_said_to_pypi(written, line):
    spec = conda_specs.parse(written)
    assert f"{conda_specs.pypi_name(spec)}{conda_specs.pep440(spec.version)}" == line


@pytest.mark.parametrize("name", ["pip", "cudatoolkit=10.1", "mkl", "_libgcc_mutex=0.1=main"])
def test_what_wheels_bring_themselves_is_left_out(name):
    assert conda_specs.pypi_name(conda_specs.parse(name)) is None


@pytest.mark.parametrize(
    ("asked", "version", "remark"),
    [
        ("3.9", "3.9.18", ""),
        ("3.9.2", "3.9.2", ""),
        ("3.6.2", "3.6.15", "Python 3.6.2 was asked for; 3.6.15 is here and is used"),
        ("<3.10,>=3.7", "3.9.18", ""),
        ("3", "3.12.1", ""),
    ],
)
def test_an_interpreter_is_chosen(asked, version, remark):
    assert choose(asked, FOUND) == (Interpreter(f"/py/{version}", version), remark)


@pytest.mark.parametrize("asked", ["3.7", "3.8.1", ">=3.13", "2.7", "3.1"])
def test_an_interpreter_that_is_not_here_names_those_that_are(asked):
    with pytest.raises(NoInterpreter, match=r"found: 3.12.1, 3.10.13, 3.9.18, 3.9.2, 3.6.15"):
        choose(asked, FOUND)


def test_the_interpreter_of_the_studio_is_found_and_is_the_default():
    found = find([])
    chosen, remark = choose(None, found)
    assert remark == ""
    assert chosen in found


def test_a_script_is_no_interpreter(tmp_path):
    shim = tmp_path / "python3"
    shim.write_text('#!/bin/sh\necho \'["CPython", "3.66.6", "final"]\'\n')
    shim.chmod(0o755)
    assert all(one.version != "3.66.6" for one in find([str(tmp_path)]))
