"""Models by the SDK against a whole studio: registered from here, found, changed, downloaded."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azureml.core import Dataset, Model
from azureml.exceptions import UserErrorException, WebserviceException


@pytest.fixture
def made(workspace, tmp_path):
    """Register a model from a file or folder of these contents."""

    def made(name, files=None, **words):
        top = tmp_path / "model"
        for path, text in (files or {"w.bin": name}).items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text(text)
        path = top if len(files or ()) > 1 else top / next(iter(files or {"w.bin": ""}))
        return Model.register(workspace, os.fspath(path), name, **words)

    return made


def test_a_file_of_this_computer_becomes_a_model(workspace, made, tmp_path, capsys):
    framework = {"model_framework": Model.Framework.PYTORCH, "model_framework_version": "2.1"}
    tags, properties = {"kind": "test"}, {"loss": 0.5}
    model = made("from-file", tags=tags, properties=properties, description="words", **framework)
    assert capsys.readouterr().out == "Registering model from-file\n"
    assert (model.id, model.name, model.version) == ("from-file:1", "from-file", 1)
    assert (model.tags, model.properties) == ({"kind": "test"}, {"loss": "0.5"})
    assert (model.framework, model.model_framework_version) == ("PyTorch", "2.1")
    assert (model.description, model.run_id) == ("words", None)
    assert abs(datetime.now(UTC) - model.created_time) < timedelta(minutes=10)
    assert model.url.startswith("aml://asset/") and len(model.url) == 44
    place = model.download(os.fspath(tmp_path / "down"))
    assert place == os.path.join(tmp_path, "down", "w.bin")
    assert Path(place).read_text() == "from-file"
    with pytest.raises(WebserviceException, match="exist_ok=True"):
        model.download(os.fspath(tmp_path / "down"))
    assert model.download(os.fspath(tmp_path / "down"), exist_ok=True) == place


def test_a_folder_keeps_its_name_and_may_give_only_parts(made, tmp_path):
    files = {"a/x.bin": "x", "a/y.bin": "y", "top.json": "{}"}
    assert [path for path, _ in made("whole", files).files] == [
        "model/a/x.bin", "model/a/y.bin", "model/top.json",
    ]  # fmt: skip
    one = made("one-of", files)
    place = one.download(os.fspath(tmp_path / "one"), path="model/a")
    assert sorted(path.name for path in Path(place).rglob("*.*")) == ["x.bin", "y.bin"]
    assert Path(one.download(os.fspath(tmp_path / "one"), path="model/top.json")).is_dir()
    assert (tmp_path / "one" / "model" / "top.json").read_text() == "{}"
    with pytest.raises(WebserviceException, match="no file or folder model/none; its files"):
        one.download(os.fspath(tmp_path / "one"), path="model/none")
    part = made("part", files, child_paths=["a"])
    assert [path for path, _ in part.files] == ["model/a/x.bin", "model/a/y.bin"]
    place = part.download(os.fspath(tmp_path / "down"))
    assert place == os.path.join(tmp_path, "down", "model")
    assert os.listdir(os.path.join(place, "a"))


def test_models_are_found_by_what_is_written_on_them(workspace, made):
    one = made("found", tags={"stage": "old", "team": "a"})
    two = made("found", {"w.bin": "2"}, tags={"stage": "new"}, properties={"seed": 7})
    made("found-other", tags={"stage": "new"}, model_framework="Onnx")
    ids = lambda **words: [model.id for model in Model.list(workspace, **words)]  # noqa: E731
    assert ids(name="found") == ["found:2", "found:1"]
    assert ids(name="found", latest=True) == ["found:2"]
    assert sorted(ids(tags={"stage": "new"})) == ["found-other:1", "found:2"]
    assert ids(tags=["team"]) == ["found:1"] and ids(tags=[["stage", "old"]]) == ["found:1"]
    assert ids(properties={"seed": 7}) == ["found:2"]
    assert ids(model_framework="Onnx", name="found-other") == ["found-other:1"]
    assert ids(run_id="nobody") == []
    assert Model(workspace, "found").version == 2 and Model(workspace, id="found:1").id == one.id
    assert Model(workspace, "found", version=1).tags == one.tags
    assert Model(workspace, "found", tags={"stage": "old"}).version == 1
    assert workspace.models["found"].id == two.id
    listed = next(model for model in Model.list(workspace) if model.id == "found:2")
    assert listed.files == [("w.bin", 1)]
    for words in ({"name": "nowhere"}, {"name": "found", "version": 9},
                  {"name": "found", "tags": {"stage": "none"}}):  # fmt: skip
        with pytest.raises(WebserviceException, match="ModelNotFound"):
            Model(workspace, **words)
    with pytest.raises(UserErrorException):
        Model(workspace)


def test_what_is_written_on_a_model_changes(workspace, made, capsys):
    model = made("changed", tags={"a": "1", "b": "2"})
    model.add_tags({"c": 3})
    model.remove_tags(["a"])
    model.add_properties({"p": "q"})
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Model changed:1: tags added", "Model changed:1: tags removed",
        "Model changed:1: properties added",
    ]  # fmt: skip
    assert (model.tags, model.properties) == ({"b": "2", "c": "3"}, {"p": "q"})
    model.update(tags={"only": "this"}, description="new")
    again = Model(workspace, "changed")
    assert (again.tags, again.description) == ({"only": "this"}, "new")


def test_an_alias_stands_for_a_version(workspace, made):
    one, two = made("aliased"), made("aliased", {"w.bin": "2"})
    one.set_alias("champion")
    assert Model(workspace, "aliased", version="champion").version == 1
    two.set_alias("champion")
    assert Model(workspace, id="aliased:champion").version == 2 and two.aliases == ["champion"]
    two.remove_alias("champion")
    with pytest.raises(WebserviceException):
        Model(workspace, "aliased", version="champion")


def test_a_model_says_what_it_was_trained_on(workspace, made, tmp_path):
    store = workspace.get_default_datastore()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "d.txt").write_text("d")
    store.upload(os.fspath(tmp_path / "data"), "of-models", overwrite=True, show_progress=False)
    data = Dataset.File.from_files((store, "of-models"))
    with pytest.raises(UserErrorException, match="register"):
        made("trained", datasets=[(Dataset.Scenario.TRAINING, data)])
    known = data.register(workspace, "of-models", create_new_version=True)
    model = made("trained", datasets=[(Dataset.Scenario.TRAINING, known)])
    assert model.datasets == {"training": [known.id]}
    assert [one.id for one in Model.list(workspace, dataset_id=known.id)] == [model.id]


def test_a_path_of_a_model_is_downloaded_once(workspace, made, tmp_path, monkeypatch):
    model = made("pathed")
    monkeypatch.chdir(tmp_path)
    place = Model.get_model_path("pathed", _workspace=workspace)
    assert place == os.path.join(".", "azureml-models", "pathed", "1", "w.bin")
    Path(place).write_text("mine")
    again = Model.get_model_path("pathed", version=1, _workspace=workspace)
    assert Path(again).read_text() == "mine"
    model.delete()
    with pytest.raises(WebserviceException, match="ModelNotFound"):
        Model.get_model_path("pathed", _workspace=workspace)


def test_what_cannot_be_registered_is_said(workspace, tmp_path):
    with pytest.raises(WebserviceException, match="cannot be located"):
        Model.register(workspace, os.fspath(tmp_path / "none"), "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WebserviceException, match="holds no file"):
        Model.register(workspace, os.fspath(tmp_path / "empty"), "none")
    with pytest.raises(NotImplementedError, match="Instead: "):
        Model.deploy(workspace, "x", [])
