"""Images of torch and scikit-learn: cold, warm and reused, local and Docker, beside the bare tools.

Cold: nothing in any cache. Warm: one more small package, so a new image of packages that are there.
Reused: the image is ready and somebody asks for it again.
"""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import docker
import uv
from trainyard import Workspace

from benchmarks.figures import Figure, middle
from benchmarks.runs import workspace_of
from tests.fixtures.studio_process import StudioProcess

BASE = "trainyard-test-base"  # .ci/run and tests/compute make it
COLD = ["torch==2.13.0", "scikit-learn"]
WARM = [*COLD, "six"]
WHEELS = [Path(p) for p in os.environ.get("PIP_FIND_LINKS", "").split() if Path(p).is_dir()]
CERTIFICATES = os.environ.get("SSL_CERT_FILE", "")
TURNS = 20
DOCKERFILE = """
FROM {base}
COPY . /kit
ENV SSL_CERT_FILE=/kit/certificates.pem UV_FIND_LINKS=/kit/wheels
RUN /kit/uv venv /env && VIRTUAL_ENV=/env /kit/uv pip install {packages}
"""


def measure(_: StudioProcess) -> list[Figure]:
    """In a studio of its own, whose caches are empty."""
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder, ExitStack() as stack:
        here = Path(folder)
        studio = StudioProcess(
            STUDIO_UV_CACHE=str(here / "uv-cache"), STUDIO_DOCKER_BASE_IMAGE=BASE
        )
        stack.callback(studio.remove)
        studio.start()
        workspace = stack.enter_context(workspace_of(studio))
        says = "uv venv, uv pip install"
        figures = _figures(workspace, "local", lambda p: _bare_uv(here, p), says)
        if has_engine():
            says = "docker build of FROM, COPY uv, RUN uv pip install"
            figures += _figures(workspace, "docker", lambda p: _bare_docker(here, p), says)
        return figures


def _figures(workspace: Workspace, kind: str, bare: Any, says: str) -> list[Figure]:
    # Side by side, in the same minute: what the network does to one it does to the other.
    figures = []
    for what, packages in (("cold", COLD), ("warm", WARM)):
        limit = bare(packages)
        took = _built(workspace, f"{kind}-{what}", packages, kind)
        figures.append(Figure(f"{kind} image, {what}", took, limit, "s", says, "≤ 1.15 ×"))
    times = [_built(workspace, f"{kind}-{n}", WARM, kind) for n in range(TURNS)]
    figures.append(
        Figure(
            f"{kind} image, reused", middle(times), 0.05, "s", "the target itself", "≤ 50 ms",
            "over HTTP, an environment of another name",
        )
    )  # fmt: skip
    return figures


def _built(workspace: Workspace, name: str, packages: list[str], kind: str) -> float:
    """Register and build; return the seconds from the request to build until it is ready."""
    client, home = workspace.client, workspace.api("environments")
    client.post(home, {"name": name, "definition": {"pip": "\n".join(packages)}})
    place = f"{home}/{name}/versions/1/build?kind={kind}"
    began = time.monotonic()
    build = client.post(place, {})
    while build["state"] not in ("Ready", "Failed", "Canceled"):
        time.sleep(0.05)
        build = client.get(place)
    took = time.monotonic() - began
    if build["state"] != "Ready":
        raise RuntimeError(f"{name}: {build['error']}")
    return took


def _bare_uv(folder: Path, packages: list[str]) -> float:
    place = folder / "bare" / str(len(packages))
    environ = {
        **os.environ,
        "UV_CACHE_DIR": str(folder / "bare" / "cache"),
        "UV_FIND_LINKS": " ".join(map(str, WHEELS)),
    }
    began = time.monotonic()
    python = str(place / "bin" / "python")
    tool = uv.find_uv_bin()
    for words in (["venv", str(place)], ["pip", "install", "--python", python, *packages]):
        subprocess.run([tool, *words, "--quiet"], env=environ, check=True)
    return time.monotonic() - began


def _bare_docker(folder: Path, packages: list[str]) -> float:
    kit = folder / "kit"
    if not kit.exists():
        (kit / "wheels").mkdir(parents=True)
        shutil.copy(uv.find_uv_bin(), kit / "uv")
        shutil.copy(CERTIFICATES, kit / "certificates.pem") if CERTIFICATES else None
        for wheel in (w for shelf in WHEELS for w in shelf.glob("*.whl")):
            shutil.copy(wheel, kit / "wheels")
    text = DOCKERFILE.format(base=BASE, packages=" ".join(packages))
    (kit / "Dockerfile").write_text(text)
    began = time.monotonic()
    with closing(docker.APIClient(version="auto", timeout=1800)) as engine:
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            archive.add(kit, ".")
        context.seek(0)
        tag = "trainyard-bench-bare"
        said = engine.build(
            fileobj=context, custom_context=True, tag=tag, decode=True, rm=True, nocache=True
        )
        if errors := [line["error"] for line in said if "error" in line]:
            raise RuntimeError(errors[0])
        took = time.monotonic() - began
        engine.remove_image(tag)
    return took


def has_engine() -> bool:
    """Whether a Docker engine answers that has the base image."""
    try:
        with closing(docker.APIClient(version="auto", timeout=10)) as engine:
            return bool(engine.images(BASE))
    except docker.errors.DockerException:
        return False
