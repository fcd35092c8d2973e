"""A wheel that lets torchvision be imported beside a torch without CUDA.

PyPI's torchvision wants CUDA libraries for its compiled operators; a machine of tests has none.
The wheel tells torch of the two operators by name before torchvision asks for them. It is for the
tests' environments alone; everything that needs these operators still says that they are missing.
"""

import zipfile
from pathlib import Path

NAME = "tutorial_torchvision_cpu"
REQUIREMENT = "tutorial-torchvision-cpu"
SOURCE = '''
import sys

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


class Finder:
    """Waits for torchvision to import what registers its operators."""

    library = None

    def find_spec(self, name, path=None, target=None):
        if name in ("torchvision._autograd_registrations", "torchvision._meta_registrations"):
            sys.meta_path.remove(self)
            extension = sys.modules.get("torchvision.extension")
            if extension is not None and not extension._has_ops():
                import torch

                Finder.library = torch.library.Library("torchvision", "FRAGMENT")
                for schema in SCHEMAS:
                    if not hasattr(torch.ops.torchvision, schema.split("(")[0]):
                        Finder.library.define(schema)
        return None


sys.meta_path.insert(0, Finder())
'''


def write_wheel(folder: Path) -> None:
    """Write the wheel into `folder`."""
    home = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{NAME}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"_{NAME}.py", SOURCE)
        wheel.writestr(f"{NAME}.pth", f"import _{NAME}\n")
        wheel.writestr(
            f"{home}/METADATA", f"Metadata-Version: 2.1\nName: {REQUIREMENT}\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{home}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{home}/RECORD", "")
