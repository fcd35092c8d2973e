"""A run's files by folder, in pages; found by a part of their path; one, many or all as a zip."""

import io
import zipfile

import pytest

from runs import logs
from runs.models import RunFile
from studio.files import blobs
from tests.runs.conftest import Caller

FILES = {
    "outputs/a.txt": 1, "outputs/checkpoints/1.pt": 20, "outputs/checkpoints/2.pt": 22,
    "outputs/checkpoints/old/0.pt": 7, "outputs/é.txt": 3, "Outputs/other.txt": 5, "z.txt": 9,
}  # fmt: skip


def run_with(caller: Caller, sizes: dict[str, int] = FILES):
    run_id = caller.submit().json()["run_id"]
    run = caller.workspace.experiments.get().runs.get(run_id=run_id)
    by_size = {size: blobs.put([b"x" * size]) for size in set(sizes.values())}
    RunFile.objects.bulk_create(
        [RunFile(run=run, path=path, blob=by_size[size]) for path, size in sizes.items()]
    )
    logs.append(run, "azureml-logs/70_driver_log.txt", 0, b"hello\n")
    logs.append(run, "logs/deep/er/more.txt", 0, b"12345")
    return run


def ask(caller: Caller, run, **query):
    reply = caller.get(f"/api/v1/runs/{run.run_id}/files", **query)
    assert reply.status_code == 200, reply.content
    return reply.json()


def names(answer) -> list[str]:
    return [item["path"] for item in answer["items"]]


def test_a_folder_says_what_stands_in_it_folders_first(caller: Caller):
    run = run_with(caller)
    top = ask(caller, run, prefix="")
    assert names(top) == ["Outputs/", "azureml-logs/", "logs/", "outputs/", "z.txt"]
    assert top["next"] is None
    outputs = next(item for item in top["items"] if item["path"] == "outputs/")
    assert (outputs["kind"], outputs["file_count"], outputs["size_bytes"]) == ("folder", 5, 53)
    growing = {item["path"] for item in top["items"] if item["is_growing"]}
    assert growing == {"azureml-logs/", "logs/"}
    inside = ask(caller, run, prefix="outputs/")
    assert names(inside) == ["outputs/checkpoints/", "outputs/a.txt", "outputs/é.txt"]
    assert ask(caller, run, prefix="outputs") == inside
    log = ask(caller, run, prefix="azureml-logs/")["items"][0]
    assert (log["kind"], log["size_bytes"]) == ("log", 6)
    assert names(ask(caller, run, prefix="logs/deep/")) == ["logs/deep/er/"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_a_folder_are_the_folder(caller: Caller, limit: int):
    run = run_with(caller)
    for prefix in ("", "outputs/"):
        found, cursor = [], ""
        while cursor is not None:
            page = ask(caller, run, prefix=prefix, cursor=cursor, limit=limit)
            assert len(page["items"]) <= limit
            found += page["items"]
            cursor = page["next"]
        assert found == ask(caller, run, prefix=prefix)["items"]


def test_a_folder_takes_as_few_questions_for_ten_thousand_files(
    caller: Caller, django_assert_max_num_queries
):
    few = {f"outputs/{number // 100:03d}/{number:05d}.txt": 1 for number in range(10_000)}
    run = run_with(caller, few)
    with django_assert_max_num_queries(12):
        page = ask(caller, run, prefix="outputs/")
    assert len(page["items"]) == 100
    assert {item["file_count"] for item in page["items"]} == {100}


def test_what_is_no_cursor_is_refused(caller: Caller):
    run = run_with(caller)
    reply = caller.get(f"/api/v1/runs/{run.run_id}/files", prefix="", cursor="x")
    assert reply.status_code == 400
    assert "no cursor" in reply.json()["error"]["message"]


def test_files_are_found_by_a_part_of_their_path(caller: Caller):
    run = run_with(caller)
    assert names(ask(caller, run, find="CHECK")) == [
        "outputs/checkpoints/1.pt", "outputs/checkpoints/2.pt", "outputs/checkpoints/old/0.pt",
    ]  # fmt: skip
    assert names(ask(caller, run, find="driver")) == ["azureml-logs/70_driver_log.txt"]
    assert names(ask(caller, run, find="%")) == []


def test_the_list_of_everything_is_as_it_was(caller: Caller):
    run = run_with(caller)
    answer = ask(caller, run)
    assert names(answer) == sorted(
        [*FILES, "azureml-logs/70_driver_log.txt", "logs/deep/er/more.txt"]
    )
    assert answer["is_cut"] is False


def zipped(reply) -> dict[str, int]:
    assert reply.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(reply.streaming_content))) as archive:
        return {entry.filename: entry.file_size for entry in archive.infolist()}


def test_chosen_files_and_folders_are_one_zip(caller: Caller):
    run = run_with(caller)
    address = f"/api/v1/runs/{run.run_id}/zip"
    wanted = {"path": ["outputs/checkpoints/", "z.txt", "azureml-logs/"]}
    assert zipped(caller.post(address, wanted)) == {
        "outputs/checkpoints/1.pt": 20, "outputs/checkpoints/2.pt": 22,
        "outputs/checkpoints/old/0.pt": 7, "z.txt": 9, "azureml-logs/70_driver_log.txt": 6,
    }  # fmt: skip
    form = "application/x-www-form-urlencoded"
    reply = caller.client.post(address, "path=z.txt&path=no.txt", content_type=form)
    assert zipped(reply) == {"z.txt": 9}
    assert caller.post(address, {"path": []}).status_code == 400
    assert set(zipped(caller.client.get(address, {"prefix": "outputs/"}))) == {
        path for path in FILES if path.startswith("outputs/")
    }


def test_code_by_folder_and_as_a_chosen_zip(caller: Caller):
    files = {"train.py": "1", "lib/a.py": "2", "lib/b/c.py": "3"}
    run_id = caller.submit(files).json()["run_id"]
    top = caller.get(f"/api/v1/runs/{run_id}/snapshot", prefix="").json()
    assert names(top) == ["lib/", "train.py"]
    assert len(top["items"][1]["sha256"]) == 64
    reply = caller.post(f"/api/v1/runs/{run_id}/snapshot/zip", {"path": ["lib/b/"]})
    assert zipped(reply) == {"lib/b/c.py": 1}


def test_nobody_else_sees_them(caller: Caller, stranger: Caller, reader: Caller):
    run = run_with(caller)
    home = f"/api/v1/runs/{run.run_id}"
    asked = (
        "files?prefix=",
        "preview?path=z.txt",
        "snapshot/search?text=a",
        "preview/frame?path=a",
    )
    for path in asked:
        assert stranger.get(f"{home}/{path}").status_code == 404
    assert reader.get(f"{home}/files?prefix=").status_code == 200
    for path in ("zip", "snapshot/zip"):
        assert stranger.post(f"{home}/{path}", {"path": ["z.txt"]}).status_code == 404
