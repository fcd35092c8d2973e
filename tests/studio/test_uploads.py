"""Uploads in pieces: what came stays after a cut, and a blob is only what was really hashed."""

import errno
import hashlib
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils.timezone import now

from studio import tokens
from studio.errors import BadInput, Conflict, DiskFull, NotFound, WrongOffset
from studio.files import blobs, room, uploads
from studio.files.bodies import CutOff
from studio.models import Blob, Role, TokenKind, Upload
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db
DATA = bytes(range(256)) * 40


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def begun(data: bytes = DATA, **said) -> Upload:
    member = make_member()
    upload = uploads.begin(member.workspace, member.user, size_bytes=len(data), **said)
    assert isinstance(upload, Upload)
    return upload


def arriving() -> list[Path]:
    return list(Path(settings.BLOBS).glob(".arriving-*"))


def nothing_is_left() -> bool:
    return not arriving() and not Upload.objects.exists()


def cut_after(*chunks: bytes):
    yield from chunks
    raise CutOff


def test_pieces_become_a_blob_and_nothing_else_is_left():
    upload = begun(sha256=sha(DATA))
    assert uploads.append(upload, 0, [DATA[:100], DATA[100:4000]]) == 4000
    assert uploads.at(upload) == 4000
    assert uploads.append(upload, 4000, [DATA[4000:]]) == len(DATA)
    blob = uploads.finish(upload)
    assert (blob.sha256, blob.size_bytes) == (sha(DATA), len(DATA))
    assert b"".join(blobs.read(blob.sha256)) == DATA
    assert nothing_is_left()


def test_what_came_before_a_cut_is_kept_and_goes_on():
    upload = begun()
    with pytest.raises(CutOff):
        uploads.append(upload, 0, cut_after(DATA[:5000]))
    assert uploads.at(upload) == 5000
    with pytest.raises(WrongOffset) as refused:
        uploads.append(upload, 0, [DATA])
    assert refused.value.facts == {"at": 5000}
    uploads.append(upload, 5000, [DATA[5000:]])
    assert uploads.finish(upload).sha256 == sha(DATA)


def test_another_process_may_go_on_where_this_one_was_killed():
    upload = begun()
    uploads.append(upload, 0, [DATA[:5000]])
    uploads._hashes.__init__()  # what a process knew is gone with it
    uploads.append(upload, 5000, [DATA[5000:]])
    assert uploads.finish(upload).sha256 == sha(DATA)


def test_bytes_that_were_changed_on_the_disk_are_not_what_was_hashed_on_the_way():
    upload = begun(sha256=sha(DATA))
    uploads.append(upload, 0, [DATA])
    uploads._hashes.__init__()
    arriving()[0].write_bytes(DATA[::-1])
    with pytest.raises(BadInput, match="send it again"):
        uploads.finish(upload)
    assert nothing_is_left() and not Blob.objects.exists()


def test_a_lie_about_the_hash_is_refused_and_leaves_nothing():
    upload = begun(sha256=sha(b"something else"))
    uploads.append(upload, 0, [DATA])
    with pytest.raises(BadInput, match="send it again"):
        uploads.finish(upload)
    assert nothing_is_left() and not Blob.objects.exists()


def test_more_bytes_than_were_said_are_refused_and_leave_nothing():
    upload = begun(DATA[:100])
    with pytest.raises(BadInput, match="more than the 100 bytes"):
        uploads.append(upload, 0, [DATA[:60], DATA[60:120]])
    assert nothing_is_left()


def test_fewer_bytes_than_were_said_are_no_blob_yet():
    upload = begun()
    uploads.append(upload, 0, [DATA[:10]])
    with pytest.raises(WrongOffset) as refused:
        uploads.finish(upload)
    assert refused.value.facts == {"at": 10}
    assert not Blob.objects.exists()


def test_an_empty_file_is_a_content_too():
    upload = begun(b"")
    assert uploads.finish(upload).sha256 == sha(b"")


def test_what_is_there_need_not_be_sent():
    blob = blobs.put([DATA])
    Blob.objects.update(used_at=now() - timedelta(days=9))
    member = make_member()
    there = uploads.begin(member.workspace, member.user, size_bytes=len(DATA), sha256=blob.sha256)
    assert isinstance(there, Blob)
    assert Blob.objects.get().used_at > now() - timedelta(minutes=1)
    assert nothing_is_left()


def test_an_upload_that_nobody_goes_on_with_is_gone_after_a_day():
    silent, goes_on = begun(), begun()
    for upload in (silent, goes_on):
        uploads.append(upload, 0, [DATA[:10]])
    later = now() + timedelta(days=1, minutes=1)
    Upload.objects.filter(pk=goes_on.pk).update(updated_at=later)
    old = (now() - timedelta(days=2)).timestamp()
    for place in arriving():
        os.utime(place, (old, old))
    uploads.sweep(later)
    assert list(Upload.objects.values_list("pk", flat=True)) == [goes_on.pk]
    assert [place.name for place in arriving()] == [f".arriving-{goes_on.pk}"]


def test_two_who_append_at_once_do_not_mix(monkeypatch):
    monkeypatch.setattr(uploads, "BUSY_S", 0.1)
    upload = begun()

    def meanwhile():
        yield DATA[:5]
        with pytest.raises(Conflict, match="by somebody else"):
            uploads.append(upload, 0, [b"other"])
        yield DATA[5:]

    uploads.append(upload, 0, meanwhile())
    assert uploads.finish(upload).sha256 == sha(DATA)


def test_an_upload_that_is_abandoned_while_it_is_sent_becomes_nothing():
    upload = begun()

    def meanwhile():
        yield DATA[:5]
        uploads.abandon(upload)
        yield DATA[5:]

    uploads.append(upload, 0, meanwhile())
    with pytest.raises(NotFound):
        uploads.finish(upload)
    assert nothing_is_left()


def test_a_file_for_which_there_is_no_room_is_refused_before_it_is_sent():
    member = make_member()
    with pytest.raises(DiskFull, match="must make room"):
        uploads.begin(member.workspace, member.user, size_bytes=2**60)
    assert nothing_is_left()


@pytest.fixture
def small_disk(tmp_path, settings):
    """A disk of a mebibyte for the blobs."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "trainyard-test", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    settings.BLOBS = place / "blobs"
    yield place
    shutil.rmtree(settings.BLOBS)
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full_in_the_middle_keeps_nothing_half(small_disk, monkeypatch, api):
    monkeypatch.setattr(room, "SPARE_BYTES", -(2**40))
    call = api()
    home = f"workspaces/{call.workspace.name}/uploads"
    upload = call.post(home, {"size_bytes": 4 * 2**20}).json()
    path = f"/api/v1/{home}/{upload['id']}?offset=0"
    reply = call.client.generic("PATCH", path, b"x" * 2 * 2**20, "application/octet-stream")
    assert (reply.status_code, reply.json()["error"]["code"]) == (507, "disk_full")
    assert nothing_is_left()
    with pytest.raises(OSError) as full:
        blobs.put([b"y" * 2**19] * 4)
    assert full.value.errno == errno.ENOSPC
    assert nothing_is_left()
    assert blobs.put([b"z" * 2**19]).size_bytes == 2**19  # there is room again


def test_uploads_over_http(api):
    call = api()
    home = f"workspaces/{call.workspace.name}/uploads"
    upload = call.post(home, {"size_bytes": len(DATA), "sha256": sha(DATA)})
    assert upload.status_code == 201
    assert upload.json() == {"id": upload.json()["id"], "at": 0, "size_bytes": len(DATA)}
    path = f"{home}/{upload.json()['id']}"

    def patch(offset: object, data: bytes):
        return call.client.generic("PATCH", f"/api/v1/{path}?offset={offset}", data)

    assert patch(0, DATA[:100]).json() == {"at": 100}
    assert call.get(path).json()["at"] == 100
    wrong = patch(7, DATA)
    assert (wrong.status_code, wrong.json()["error"]["at"]) == (409, 100)
    assert wrong.json()["error"]["code"] == "wrong_offset"
    assert patch("x", DATA).status_code == 400
    assert patch(100, DATA[100:]).json() == {"at": len(DATA)}
    done = call.post(f"{path}/finish")
    assert done.json() == {"sha256": sha(DATA), "size_bytes": len(DATA)}
    assert call.get(path).status_code == 404
    again = call.post(home, {"size_bytes": len(DATA), "sha256": sha(DATA)})
    assert (again.status_code, again.json()["is_there"]) == (201, True)
    other = call.post(home, {"size_bytes": 5}).json()
    assert call.delete(f"{home}/{other['id']}").status_code == 204
    assert nothing_is_left()
    assert call.get(f"{home}/{uuid4()}").status_code == 404
    assert call.post(home, {"size_bytes": -1}).status_code == 400
    assert call.post(home, {"size_bytes": 1, "sha256": "no"}).status_code == 400


def test_an_upload_is_its_senders_alone(api):
    owner = api()
    colleague = api(make_member(workspace=owner.workspace).user, owner.workspace)
    home = f"workspaces/{owner.workspace.name}/uploads"
    path = f"{home}/{owner.post(home, {'size_bytes': 5}).json()['id']}"
    assert colleague.get(path).status_code == 404
    assert api().get(path).status_code == 404
    assert colleague.client.generic("PATCH", f"/api/v1/{path}?offset=0", b"x").status_code == 404
    assert colleague.post(f"{path}/finish").status_code == 404
    _, secret = tokens.issue(
        owner.user, owner.workspace, name="run", kind=TokenKind.RUN, subject="exp_1_00000001"
    )
    owner.client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert owner.get(path).status_code == 404, "what a person sends is not a run's"


def test_a_reader_may_not_upload(api):
    member = make_member()
    reader = make_member(user=make_user(), workspace=member.workspace, role=Role.READER)
    refused = api(reader.user, member.workspace).post(
        f"workspaces/{member.workspace.name}/uploads", {"size_bytes": 5}
    )
    assert refused.status_code == 403
