import argparse
import os

import torch
import torch.nn as nn
import torch.optim as optim
import torchvision
import torchvision.transforms as transforms
from azureml.core import Run
from model import Net

EVERY = 50
torch.manual_seed(1)
torch.set_num_threads(1)  # the network is small: more would wait for each other

run = Run.get_context()


class Pictures(torchvision.datasets.CIFAR10):
    """CIFAR-10's files as they are, of which there may be fewer pictures than in the original."""

    train_list = [["data_batch_{}".format(number), None] for number in range(1, 6)]
    test_list = [["test_batch", None]]
    meta = {"filename": "batches.meta", "key": "label_names", "md5": None}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data_path", type=str, help="where the training data is")
    parser.add_argument("--learning_rate", type=float, default=0.001)
    parser.add_argument("--momentum", type=float, default=0.9)
    args = parser.parse_args()

    print("===== DATA =====")
    print("DATA PATH: " + args.data_path)
    print("LIST FILES IN DATA PATH...")
    print(os.listdir(args.data_path))
    print("================")

    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
    )
    trainset = Pictures(root=args.data_path, train=True, download=False, transform=transform)
    trainloader = torch.utils.data.DataLoader(trainset, batch_size=4, shuffle=True, num_workers=2)

    net = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=args.learning_rate, momentum=args.momentum)

    for epoch in range(1):
        running_loss = 0.0
        for i, data in enumerate(trainloader, 0):
            inputs, labels = data
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()

            running_loss += loss.item()
            if i % EVERY == EVERY - 1:
                loss = running_loss / EVERY
                print(f"epoch={epoch + 1}, batch={i + 1:5}: loss {loss:.2f}")
                run.log("loss", loss)
                running_loss = 0.0

    print("Finished Training")
