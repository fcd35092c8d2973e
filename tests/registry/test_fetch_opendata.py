"""Open datasets: a catalogue of addresses and hashes, from a mirror that may be a folder."""

import hashlib

import pytest

from registry import opendata
from registry.opendata import File, OpenDataset

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.FETCHES = tmp_path / "fetches"


@pytest.fixture
def small(monkeypatch, settings, tmp_path):
    """A catalogue of one small set, and the folder that mirrors it."""
    mirror = tmp_path / "mirror"
    (mirror / "small").mkdir(parents=True)
    files = []
    for part in ("train", "test"):
        (mirror / "small" / f"{part}.gz").write_bytes(part.encode())
        url = f"https://azureopendatastorage.azurefd.net/small/{part}.gz"
        files.append(File(url, hashlib.sha256(part.encode()).hexdigest(), len(part), part))
    one = OpenDataset("small", "Small", "two files", "free", tuple(files))
    monkeypatch.setattr(opendata, "catalogue", lambda: (one,))
    settings.OPENDATA_MIRROR = str(mirror)
    return mirror


def test_the_catalogue_is_whole(api):
    caller = api()
    listed = caller.get(f"workspaces/{caller.workspace.name}/opendata").json()["items"]
    found = {one["name"]: one for one in listed}
    assert set(found) == {"cifar10", "mnist"}
    assert len(found["mnist"]["files"]) == 4
    assert found["mnist"]["size_bytes"] == 11_594_722
    for one in listed:
        for file in one["files"]:
            assert file["url"].startswith("https://")
            assert len(file["sha256"]) == 64
    paths = [file["path"] for file in found["mnist"]["files"]]
    assert paths[0] == (
        "https%3A/%2Fazureopendatastorage.azurefd.net/mnist/train-images-idx3-ubyte.gz"
    )


def test_a_set_comes_from_its_mirror_and_only_once(small, api, workers):
    caller = api()
    root = f"workspaces/{caller.workspace.name}"
    asked = caller.post(f"{root}/opendata/small")
    assert asked.status_code == 201, asked.json()
    workers.join("fetches")
    said = caller.get(f"{root}/fetches/{asked.json()['id']}").json()
    assert (said["state"], said["error"]) == ("Completed", "")
    assert [file["path"].rpartition("/")[2] for file in said["files"]] == ["train.gz", "test.gz"]
    for file in small.glob("*/*"):
        file.unlink()
    again = caller.post(f"{root}/opendata/small").json()
    assert (again["state"], again["tree"]) == ("Completed", said["tree"])
    part = caller.post(f"{root}/opendata/small", {"filter": "test"}).json()
    assert [file["size_bytes"] for file in part["files"]] == [4]


def test_a_file_that_is_another_is_refused(small, api, workers):
    (small / "small" / "train.gz").write_bytes(b"other")
    caller = api()
    root = f"workspaces/{caller.workspace.name}"
    asked = caller.post(f"{root}/opendata/small").json()
    workers.join("fetches")
    said = caller.get(f"{root}/fetches/{asked['id']}").json()
    assert said["state"] == "Failed"
    assert "is not the file that was asked for" in said["error"]


def test_a_mirror_without_the_file_says_so(small, api, workers):
    (small / "small" / "train.gz").unlink()
    caller = api()
    root = f"workspaces/{caller.workspace.name}"
    asked = caller.post(f"{root}/opendata/small").json()
    workers.join("fetches")
    said = caller.get(f"{root}/fetches/{asked['id']}").json()
    assert said["state"] == "Failed"
    assert "STUDIO_OPENDATA_MIRROR" in said["error"]


def test_unknown_sets_and_parts_are_named(small, api):
    caller = api()
    root = f"workspaces/{caller.workspace.name}"
    missing = caller.post(f"{root}/opendata/nothing")
    assert missing.status_code == 404
    assert "open datasets: small" in missing.json()["error"]["message"]
    assert caller.post(f"{root}/opendata/small", {"filter": "none"}).status_code == 400
