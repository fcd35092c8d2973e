import torch
import torch.nn as nn
import torch.optim as optim
from azureml.core import Run
from model import Net
from pictures import Pictures, prepared

EVERY = 50
torch.manual_seed(1)
torch.set_num_threads(1)  # the network is small: more would wait for each other

# At module level, and so again in every worker of the loader that imports this file.
run = Run.get_context()

if __name__ == "__main__":
    trainset = Pictures(root="./data", train=True, download=True, transform=prepared())
    trainloader = torch.utils.data.DataLoader(
        trainset, batch_size=4, shuffle=True, num_workers=2, multiprocessing_context="spawn"
    )
    net = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.003, momentum=0.9)

    for epoch in range(2):
        running_loss = 0.0
        for i, data in enumerate(trainloader, 0):
            inputs, labels = data
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()

            running_loss += loss.item()
            if i % EVERY == EVERY - 1:
                loss = running_loss / EVERY
                print(f"epoch={epoch + 1}, batch={i + 1:5}: loss {loss:.2f}")
                run.log("loss", loss)
                running_loss = 0.0

    print("Finished Training")
