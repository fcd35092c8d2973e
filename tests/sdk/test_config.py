"""config.json: where it is found, what is said when it is not, how it is written."""

import json
import os
import stat

import pytest
from trainyard import _config, _errors

OURS = {"url": "http://127.0.0.1:8000", "token": "ty_x"}
PLAIN = {
    "subscription_id": "s", "resource_group": "g", "workspace_name": "w", "trainyard": OURS,
}  # fmt: skip
SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
EXPECTED = _config.Config("s", "g", "w", OURS["url"], OURS["token"])


def write(place, words):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(words))
    return os.fspath(place)


@pytest.mark.parametrize("words", [PLAIN, {"Id": None, "Scope": SCOPE, "trainyard": OURS}])
def test_both_forms_are_read(tmp_path, words):
    assert _config.read(write(tmp_path / "config.json", words)) == EXPECTED


def test_a_folder_far_above_beats_a_plain_file_beside_you(tmp_path):
    far = write(tmp_path / ".azureml" / "config.json", PLAIN)
    here = tmp_path / "a" / "b"
    near = write(here / "config.json", PLAIN)
    assert _config.find(os.fspath(here)) == far
    assert _config.find(near) == near
    os.remove(far)
    assert _config.find(os.fspath(here)) == near
    legacy = write(tmp_path / "aml_config" / "project.json", PLAIN)
    assert _config.find(os.fspath(here)) == legacy


def test_nothing_found_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(
        _errors.UserErrorException, match=r"could not find config\.json in: .*sdk_c"
    ):
        _config.find(os.fspath(tmp_path))


def test_missing_keys_are_named(tmp_path):
    file = write(tmp_path / "config.json", {"subscription_id": "s", "trainyard": OURS})
    with pytest.raises(_errors.UserErrorException, match="required parameters"):
        _config.read(file)
    file = write(tmp_path / "config.json", {**PLAIN, "trainyard": None})
    with pytest.raises(_errors.UserErrorException, match="where the studio is"):
        _config.read(file)


def test_what_is_written_is_read_and_is_the_owners_alone(tmp_path):
    file = _config.write(EXPECTED, os.fspath(tmp_path))
    assert file == os.fspath(tmp_path / ".azureml" / "config.json")
    assert _config.read(file) == EXPECTED
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    again = _config.write(EXPECTED, os.fspath(tmp_path / ".azureml"), "other")
    assert again == os.fspath(tmp_path / ".azureml" / "other.json")
    with pytest.raises(_errors.UserErrorException, match="Could not write the config file to"):
        _config.write(EXPECTED, os.fspath(tmp_path / "no" / "such"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "required parameters"),
        ('{"Scope": "/subscriptions/s"}', "required parameters"),
        (json.dumps({**PLAIN, "workspace_name": 3}), "required parameters"),
        (json.dumps({**PLAIN, "workspace_name": ""}), "required parameters"),
        (json.dumps({**PLAIN, "trainyard": "http://x"}), "where the studio is"),
        (json.dumps({**PLAIN, "trainyard": {"url": OURS["url"]}}), "where the studio is"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "url": "127.0.0.1:8000"}}), "must look like"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "url": "ftp://x"}}), "must look like"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "url": "http://x:no"}}), "must look like"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "url": 8000}}), "must look like"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "token": "a\nb"}}), "no token"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "token": "tÿ"}}), "no token"),
        (json.dumps({**PLAIN, "trainyard": {**OURS, "token": 12}}), "no token"),
    ],
)
def test_each_kind_of_wrong_file_is_named_with_the_way_out(tmp_path, text, said):
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(_errors.UserErrorException) as caught:
        _config.read(os.fspath(file))
    assert said in caught.value.message and os.fspath(file) in caught.value.message
    assert "cannot be read" in said or "Settings page" in caught.value.message


def test_a_file_that_may_not_be_read_or_is_a_folder(tmp_path):
    with pytest.raises(_errors.UserErrorException, match="cannot be read"):
        _config.read(os.fspath(tmp_path))
    (tmp_path / "config.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(_errors.UserErrorException, match="cannot be read"):
        _config.read(os.fspath(tmp_path / "config.json"))


def test_the_login_is_for_commands_only_and_last(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path / "settings"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(_errors.UserErrorException, match="trainyard login"):
        _config.of_command()
    login = write(tmp_path / "settings" / "trainyard" / "config.json", PLAIN)
    assert _config.of_command() == login
    with pytest.raises(_errors.UserErrorException):
        _config.find()
    near = write(here / ".azureml" / "config.json", PLAIN)
    assert _config.of_command() == near
    assert _config.forget_login() and not _config.forget_login()
