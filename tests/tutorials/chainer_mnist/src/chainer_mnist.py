import argparse
import os
from urllib.request import urlretrieve

import chainer
import chainer.functions as F
import chainer.links as L
import numpy as np
from azureml.core.run import Run
from chainer import serializers
from chainer.dataset import concat_examples
from chainer.datasets import TupleDataset
from chainer.iterators import SerialIterator
from utils import load_data

run = Run.get_context()


class MyNetwork(chainer.Chain):
    def __init__(self, n_mid_units=100, n_out=10):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(None, n_mid_units)
            self.l2 = L.Linear(n_mid_units, n_mid_units)
            self.l3 = L.Linear(n_mid_units, n_out)

    def forward(self, x):
        h = F.relu(self.l1(x))
        h = F.relu(self.l2(h))
        return self.l3(h)

    __call__ = forward


def part(name):
    """Return a part of MNIST, fetched from its site."""
    site, files = os.environ["MNIST_SITE"], []
    for kind in ("images-idx3", "labels-idx1"):
        file = "{}-{}-ubyte.gz".format(name, kind)
        urlretrieve(site + "/" + file, file)
        files.append(load_data(file, "labels" in file))
    pictures = files[0].astype(np.float32) / 255
    return TupleDataset(pictures, files[1].reshape(-1).astype(np.int32))


def main():
    parser = argparse.ArgumentParser(description="Chainer example: MNIST")
    parser.add_argument("--batchsize", "-b", type=int, default=100)
    parser.add_argument("--epochs", "-e", type=int, default=20)
    parser.add_argument("--output_dir", "-o", default="./outputs")
    parser.add_argument("--gpu_id", "-g", type=int, default=-1)
    args = parser.parse_args()

    run.log("Batch size", int(args.batchsize))
    run.log("Epochs", int(args.epochs))

    train, test = part("train"), part("t10k")
    train_iter = SerialIterator(train, args.batchsize)
    model = MyNetwork()
    gpu_id = 0 if chainer.backends.cuda.available else args.gpu_id
    print("GPU" if gpu_id >= 0 else "no GPU: the CPU is used")
    if gpu_id >= 0:
        chainer.backends.cuda.get_device_from_id(gpu_id).use()
        model.to_gpu(gpu_id)

    optimizer = chainer.optimizers.MomentumSGD(lr=0.05, momentum=0.9)
    optimizer.setup(model)

    while train_iter.epoch < args.epochs:
        x, t = concat_examples(train_iter.next(), gpu_id)
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()

        if train_iter.is_new_epoch:
            print("epoch:{:02d} train_loss:{:.04f}".format(train_iter.epoch, float(loss.array)))
            with chainer.using_config("train", False), chainer.no_backprop_mode():
                x, t = concat_examples(test[:], gpu_id)
                accuracy = float(F.accuracy(model(x), t).array)
            print("val_accuracy:{:.04f}".format(accuracy))
            run.log("Accuracy", accuracy)

    serializers.save_npz(os.path.join(args.output_dir, "model.npz"), model)


if __name__ == "__main__":
    main()
