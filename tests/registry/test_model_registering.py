"""A version is a list of contents that are kept: its size costs nothing, and no byte is read."""

import io
import zipfile

import pytest

from runs import outputs
from studio.files import blobs
from studio.models import Blob
from tests.factories import make_blob, make_experiment, make_run

pytestmark = pytest.mark.django_db

FIVE_GB = 5 * 2**30


@pytest.fixture
def lab(api):
    return api()


def path(lab, rest=""):
    return f"workspaces/{lab.workspace.name}/models{rest}"


def test_five_gigabytes_of_a_run_become_a_model_without_a_byte_being_read(lab):
    sha256 = "5" * 64
    Blob.objects.create(sha256=sha256, size_bytes=FIVE_GB)
    with pytest.raises(Exception, match="not in the"):
        next(blobs.read(sha256))  # there is nothing that could be read
    run = make_run(experiment=make_experiment(workspace=lab.workspace), user=lab.user)
    outputs.add(run, [("outputs/large.bin", sha256)])
    words = {"name": "large", "path": "outputs/large.bin"}
    made = lab.post(f"runs/{run.run_id}/models", words)
    assert (made.status_code, made.json()["size_bytes"]) == (201, FIVE_GB)
    copied = lab.post(path(lab), {"name": "copy", "copy_of": "large:1"})
    assert (copied.status_code, copied.json()["run_id"]) == (201, run.run_id)


def test_a_folder_downloads_as_one_zip_by_number_and_by_alias(lab):
    content = {"m/a.bin": b"a", "m/deep/b.bin": b"bb", "readme": b"r"}
    files = [[name, make_blob(data).sha256] for name, data in content.items()]
    lab.post(path(lab), {"name": "digits", "files": files})
    lab.client.put(f"/api/v1/{path(lab, '/digits/aliases/best')}", {"version": 1}, format="json")

    def names(version, **query):
        reply = lab.get(path(lab, f"/digits/versions/{version}/zip"), **query)
        assert reply.status_code == 200, reply.content
        packed = io.BytesIO(b"".join(reply.streaming_content))
        return zipfile.ZipFile(packed).namelist(), reply["Content-Disposition"]

    assert names("best")[0] == list(content)
    assert names(1, prefix="m/deep/") == (
        ["m/deep/b.bin"],
        'attachment; filename="digits-1-deep.zip"',
    )
    assert lab.get(path(lab, "/digits/versions/1/zip"), prefix="other/").status_code == 404


def test_what_is_inside_is_told_by_the_api_too(lab):
    header = b'{"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}'
    data = len(header).to_bytes(8, "little") + header + bytes(24)
    files = [["m.safetensors", make_blob(data).sha256], ["x.pkl", make_blob(b"junk").sha256]]
    lab.post(path(lab), {"name": "digits", "files": files})
    inside = lab.get(path(lab, "/digits/versions/1/inside"), path="m.safetensors").json()
    assert (inside["format"], inside["parameter_count"]) == ("safetensors", 6)
    assert inside["tensors"][0]["shape"] == [2, 3]
    broken = lab.get(path(lab, "/digits/versions/1/inside"), path="x.pkl")
    assert (broken.status_code, broken.json()["tensors"]) == (200, [])
    assert broken.json()["problem"]
    assert lab.get(path(lab, "/digits/versions/1/inside"), path="absent").status_code == 404


def test_lists_are_filtered_and_have_all_versions_where_asked(lab):
    sha256 = make_blob(b"x").sha256
    for number in range(3):
        tags = {"team": "vision", "number": str(number)}
        lab.post(path(lab), {"name": "digits", "files": [["x", sha256]], "tags": tags})
    other = {"name": "words", "framework": "ONNX", "properties": {"run_id": "a_run"}}
    lab.post(path(lab), {"files": [["x", sha256]], **other})

    def ids(**query):
        return [item["id"] for item in lab.get(path(lab), **query).json()["items"]]

    assert ids() == ["digits:3", "words:1"]
    assert ids(latest=0) == ["digits:3", "digits:2", "digits:1", "words:1"]
    assert ids(latest=0, tag=["team=vision", "number=1"]) == ["digits:2"]
    assert ids(tag="number=1") == []  # the newest has another
    assert ids(run_id="a_run") == ids(property="run_id") == ids(framework="onnx") == ["words:1"]
    assert ids(name="digits") == ["digits:3"]
    versions = lab.get(path(lab, "/digits/versions")).json()["items"]
    assert [item["version"] for item in versions] == [3, 2, 1]
