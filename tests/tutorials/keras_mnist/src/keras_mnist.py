import argparse
import glob
import os

import keras
import matplotlib
import numpy as np
from azureml.core import Run
from keras.callbacks import Callback
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import RMSprop
from utils import load_data

matplotlib.use("agg")
import matplotlib.pyplot as plt

print("Keras version:", keras.__version__)

parser = argparse.ArgumentParser()
parser.add_argument("--data-folder", type=str, dest="data_folder")
parser.add_argument("--batch-size", type=int, dest="batch_size", default=50)
parser.add_argument("--first-layer-neurons", type=int, dest="n_hidden_1", default=100)
parser.add_argument("--second-layer-neurons", type=int, dest="n_hidden_2", default=100)
parser.add_argument("--learning-rate", type=float, dest="learning_rate", default=0.001)
args = parser.parse_args()

print("training dataset is stored here:", args.data_folder)


def find(pattern):
    return glob.glob(os.path.join(args.data_folder, "**", pattern), recursive=True)[0]


X_train = load_data(find("train-images-idx3-ubyte.gz"), False).astype("float32") / 255.0
X_test = load_data(find("t10k-images-idx3-ubyte.gz"), False).astype("float32") / 255.0
y_train = np.eye(10)[load_data(find("train-labels-idx1-ubyte.gz"), True).reshape(-1)]
y_test = np.eye(10)[load_data(find("t10k-labels-idx1-ubyte.gz"), True).reshape(-1)]
print(X_train.shape, y_train.shape, X_test.shape, y_test.shape, sep="\n")

model = Sequential()
model.add(Dense(args.n_hidden_1, activation="relu", input_shape=(784,), name="hidden1"))
model.add(Dense(args.n_hidden_2, activation="relu", name="hidden2"))
model.add(Dense(10, activation="softmax", name="output"))
model.compile(
    loss="categorical_crossentropy",
    optimizer=RMSprop(learning_rate=args.learning_rate),
    metrics=["accuracy"],
)

run = Run.get_context()


class LogRunMetrics(Callback):
    def on_epoch_end(self, epoch, logs=None):
        run.log("Loss", logs["val_loss"])
        run.log("Accuracy", logs["val_accuracy"])


history = model.fit(
    X_train,
    y_train,
    batch_size=args.batch_size,
    epochs=20,
    verbose=2,
    validation_data=(X_test, y_test),
    callbacks=[LogRunMetrics()],
)

score = model.evaluate(X_test, y_test, verbose=0)
run.log("Final test loss", score[0])
run.log("Final test accuracy", score[1])
print("Test accuracy:", score[1])

plt.figure(figsize=(6, 3))
plt.title("MNIST with Keras MLP (20 epochs)", fontsize=14)
plt.plot(history.history["val_accuracy"], "b-", label="Accuracy", lw=4, alpha=0.5)
plt.plot(history.history["val_loss"], "r--", label="Loss", lw=4, alpha=0.5)
plt.legend(fontsize=12)
plt.grid(True)
run.log_image("Accuracy vs Loss", plot=plt)

os.makedirs("./outputs/model", exist_ok=True)
with open("./outputs/model/model.json", "w") as f:
    f.write(model.to_json())
model.save_weights("./outputs/model/model.weights.h5")
print("model saved in ./outputs/model folder")
