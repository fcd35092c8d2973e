"""A link in outputs/ that leaves the run's folder is not kept, and keeps nothing else back."""

import os

from trainyard._driver.paths import walk


def test_links_count_as_files_within_the_run_only(tmp_path):
    code = tmp_path / "code"
    outputs = code / "outputs"
    outputs.mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (code / "data.bin").write_bytes(b"data")
    (outputs / "model.bin").write_bytes(b"model")
    (outputs / "own").symlink_to(code / "data.bin")
    (outputs / "away").symlink_to(tmp_path / "secret")
    (outputs / "status").symlink_to("/proc/self/status")
    os.mkfifo(outputs / "pipe")
    refused = []
    found = [
        path for path, _, _ in walk(os.fspath(outputs), lambda path, why: refused.append(path))
    ]
    assert found == ["model.bin", "own"]
    assert refused == ["away", "status"]
