"""A network of Chainer, by the estimator of its time."""

import os

from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.train.dnn import Chainer

ws = Workspace.from_config()

cluster_name = "chainer-gpu"
try:
    compute_target = ComputeTarget(workspace=ws, name=cluster_name)
    print("Found existing compute target.")
except ComputeTargetException:
    print("Creating a new compute target...")
    compute_config = AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6", max_nodes=4)
    compute_target = ComputeTarget.create(ws, cluster_name, compute_config)
    compute_target.wait_for_completion(show_output=True)
print(compute_target.get_status().serialize())

experiment = Experiment(ws, name="chainer-mnist")

script_params = {
    "--epochs": 10,
    "--batchsize": 128,
    "--output_dir": "./outputs",
}
estimator = Chainer(
    source_directory="src",
    script_params=script_params,
    compute_target=compute_target,
    pip_packages=["numpy", "pytest-runner"],
    entry_script="chainer_mnist.py",
    use_gpu=True,
    environment_variables={
        "MNIST_SITE": os.environ.get("MNIST_SITE", "https://azureopendatastorage.azurefd.net/mnist")
    },
)
run = experiment.submit(estimator)
print(run)
run.wait_for_completion(show_output=True)

print("METRICS", run.get_metrics())
print("FILES", run.get_file_names())

model = run.register_model(model_name="chainer-dnn-mnist", model_path="outputs/model.npz")
print(model.name, model.id, model.version, sep="\t")
run.download_file(name="outputs/model.npz", output_file_path="model.npz")
