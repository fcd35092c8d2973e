"""Modules of the standard library that few scripts need: imported when they are first used.

`import trainyard` stands at the top of every training script and of each of its loader workers;
what only an upload or a download needs would cost all of them time and memory.
"""

import sys
from typing import Any


class Lazy:
    """`shutil = Lazy("shutil")` stands for `import shutil`, which happens at its first use."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        __import__(self._name)
        return getattr(sys.modules[self._name], attribute)


hashlib = Lazy("hashlib")
pools = Lazy("concurrent.futures")
random = Lazy("random")
shlex = Lazy("shlex")
shutil = Lazy("shutil")
subprocess = Lazy("subprocess")
tempfile = Lazy("tempfile")
uuid = Lazy("uuid")
zipfile = Lazy("zipfile")
