"""Scripts of several processes, and what their tests need: submitted, waited for, read."""

import json
import os
from pathlib import Path

from azureml.core import Environment, Experiment, ScriptRunConfig

NAMES = [
    "RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR",
    "MASTER_PORT", "AZUREML_NODE_COUNT",
]  # fmt: skip

# Every process tells rank 0 what it was given, and is told the sum of all ranks.
MEET = """
import json, os, socket, sys, time
mine = {name: os.environ.get(name) for name in sys.argv[1:]}
rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if rank == 0:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("", place[1]))
    server.listen(world)
    told, others = [mine], []
    while len(told) < world:
        other = server.accept()[0].makefile("rw")
        told.append(json.loads(other.readline()))
        others.append(other)
    total = sum(int(one["RANK"]) for one in told)
    for other in others:
        other.write("%d\\n" % total)
        other.flush()
    with open("outputs/told.json", "w") as file:
        json.dump(sorted(told, key=lambda one: int(one["RANK"])), file)
else:
    for _ in range(2400):
        try:
            master = socket.create_connection(place, 30).makefile("rw")
            break
        except OSError:
            time.sleep(0.05)
    master.write(json.dumps(mine) + "\\n")
    master.flush()
    total = int(master.readline())
print("rank", rank, "sum", total)
"""

# Each worker of TensorFlow listens where TF_CONFIG says, and tells all others its number.
WORKERS = """
import json, os, socket, threading, time
told = json.loads(os.environ["TF_CONFIG"])
workers, mine = told["cluster"]["worker"], told["task"]["index"]
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("", int(workers[mine].split(":")[1])))
server.listen(len(workers))
heard = []
def hear():
    for _ in workers:
        heard.append(int(server.accept()[0].makefile().readline()))
hearing = threading.Thread(target=hear)
hearing.start()
for address in workers:
    host, port = address.split(":")
    for _ in range(2400):
        try:
            other = socket.create_connection((host, int(port)), 30)
            break
        except OSError:
            time.sleep(0.05)
    other.sendall(b"%d\\n" % mine)
    other.close()
hearing.join()
print(told["task"]["type"], mine, "heard", sorted(heard))
"""

# Workers ask each server for its number, which serves for ever; as they are told, one fails.
SERVES = """
import json, os, socket, sys, time
told = json.loads(os.environ["TF_CONFIG"])
kind, mine = told["task"]["type"], told["task"]["index"]
place = lambda address: (address.split(":")[0], int(address.split(":")[1]))
if kind == "ps":
    assert "RANK" not in os.environ
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(place(told["cluster"]["ps"][mine]))
    server.listen(9)
    print("server", mine, "serves", flush=True)
    while True:
        asking = server.accept()[0]
        if "server-fails" in sys.argv:
            raise ValueError("no parameters")
        asking.sendall(b"%d" % (mine + 10))
        asking.close()
heard = []
for address in told["cluster"]["ps"]:
    for _ in range(2400):
        try:
            server = socket.create_connection(place(address), 30)
            break
        except OSError:
            time.sleep(0.05)
    heard.append(server.recv(9))
print("worker", mine, "heard", heard, flush=True)
if "worker-fails" in sys.argv:
    raise ValueError("no gradient")
if "server-fails" in sys.argv:
    time.sleep(300)
"""

# The same by torch.distributed: each gives its rank, all have the sum.
REDUCE = """
import torch
import torch.distributed as dist
dist.init_process_group("gloo")
value = torch.tensor([float(dist.get_rank() + 1)])
dist.all_reduce(value)
print("rank", dist.get_rank(), "sum", value.item())
dist.destroy_process_group()
"""


def submit(workspace, folder, script, arguments=(), *, nodes=None, **more):
    """Submit `script` as train.py of a source folder of its own; nodes: other than usual."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(script)
    config = ScriptRunConfig(os.fspath(source), "train.py", list(arguments), **more)
    config.run_config.node_count = nodes or config.run_config.node_count
    return Experiment(workspace, "ranks").submit(config)


def meet(workspace, folder, config, names=NAMES, **more):
    """Run MEET; return the run and what its processes had, by rank."""
    run = submit(workspace, folder, MEET, names, distributed_job_config=config, **more)
    run.wait_for_completion()
    run.download_file("outputs/told.json", os.fspath(folder / "told.json"))
    return run, json.loads((folder / "told.json").read_text())


def logs_of(run, folder):
    """Return name → text of the run's logs."""
    places = run.get_all_logs(os.fspath(folder / "logs"))
    return {Path(place).name: Path(place).read_text() for place in places}


def torch_environment(folder, *more):
    """Return an environment with PyTorch for CPUs: the wheel beside the studio, or an index's."""
    name = "torch"
    for place in os.environ.get("STUDIO_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", "")).split():
        for wheel in sorted(Path(place).glob("torch-*+cpu-*.whl")):
            name = "torch==" + wheel.name.split("-")[1]
    (folder / "requirements.txt").write_text("\n".join([name, *more]) + "\n")
    return Environment.from_pip_requirements("ranks", os.fspath(folder / "requirements.txt"))
