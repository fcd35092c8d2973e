"""Curated environments: data files of the release, seen everywhere, edited by nobody."""

import pytest

from compute import recipes
from registry import catalog, environments
from registry.models import Version

pytestmark = pytest.mark.django_db

FILE = "name: AzureML-Tiny\ndescription: d\ndefinition: {pip: six}\n"


def test_every_file_can_be_read_and_says_what_it_holds():
    entries = catalog.read()
    names = {entry.name for entry in entries}
    assert {"AzureML-Minimal", "AzureML-sklearn-1.5", "AzureML-PyTorch-2.13-CPU"} <= names
    for entry in entries:
        recipe = recipes.from_definition(entry.definition)
        assert recipe.provided, f"{entry.name} does not name the client"
        assert len(entry.description) > 60, entry.name
        assert entry.tags["framework"]
    assert len(names) == len(entries)


def test_loading_twice_changes_nothing_and_a_changed_file_is_the_next_version(tmp_path, lab):
    file = tmp_path / "tiny.yaml"
    file.write_text(FILE)
    for _ in range(2):
        environments.load_catalog(tmp_path)
    assert lab.get("/AzureML-Tiny").json()["version"] == 1
    file.write_text(FILE.replace("description: d", "description: better"))
    environments.load_catalog(tmp_path)
    assert lab.get("/AzureML-Tiny").json()["description"] == "better"
    assert Version.objects.count() == 1
    file.write_text(FILE.replace("six", "numpy"))
    environments.load_catalog(tmp_path)
    assert lab.get("/AzureML-Tiny").json()["definition"] == {"pip": "numpy"}
    assert lab.get("/AzureML-Tiny", version=1).json()["definition"] == {"pip": "six"}


def test_one_whose_file_went_leaves_the_lists_and_stays_by_name(tmp_path, lab):
    (tmp_path / "tiny.yaml").write_text(FILE + "also: {AzureML-Old: the same}\n")
    environments.load_catalog(tmp_path)
    assert lab.names() == ["AzureML-Old", "AzureML-Tiny"]
    (tmp_path / "tiny.yaml").write_text(FILE)
    environments.load_catalog(tmp_path)
    assert lab.names() == ["AzureML-Tiny"]
    assert lab.get("/AzureML-Old").json()["description"] == "the same"


def test_they_are_seen_in_every_workspace_and_changed_in_none(tmp_path, lab, elsewhere):
    (tmp_path / "tiny.yaml").write_text(FILE)
    environments.load_catalog(tmp_path)
    assert lab.get("/AzureML-Tiny").json()["curated"]
    assert elsewhere.names() == ["AzureML-Tiny"]
    for refused in (
        lab.patch("/AzureML-Tiny", {"archived": True}),
        lab.patch("/AzureML-Tiny/versions/1", {"description": "mine"}),
        lab.post("/AzureML-Tiny/versions/1/update"),
    ):
        assert refused.status_code == 403
        assert "copy it under a name of your own" in refused.json()["error"]["message"]
    definition = lab.get("/AzureML-Tiny").json()["definition"]
    assert lab.post("", {"name": "my-tiny", "definition": definition}).status_code == 201


def test_a_submission_names_one_as_any_other(tmp_path, lab):
    (tmp_path / "tiny.yaml").write_text(FILE)
    environments.load_catalog(tmp_path)
    version, definition = environments.find(lab.api.workspace, {"name": "AzureML-Tiny"})
    assert (str(version), definition) == ("AzureML-Tiny:1", {"pip": "six"})
