"""More files in ./outputs than a run keeps: as many as there is room for, and one line about it."""

from trainyard._driver.paths import walk

from tests.sdk.driving import until

END = "azureml-logs/75_job_post.txt"


def test_what_a_run_has_no_room_for_is_said_once(driving, tmp_path):
    studio = driving.studio
    studio.most_files = 3
    gate = tmp_path / "gate"
    studio.code(
        train=f"""
import os, time
for at in range(2): open(f'outputs/{{at}}', 'w').write('1')
while not os.path.exists({str(gate)!r}): time.sleep(0.1)
open('outputs/0', 'w').write('anew')
for at in range(2, 9): open(f'outputs/{{at}}', 'w').write('2')
"""
    )
    driving.start()
    until(lambda: len(studio.files) == 2)
    gate.touch()
    assert driving.wait() == 0
    assert set(studio.files) == {"outputs/0", "outputs/1", "outputs/2"}
    assert studio.blobs[studio.files["outputs/0"]] == b"anew", "what it has is still brought"
    said = studio.text(END)
    assert said.count("a run keeps at most 3 files") == 1
    assert "'outputs/3' and all new ones after it were not kept" in said
    assert "not delivered" not in said
    assert studio.finished["exit_code"] == 0 and not studio.finished["undelivered"]
    calls = [path for _, path, _ in studio.calls if path.endswith("/files")]
    assert len(calls) < 8, "they are not tried one by one"


def test_links_out_of_the_folder_are_refused_and_others_are_files(tmp_path):
    """The folder itself may be such a link, or one on the way."""
    (tmp_path / "run/outputs/deep").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("s")
    own = tmp_path / "run/outputs"
    (own / "deep/a").write_text("a")
    (own / "same").symlink_to(own / "deep/a")
    (own / "out").symlink_to(tmp_path / "secret/key")
    (own / "folder").symlink_to(tmp_path / "secret")
    refused = {}
    found = [path for path, _, _ in walk(str(own), refused.__setitem__)]
    assert found == ["deep/a", "same"]
    assert list(refused) == ["out"]
    own.rename(tmp_path / "moved")
    own.symlink_to(tmp_path / "secret")
    assert [path for path, _, _ in walk(str(own), refused.__setitem__)] == []
    assert set(refused) == {"out", "key"}
