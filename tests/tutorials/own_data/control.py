"""Train on the pictures that were uploaded before."""

from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig, Workspace

if __name__ == "__main__":
    ws = Workspace.from_config()
    datastore = ws.get_default_datastore()
    dataset = Dataset.File.from_files(path=(datastore, "datasets/cifar10"))

    experiment = Experiment(workspace=ws, name="own-data-train")
    config = ScriptRunConfig(
        source_directory="./src",
        script="train.py",
        compute_target="cpu-cluster",
        arguments=[
            "--data_path", dataset.as_named_input("input").as_mount(),
            "--learning_rate", 0.003,
            "--momentum", 0.92,
        ],
    )  # fmt: skip

    env = Environment.from_conda_specification(
        name="pytorch-aml-env", file_path="pytorch-aml-env.yml"
    )
    config.run_config.environment = env

    run = experiment.submit(config)
    print("Submitted to the cluster. See it at:")
    print("")
    print(run.get_portal_url())
