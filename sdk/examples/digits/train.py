"""Train a small network on the 1,797 handwritten digits that scikit-learn carries.

Logs the loss at every step and the accuracy on held-out digits at every epoch, and leaves the
model in outputs/. Runs for about --seconds, or for --epochs when that is less.
"""

import argparse
import json
import os
import time

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from azureml.core import Run

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--seconds", type=float, default=20, help="how long to train, at most")
parser.add_argument("--epochs", type=int, default=1000, help="how many epochs, at most")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--lr", type=float, default=0.0005, help="learning rate")
arguments = parser.parse_args()

run = Run.get_context()
digits = load_digits()
images, labels = digits.data / 16.0, digits.target
train_x, test_x, train_y, test_y = train_test_split(
    images, labels, test_size=0.25, random_state=0, stratify=labels
)
print("{} digits to train on, {} held out".format(len(train_x), len(test_x)))

model = MLPClassifier(
    hidden_layer_sizes=(64,),
    learning_rate_init=arguments.lr,
    batch_size=arguments.batch_size,
    random_state=0,
)
random = np.random.RandomState(0)
steps_an_epoch = len(train_x) // arguments.batch_size
# A step of this network takes a millisecond. Spread over the time that was asked for, so that the
# curve can be watched growing: that is what this example is for.
pause_s = arguments.seconds / (25.0 * steps_an_epoch)
began = time.time()
step = 0
epoch = 0
accuracy = 0.0
while epoch < arguments.epochs and time.time() - began < arguments.seconds:
    epoch += 1
    order = random.permutation(len(train_x))
    for start in range(0, steps_an_epoch * arguments.batch_size, arguments.batch_size):
        batch = order[start : start + arguments.batch_size]
        step_began = time.time()
        model.partial_fit(train_x[batch], train_y[batch], classes=digits.target_names)
        step += 1
        run.log("loss", model.loss_, step=step)
        time.sleep(max(0.0, pause_s - (time.time() - step_began)))
    accuracy = model.score(test_x, test_y)
    run.log("accuracy", accuracy, step=step)
    print("epoch {:3d}  loss {:.4f}  accuracy {:.4f}".format(epoch, model.loss_, accuracy))

os.makedirs("outputs", exist_ok=True)
joblib.dump(model, "outputs/model.joblib")
with open("outputs/metrics.json", "w") as file:
    json.dump({"accuracy": accuracy, "epochs": epoch, "steps": step}, file)
print("accuracy {:.4f} after {} epochs; the model is outputs/model.joblib".format(accuracy, epoch))
