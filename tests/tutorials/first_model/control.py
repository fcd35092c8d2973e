"""Train a small network on a cluster."""

import os

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ORIGINAL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"

if __name__ == "__main__":
    ws = Workspace.from_config()
    experiment = Experiment(workspace=ws, name="first-model-train")
    config = ScriptRunConfig(
        source_directory="src", script="train.py", compute_target="cpu-cluster"
    )

    env = Environment.from_conda_specification(name="pytorch-env", file_path="pytorch-env.yml")
    env.environment_variables = {"CIFAR10_URL": os.environ.get("CIFAR10_URL", ORIGINAL)}
    config.run_config.environment = env

    run = experiment.submit(config)
    print(run.get_portal_url())
