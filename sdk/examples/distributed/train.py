"""Train one network on handwritten digits with several processes, each on its share of them.

The studio starts the processes, on one node or on several, and sets what
torch.distributed.init_process_group() needs: MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE.
"""

import argparse
import os

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from azureml.core import Run

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--batch-size", type=int, default=32, help="of each process")
parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
arguments = parser.parse_args()

torch.set_num_threads(1)  # the processes of a node share its cores
dist.init_process_group("gloo")  # "nccl" where each process has a GPU
rank, world = dist.get_rank(), dist.get_world_size()
run = Run.get_context()
print("rank {} of {}, on node {}".format(rank, world, os.environ["NODE_RANK"]))

digits = load_digits()
images = torch.tensor(digits.data / 16.0, dtype=torch.float32)
labels = torch.tensor(digits.target)
order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
held_out, rest = order[:400], order[400:]
share = rest[rank : len(rest) // world * world : world]  # as many for every process

torch.manual_seed(0)
model = DistributedDataParallel(nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)))
optimizer = torch.optim.SGD(model.parameters(), lr=arguments.lr, momentum=0.9)
accuracy = 0.0
for epoch in range(1, arguments.epochs + 1):
    mixed = share[torch.randperm(len(share))]
    for batch in mixed.split(arguments.batch_size):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        loss.backward()  # here the processes take the mean of their gradients
        optimizer.step()
    mean = loss.detach().clone()
    dist.all_reduce(mean)
    mean /= world
    with torch.no_grad():
        right = model.module(images[held_out]).argmax(1) == labels[held_out]
    accuracy = right.float().mean().item()
    if rank == 0:  # one process logs and keeps files: the others have the same
        run.log("loss", mean.item(), step=epoch)
        run.log("accuracy", accuracy, step=epoch)
        print("epoch {:3d}  loss {:.4f}  accuracy {:.4f}".format(epoch, mean.item(), accuracy))

if rank == 0:
    torch.save(model.module.state_dict(), "outputs/model.pt")
    print("accuracy {:.4f}; the model is outputs/model.pt".format(accuracy))
dist.destroy_process_group()
