"""A first model: a small network on pictures, then with its loss logged, then on data of one's own.

The environments are smaller ones here; `make tutorials` builds them as they are written.
"""

import re

import pytest
from azureml.core import Run
from playwright.sync_api import Page, expect

from tests.tutorials import data, torchvision_cpu
from tests.tutorials.conftest import WHOLE

DRIVER_LOG = "azureml-logs/70_driver_log.txt"
BUILD_LOG = "azureml-logs/20_image_build_log.txt"
LOSS = re.compile(r"^epoch=(\d+), batch= *(\d+): loss (\d+\.\d\d)$", re.MULTILINE)
SMALL = f"""
name: small
channels: [defaults, pytorch]
dependencies:
  - python
  - pip
  - pip:
      - torch==2.13.0
      - torchvision==0.28.0
      - numpy
      - {torchvision_cpu.REQUIREMENT}
"""
SMALL_WITH_SDK = SMALL + "      - azureml-sdk\n"
LONG_MS = 600_000
MOST = 10_000 if WHOLE else 200  # pictures a batch
GROWS = """() => {
    const plot = document.querySelector(".tile .js-plotly-plot");
    const points = plot ? Math.max(0, ...plot.data.map(trace => (trace.x || []).length)) : 0;
    const state = document.querySelector(".head")?.dataset.state;
    if (state === "Running") return points >= 2 && state;
    return ["Completed", "Failed", "Canceled"].includes(state) && state;
}"""


def submitted(workspace, said: str) -> Run:
    """The run whose address a control script printed last."""
    address = said.strip().splitlines()[-1]
    found = re.search(r"/runs/([\w-]+)", address)
    assert found, said
    return Run.get(workspace, found[1])


def log_of(run: Run, folder, name: str = DRIVER_LOG) -> str:
    run.download_file(name, str(folder / "log.txt"))
    return (folder / "log.txt").read_text(encoding="utf-8")


def losses(log: str) -> list[float]:
    """The losses that a log prints, checked for order: two epochs, the same batches in each."""
    lines = [(int(epoch), int(batch), float(loss)) for epoch, batch, loss in LOSS.findall(log)]
    assert lines == sorted(lines), log
    return [loss for _, _, loss in lines]


def small(project, *names: str) -> None:
    if not WHOLE:
        for name in names:
            text = SMALL_WITH_SDK if "aml" in name else SMALL
            (project / name).write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_network_is_trained_by_a_script_that_knows_nothing_of_the_studio(
    workspace, laptop, site, tmp_path
):
    address, folder = site
    data.cifar_archive(folder, MOST)
    here = laptop("first_model")
    small(here.project, "pytorch-env.yml")
    said = here.runs("control.py", CIFAR10_URL=f"{address}/{data.ARCHIVE}")
    run = submitted(workspace, said)
    assert run.wait_for_completion()["status"] == "Completed"
    log = log_of(run, tmp_path)
    found = losses(log)
    assert len(found) >= 6 and found[0] > found[-1] and found[0] < 2.5, log
    assert log.rstrip().endswith("Finished Training")
    assert re.search(r"^epoch=2, batch=  100: loss \d", log, re.MULTILINE), log
    assert run.get_metrics() == {}
    if WHOLE:
        built = log_of(run, tmp_path, BUILD_LOG)
        assert "Python 3.6.2 was asked for" in built and "torch==1.10" in built


@pytest.mark.slow
def test_its_logged_loss_is_a_live_curve(workspace, laptop, site, signed_in_page: Page, tmp_path):
    address, folder = site
    data.cifar_archive(folder, MOST)
    here = laptop("first_model")
    small(here.project, "pytorch-aml-env.yml")
    said = here.runs("control_logged.py", CIFAR10_URL=f"{address}/{data.ARCHIVE}")
    run = submitted(workspace, said)
    page = signed_in_page
    page.goto(said.strip().splitlines()[-1])
    page.locator("#tab-metrics").click()
    # Two points of the curve while the script still runs, or its end, which would be too late.
    assert page.wait_for_function(GROWS, timeout=LONG_MS).json_value() == "Running"
    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=LONG_MS)
    logged = run.get_metrics()
    assert list(logged) == ["loss"]
    # Workers of the loader import the script again: what it logs is logged once.
    log = log_of(run, tmp_path)
    assert [f"{loss:.2f}" for loss in logged["loss"]] == [f"{loss:.2f}" for loss in losses(log)]
    assert logged["loss"][0] > logged["loss"][-1]


@pytest.mark.slow
def test_pictures_of_ones_own_are_uploaded_and_mounted(workspace, laptop, tmp_path):
    here = laptop("own_data")
    small(here.project, "pytorch-aml-env.yml")
    folder = here.project / "data"
    data.unpack_cifar(data.cifar_archive(tmp_path / "archive", MOST), folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    said = here.runs("upload_data.py")
    assert f"Uploaded {len(files)} files" in said
    said = here.runs("control.py")
    assert said.startswith("Submitted to the cluster. See it at:\n\nhttp://127.0.0.1")
    run = submitted(workspace, said)
    details = run.wait_for_completion()
    assert details["status"] == "Completed"
    log = log_of(run, tmp_path)
    assert "Processing 'input'." in log
    mounted = re.search(r"Mounted input to (\S+) as folder\.", log)
    assert mounted, log
    assert f"DATA PATH: {mounted[1]}\n" in log
    # The folder that was uploaded is the root of what is mounted.
    assert "LIST FILES IN DATA PATH...\n['cifar-10-batches-py']\n" in log
    arguments = details["runDefinition"]["arguments"]
    assert arguments[2:] == ["--learning_rate", "0.003", "--momentum", "0.92"]
    assert [f"{loss:.2f}" for loss in _list(run.get_metrics()["loss"])] == [
        f"{loss:.2f}" for loss in losses(log)
    ]
    assert log.rstrip().endswith("Finished Training")


def _list(value):
    return value if isinstance(value, list) else [value]
