"""Classify digits with a logistic regression, trained on a cluster, and use the model here."""

import glob
import os
import sys

import azureml.core
import joblib
import numpy as np
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.model import Model
from azureml.opendatasets import MNIST

print("Azure ML SDK Version: ", azureml.core.VERSION)

ws = Workspace.from_config()
print(ws.name, ws.location, ws.resource_group, sep="\t")
exp = Experiment(workspace=ws, name="sklearn-mnist")

# --- a cluster --------------------------------------------------------------------------------
compute_name = os.environ.get("AML_COMPUTE_CLUSTER_NAME", "mnist-cluster")
compute_min_nodes = os.environ.get("AML_COMPUTE_CLUSTER_MIN_NODES", 0)
compute_max_nodes = os.environ.get("AML_COMPUTE_CLUSTER_MAX_NODES", 4)
vm_size = os.environ.get("AML_COMPUTE_CLUSTER_SKU", "STANDARD_D2_V2")

if compute_name in ws.compute_targets:
    compute_target = ws.compute_targets[compute_name]
    if compute_target and type(compute_target) is AmlCompute:
        print("found compute target: " + compute_name)
else:
    print("creating new compute target...")
    provisioning_config = AmlCompute.provisioning_configuration(
        vm_size=vm_size, min_nodes=compute_min_nodes, max_nodes=compute_max_nodes
    )
    compute_target = ComputeTarget.create(ws, compute_name, provisioning_config)
    compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    print(compute_target.get_status().serialize())

# --- data -------------------------------------------------------------------------------------
data_folder = os.path.join(os.getcwd(), "data")
os.makedirs(data_folder, exist_ok=True)
mnist_file_dataset = MNIST.get_file_dataset()
mnist_file_dataset.download(data_folder, overwrite=True)
mnist_file_dataset = mnist_file_dataset.register(
    workspace=ws,
    name="mnist_opendataset",
    description="training and test dataset",
    create_new_version=True,
)

# --- the environment and the run --------------------------------------------------------------
env = Environment("tutorial-env")
cd = CondaDependencies.create(
    pip_packages=["azureml-dataset-runtime[pandas,fuse]", "azureml-defaults"],
    conda_packages=["scikit-learn==0.22.1", "numpy<1.24"],
)
env.python.conda_dependencies = cd
env.register(workspace=ws)

args = ["--data-folder", mnist_file_dataset.as_mount(), "--regularization", 0.5]
src = ScriptRunConfig(
    source_directory="src",
    script="train.py",
    arguments=args,
    compute_target=compute_target,
    environment=env,
)
run = exp.submit(config=src)
run.wait_for_completion(show_output=True)

print("METRICS", run.get_metrics())
print("FILES", run.get_file_names())

# --- the model --------------------------------------------------------------------------------
model = run.register_model(model_name="sklearn_mnist", model_path="outputs/sklearn_mnist_model.pkl")
print(model.name, model.id, model.version, sep="\t")

sys.path.insert(0, "src")
from utils import load_data  # noqa: E402

place = Model(ws, "sklearn_mnist").download(target_dir="model", exist_ok=True)
clf = joblib.load(place)
images = glob.glob(os.path.join(data_folder, "**/t10k-images-idx3-ubyte.gz"), recursive=True)[0]
labels = glob.glob(os.path.join(data_folder, "**/t10k-labels-idx1-ubyte.gz"), recursive=True)[0]
X_test, y_test = load_data(images, False) / 255.0, load_data(labels, True).reshape(-1)
print("PREDICTED", round(float(np.average(clf.predict(X_test) == y_test)), 4))

compute_target.delete()
