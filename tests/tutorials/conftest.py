"""A studio for tutorials, the data they read, and a laptop from which they are started."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azureml.core import Workspace

from tests.fixtures.studio_process import StudioProcess
from tests.tutorials import data, torchvision_cpu
from tests.tutorials.laptop import Laptop, website

# What their environments hold as written is too large for every run of the tests: two gigabytes
# of PyTorch for Python 3.6, TensorFlow 2.0. `make tutorials` builds them as they are written.
WHOLE = os.environ.get("TRAINYARD_TUTORIALS") == "whole"
MOST_OF_MNIST = data.ALL_OF_MNIST if WHOLE else 6_000


@pytest.fixture(scope="package")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four files of MNIST, or of what stands for it."""
    return data.mnist(tmp_path_factory.mktemp("mnist"), MOST_OF_MNIST)


@pytest.fixture(scope="package")
def live_studio(tmp_path_factory: pytest.TempPathFactory, mnist: Path) -> Iterator[StudioProcess]:
    """A studio that takes open data from a folder, and other files from this machine."""
    wheels = Path(tempfile.mkdtemp(prefix="ty-wheels-"))
    torchvision_cpu.write_wheel(wheels)
    given = os.environ.get("STUDIO_FIND_LINKS") or ",".join(
        os.environ.get("PIP_FIND_LINKS", "").split()
    )
    catalog = ""
    if mnist != data.REAL_MNIST:  # the studio takes only files with the hashes of its catalogue
        folder = tmp_path_factory.mktemp("opendata")
        catalog = os.fspath(data.catalog(folder / "catalog", mnist))
    studio = StudioProcess(
        STUDIO_FIND_LINKS=",".join(filter(None, [given, os.fspath(wheels)])),
        STUDIO_FETCH_PRIVATE="127.0.0.0/8",
        STUDIO_OPENDATA_MIRROR=os.fspath(mnist),
        STUDIO_OPENDATA_CATALOG=catalog,
    )
    try:
        yield studio.start()
    finally:
        studio.remove()
        shutil.rmtree(wheels, ignore_errors=True)


@pytest.fixture
def workspace(live_studio: StudioProcess) -> Iterator[Workspace]:
    found = Workspace.from_config(os.fspath(live_studio.config_folder))
    yield found
    found.client.close()


@pytest.fixture
def laptop(live_studio: StudioProcess, tmp_path: Path) -> Callable[..., Laptop]:
    """`laptop("first_model")`: a computer with that tutorial's folder."""

    def with_tutorial(tutorial: str, **settings: str) -> Laptop:
        return Laptop(tmp_path, tutorial, live_studio.config_path, **settings)

    return with_tutorial


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a website, and the folder that it shows."""
    folder = tmp_path / "site"
    folder.mkdir()
    with website(folder) as address:
        yield address, folder
