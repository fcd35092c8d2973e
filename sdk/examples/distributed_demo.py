"""Train the distributed example through a studio: two nodes with two processes each.

    python distributed_demo.py FOLDER [--nodes 2] [--processes 4] [--cluster cpu-cluster]

FOLDER holds the .azureml/config.json that `manage.py sdk_config FOLDER` writes.
"""

import argparse
import os
import sys

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import PyTorchConfiguration

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "distributed")


def main() -> int:
    """Submit, follow, and say how well it learned; 0 when the run completed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", help="where .azureml/config.json lies")
    parser.add_argument("--cluster", default="cpu-cluster")
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--processes", type=int, default=4, help="on all nodes together")
    arguments = parser.parse_args()

    config = ScriptRunConfig(
        source_directory=SOURCE,
        script="train.py",
        compute_target=arguments.cluster,
        environment=Environment.from_conda_specification(
            "distributed", os.path.join(SOURCE, "environment.yml")
        ),
        distributed_job_config=PyTorchConfiguration(
            "Gloo", process_count=arguments.processes, node_count=arguments.nodes
        ),
    )
    workspace = Workspace.from_config(arguments.folder)
    run = Experiment(workspace, "distributed").submit(config)
    details = run.wait_for_completion(show_output=True, raise_on_error=False)
    if details["status"] != "Completed":
        return 1
    print("Accuracy: {:.4f}".format(run.get_metrics()["accuracy"][-1]))
    print("Logs:     {}".format(", ".join(sorted(details["logFiles"]))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
