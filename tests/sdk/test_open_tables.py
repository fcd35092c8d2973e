"""MNIST as a table, of the catalogue's files: read by pandas here and by the studio's pages."""

import gzip
import os

import numpy as np
import pytest
from azureml.core import Dataset, Workspace
from azureml.data import TabularDataset
from azureml.exceptions import UserErrorException
from azureml.opendatasets import MNIST

from tests.fixtures.studio_process import StudioProcess
from tests.tutorials import data

MOST = 400


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """A folder with the first pictures of each part, or as many that are drawn."""
    folder = data.mnist(tmp_path_factory.mktemp("mnist") / "files", MOST)
    return folder, data.catalog(tmp_path_factory.mktemp("catalog") / "own", folder)


@pytest.fixture(scope="module")
def workspace(mnist):
    folder, catalog = mnist
    studio = StudioProcess(
        STUDIO_OPENDATA_MIRROR=os.fspath(folder), STUDIO_OPENDATA_CATALOG=os.fspath(catalog)
    )
    try:
        found = Workspace.from_config(os.fspath(studio.start().config_folder))
        yield found
        found.client.close()
    finally:
        studio.remove()


def pixels(folder, part):
    """(pictures, 784) and the labels of a part, out of its files."""
    images, labels = (gzip.decompress((folder / name).read_bytes()) for name in part)
    return (
        np.frombuffer(images[16:], np.uint8).reshape(-1, 784),
        np.frombuffer(labels[8:], np.uint8),
    )


def test_its_columns_are_the_pixels_and_the_label(workspace, mnist):
    table = MNIST.get_tabular_dataset()
    assert isinstance(table, TabularDataset)
    frame = table.to_pandas_dataframe()
    assert list(frame.columns) == [*(str(number) for number in range(784)), "label"]
    parts = [pixels(mnist[0], data.MNIST_NAMES[part]) for part in ("test", "train")]
    assert (frame.iloc[:, :784].to_numpy() == np.concatenate([one for one, _ in parts])).all()
    assert frame["label"].tolist() == np.concatenate([labels for _, labels in parts]).tolist()
    train = MNIST.get_tabular_dataset(dataset_filter="train")
    assert len(train.to_pandas_dataframe()) == len(parts[1][1])
    ones = train.filter(train["label"] == 1).keep_columns(["label"]).to_pandas_dataframe()
    assert len(ones) == (parts[1][1] == 1).sum() > 0 and set(ones["label"]) == {1}
    with pytest.raises(UserErrorException, match="all, train, test"):
        MNIST.get_tabular_dataset("half")


def test_the_studio_shows_its_rows_and_columns(workspace, mnist):
    kept = MNIST.get_tabular_dataset("test").register(workspace, "mnist-table")
    again = Dataset.get_by_name(workspace, "mnist-table")
    assert again == kept and '"ParseIdx"' in repr(again)
    pictures, labels = pixels(mnist[0], data.MNIST_NAMES["test"])
    base = workspace.api("datasets/mnist-table/1/preview")
    page = workspace.client.get(base, **{"from": 100, "count": 20})
    assert len(page["columns"]) == 785 and page["next"] == 120
    assert page["rows"][0] == [*pictures[100].tolist(), labels[100]]
    profile = workspace.client.get(workspace.api("datasets/mnist-table/1/profile"))
    assert profile["row_count"] == len(labels) and profile["columns"][-1]["mean"] == pytest.approx(
        labels.mean()
    )


def test_pictures_without_their_labels_are_refused(workspace, mnist, tmp_path):
    name = data.MNIST_NAMES["test"][0]
    (tmp_path / name).write_bytes((mnist[0] / name).read_bytes())
    store = workspace.get_default_datastore()
    store.upload(os.fspath(tmp_path), "alone", show_progress=False)
    files = Dataset.File.from_files((store, "alone"))
    alone = TabularDataset(files._content, reading={"format": "idx"}).register(workspace, "alone")
    with pytest.raises(UserErrorException, match="no file of labels beside it"):
        alone.to_pandas_dataframe()
    with pytest.raises(UserErrorException, match="IDX files come in pairs"):
        workspace.client.get(workspace.api("datasets/alone/1/preview"))
