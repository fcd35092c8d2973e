"""Which files of a source folder belong to a snapshot, and which links do not."""

import os

import pytest
from trainyard import _errors, _snapshot


def paths(folder):
    return [source.path for source in _snapshot.listing(os.fspath(folder))]


@pytest.fixture
def folder(tmp_path):
    for name in ("train.py", "lib/a.py", "data/x.bin", "outputs/old", ".git/HEAD"):
        place = tmp_path / "src" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)
    return tmp_path / "src"


def test_without_an_ignore_file_everything_belongs(folder):
    assert paths(folder) == [".git/HEAD", "data/x.bin", "lib/a.py", "outputs/old", "train.py"]


@pytest.mark.parametrize(
    "line",
    [
        "url = https://anna:s3cret@git.example/a.git",
        "url = https://token@git.example/a.git",
        "extraheader = AUTHORIZATION: basic eHh4",
        '[url "https://anna:s3cret@git.example/"]',
    ],
)
def test_a_repository_whose_config_holds_a_password_goes_without_it(folder, line):
    (folder / "lib" / ".git").mkdir()
    places = [folder / ".git" / "config", folder / "lib" / ".git" / "config", folder / "config"]
    for place in places:
        place.write_text('[remote "origin"]\n\t' + line + "\n")
    found = paths(folder)
    assert ".git/HEAD" in found and "config" in found
    assert ".git/config" not in found and "lib/.git/config" not in found
    for place in places:
        place.write_text('[remote "origin"]\n\turl = ssh://git@git.example/a.git\n')
    assert {".git/config", "lib/.git/config"} <= set(paths(folder))


def test_the_ignore_file_at_the_top_counts_and_no_other(folder):
    (folder / ".gitignore").write_text("data/\noutputs\n.git\n")
    (folder / "lib" / ".gitignore").write_text("*\n")
    assert paths(folder) == [".gitignore", "lib/.gitignore", "lib/a.py", "train.py"]
    (folder / ".amlignore").write_text("lib\n.git*\n")
    assert paths(folder) == [".amlignore", "data/x.bin", "outputs/old", "train.py"]


def test_a_link_inside_the_folder_is_the_file_it_points_at(folder):
    (folder / "link.py").symlink_to("lib/a.py")
    (folder / "again").symlink_to("lib")
    (folder / "lib" / "loop").symlink_to("..")
    found = {s.path: s for s in _snapshot.listing(os.fspath(folder))}
    assert found["link.py"].size == len("lib/a.py")
    assert "again/a.py" in found and "lib/loop/train.py" not in found


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "nowhere"])
def test_a_link_out_of_the_folder_is_refused_unless_ignored(folder, target):
    (folder.parent / "outside").mkdir()
    (folder / "data" / "link").symlink_to(target if target[0] == "/" else "../" + target)
    with pytest.raises(_errors.SnapshotException, match=r"data/link.*\.amlignore"):
        paths(folder)
    (folder / ".amlignore").write_text("data\n")
    assert "train.py" in paths(folder)


def test_a_name_that_is_no_text_is_refused(folder):
    with open(os.fsencode(folder) + b"/\xff.py", "w"):
        pass
    with pytest.raises(_errors.SnapshotException, match="not valid UTF-8"):
        paths(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(_errors.SnapshotException, match="not a folder"):
        paths(tmp_path / "none")
