"""A network of Keras on digits of a website, trained where GPUs are asked for."""

import os

from azureml.core import Dataset, Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException

site = os.environ.get("MNIST_SITE", "https://azureopendatastorage.azurefd.net/mnist")

ws = Workspace.from_config()
exp = Experiment(workspace=ws, name="keras-mnist")

# --- data -------------------------------------------------------------------------------------
web_paths = [
    site + "/train-images-idx3-ubyte.gz",
    site + "/train-labels-idx1-ubyte.gz",
    site + "/t10k-images-idx3-ubyte.gz",
    site + "/t10k-labels-idx1-ubyte.gz",
]
dataset = Dataset.File.from_files(path=web_paths)
dataset = dataset.register(
    workspace=ws,
    name="mnist-dataset",
    description="training and test dataset",
    create_new_version=True,
)
dataset = Dataset.get_by_name(ws, "mnist-dataset")
print("PATHS", dataset.to_path())

# --- a cluster --------------------------------------------------------------------------------
cluster_name = "gpu-cluster"
try:
    compute_target = ComputeTarget(workspace=ws, name=cluster_name)
    print("Found existing compute target")
except ComputeTargetException:
    print("Creating a new compute target...")
    compute_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6", max_nodes=4)
    compute_target = ComputeTarget.create(ws, cluster_name, compute_config)
    compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
print(compute_target.get_status().serialize())

# --- the run ----------------------------------------------------------------------------------
keras_env = Environment.from_conda_specification(
    name="keras-env", file_path="conda_dependencies.yml"
)
keras_env.docker.enabled = True
keras_env.docker.base_image = "mcr.microsoft.com/azureml/openmpi3.1.2-cuda10.0-cudnn7-ubuntu18.04"

args = [
    "--data-folder", dataset.as_mount(),
    "--batch-size", 50,
    "--first-layer-neurons", 300,
    "--second-layer-neurons", 100,
    "--learning-rate", 0.001,
]  # fmt: skip
src = ScriptRunConfig(
    source_directory="src",
    script="keras_mnist.py",
    arguments=args,
    compute_target=compute_target,
    environment=keras_env,
)
run = exp.submit(src)
run.wait_for_completion(show_output=True)
print("RUN", run.id)

# --- the model --------------------------------------------------------------------------------
model = run.register_model(model_name="keras-mlp-mnist", model_path="outputs/model")
print(model.name, model.id, model.version, sep="\t")

os.makedirs("./model", exist_ok=True)
for f in run.get_file_names():
    if f.startswith("outputs/model"):
        output_file_path = os.path.join("./model", f.split("/")[-1])
        print("Downloading from {} to {} ...".format(f, output_file_path))
        run.download_file(name=f, output_file_path=output_file_path)
