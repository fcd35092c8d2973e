"""What `import trainyard` costs a training script: no module that it may never need."""

import json
import subprocess
import sys

import pytest

from tests.sdk.driving import SDK

RARELY_NEEDED = {
    "IPython", "asyncio", "concurrent.futures", "ctypes", "hashlib", "inspect", "logging",
    "multiprocessing", "shutil", "subprocess", "tempfile", "trainyard._estimators",
    "trainyard._pipelines", "trainyard._sweeps", "trainyard._widget", "trainyard._widget_html",
    "unittest", "uuid", "urllib.request", "xml",
}  # fmt: skip
SAYS = """
import json, sys
with open("/proc/self/status") as status:
    kib = [int(line.split()[1]) for line in status if line.startswith("VmRSS")][0]
print(json.dumps([kib * 1024 / 1e6, sorted(sys.modules)]))
"""


def after(code):
    """Return the memory (MB) of a Python that ran `code`, and its modules."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code + SAYS],
        env={"PYTHONPATH": str(SDK)}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    memory, modules = json.loads(done.stdout.splitlines()[-1])
    return memory, set(modules)


@pytest.mark.parametrize(
    "code",
    [
        "import trainyard",
        "from azureml.core import Workspace, Experiment, ScriptRunConfig, Environment, Run",
        "from azureml.core.run import Run; Run.get_context().log('loss', 0.5)",
    ],
)
def test_it_takes_little_memory_and_leaves_rare_things_for_later(code):
    bare, _ = after("pass")
    memory, modules = after(code)
    used = {"uuid"} if "get_context" in code else set()
    assert modules & RARELY_NEEDED == used & RARELY_NEEDED
    assert memory - bare < 15, f"{memory - bare:.1f} MB more than a bare Python"


def test_what_is_imported_late_is_the_module_itself():
    said = (
        "from trainyard._lazy import Lazy, shutil; import sys; assert 'shutil' not in sys.modules\n"
        "found = shutil.rmtree; import shutil as real; assert found is real.rmtree\n"
        "try: Lazy('no_such_module').name\n"
        "except ImportError as error: assert 'no_such' in str(error)\n"
    )
    after(said)
