"""Train the same network with its loss logged, in an environment that lists the SDK."""

import os

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ORIGINAL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"

if __name__ == "__main__":
    ws = Workspace.from_config()
    experiment = Experiment(workspace=ws, name="first-model-train")
    config = ScriptRunConfig(
        source_directory="src", script="train_logged.py", compute_target="cpu-cluster"
    )

    env = Environment.from_conda_specification(
        name="pytorch-aml-env", file_path="pytorch-aml-env.yml"
    )
    env.environment_variables = {"CIFAR10_URL": os.environ.get("CIFAR10_URL", ORIGINAL)}
    config.run_config.environment = env

    run = experiment.submit(config)
    print(run.get_portal_url())
