"""Figures of matplotlib, pictures of Pillow, numbers of numpy: in a run that has them."""

import os

from azureml.core import Experiment, ScriptRunConfig

from tests.sdk.driving import pip_environment

DRAWS = """
import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image
from azureml.core import Run

run = Run.get_context()
plt.plot([1, 2, 3])
run.log_image("pyplot", plot=plt)
figure, axes = plt.subplots()
run.log_image("figure", plot=figure)
run.log_image("figure", plot=axes)
for mode in ("RGB", "CMYK", "F", "P"):
    run.log_image("pil/" + mode, plot=Image.new(mode, (30, 20)))
run.log_list("array", np.array([0.5, np.nan]))
run.log_row("row", half=np.float16(0.5), whole=np.int64(3), truth=np.bool_(True), text=np.str_("ä"))
run.log_table("table", {"x": np.arange(2), "y": np.ones(2, np.float32)})
run.log_confusion_matrix("matrix", {"class_labels": ["a"], "matrix": np.zeros((1, 1), int)})
"""


def test_what_libraries_give_is_kept(workspace, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(DRAWS)
    environment = pip_environment(tmp_path, "sdk-figures", "matplotlib==3.10.3\npillow==11.2.1\n")
    config = ScriptRunConfig(
        os.fspath(tmp_path / "src"), script="train.py", environment=environment
    )
    run = Experiment(workspace, "libraries").submit(config)
    run.wait_for_completion()
    found = run.get_metrics(populate=True)
    pictures = [found["pyplot"], *found["figure"]]
    pictures += [found["pil/" + mode] for mode in ("RGB", "CMYK", "F", "P")]
    assert [picture[:8] for picture in pictures] == [b"\x89PNG\r\n\x1a\n"] * 7
    assert found["array"][0] == 0.5 and found["array"][1] != found["array"][1]
    assert found["row"] == {"half": 0.5, "whole": 3, "truth": True, "text": "ä"}
    assert found["table"] == {"x": [0, 1], "y": [1.0, 1.0]}
    assert found["matrix"]["data"] == {"class_labels": ["a"], "matrix": [[0]]}
