"""Train the digits example through a studio, register the model, download it: `make demo`.

    python digits_demo.py FOLDER [DOWNLOADS]

FOLDER holds the .azureml/config.json that `manage.py sdk_config FOLDER` writes; the model is
downloaded to DOWNLOADS (default: FOLDER/downloads).
"""

import argparse
import hashlib
import os
import sys
import time
from typing import Any

from trainyard import Environment, Experiment, Model, Run, ScriptRunConfig, Workspace, follow

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = "digits-classifier"


def main() -> int:
    """Do the whole of it; return 0 when the run completed and the copy is whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", help="where .azureml/config.json lies")
    parser.add_argument("downloads", nargs="?", help="where the model is downloaded to")
    parser.add_argument("--seconds", default="20", help="how long to train")
    arguments = parser.parse_args()
    began = time.time()

    workspace = Workspace.from_config(arguments.folder)
    environment = Environment.from_conda_specification(
        "digits", os.path.join(HERE, "digits", "environment.yml")
    )
    config = ScriptRunConfig(
        source_directory=os.path.join(HERE, "digits"),
        script="train.py",
        arguments=["--seconds", arguments.seconds],
        compute_target="cpu-cluster",
        environment=environment,
    )
    run = Experiment(workspace, "digits").submit(config)
    follow(run, show_stages=True)

    details = run.get_details()
    if details["status"] != "Completed":
        error = details.get("error", {}).get("error", {}).get("message", "")
        print("The run ended as {}: {}".format(details["status"], error), file=sys.stderr)
        print("Its page: {}".format(run.get_portal_url()), file=sys.stderr)
        return 1

    model = run.register_model(MODEL, model_path="outputs/model.joblib")
    folder = arguments.downloads or os.path.join(arguments.folder, "downloads")
    copy = model.download(os.path.join(folder, model.id.replace(":", "-")), exist_ok=True)
    print("Image:         {}".format(image_words(run)))
    metrics = run.get_metrics()
    print("Loss:          {} points, last {:.4f}".format(len(metrics["loss"]), metrics["loss"][-1]))
    print("Accuracy:      {:.4f}".format(last(metrics["accuracy"])))
    print("Page:          {}".format(run.get_portal_url()))
    print("Model:         {}".format(model.id))
    print("Downloaded to: {} ({})".format(os.path.abspath(copy), proof(run, model, copy)))
    print("It took        {:.1f} s".format(time.time() - began))
    return 0


def last(value: Any) -> Any:
    return value[-1] if isinstance(value, list) else value


def image_words(run: Run) -> str:
    """Say whether the image was reused or built, as the run's stages tell it."""
    for event in run.get_events():
        if event["state"] == "Preparing" and event["text"]:
            return str(event["text"])
    return "ready"


def proof(run: Run, model: Model, copy: str) -> str:
    """Compare the downloaded model with the file that the run kept; return what was compared."""
    again = copy + ".from-run"
    run.download_file("outputs/model.joblib", again)
    try:
        digests = {sha256(copy), sha256(again)}
    finally:
        os.remove(again)
    size = os.path.getsize(copy)
    if len(digests) > 1 or size != model.size_bytes:
        raise SystemExit("The downloaded model differs from the run's file: {}".format(copy))
    return "{:,} bytes, whole: SHA-256 {}…".format(size, digests.pop()[:12])


def sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
