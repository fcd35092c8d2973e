"""Processes put, name and collect the same few contents at once, and are killed: nothing is lost.

Collecting looks from two days ahead, so that age protects nothing, and the locks alone must hold.
"""

import multiprocessing
import os
import random
import signal
import time
import traceback
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.utils.timezone import now

from registry.models import StoredFile
from studio.errors import MissingBlobs, NotFound, StudioError
from studio.files import blobs, collecting, many, trees
from studio.files.collecting import PREFIXES, Place
from studio.models import Blob, Tree, Workspace
from tests.factories import make_workspace

CONTENTS = [b"content %d " % number * 50 for number in range(3)]
SECONDS = 8
AHEAD = timedelta(days=2)
FORK = multiprocessing.get_context("fork")
TOLD = FORK.Queue()
# A machine that is slow takes longer for as much: at least so much is done, and killed.
ENOUGH_DONE, ENOUGH_KILLED, MOST_SECONDS = 20, 5, 240
DONE, IS_OVER = FORK.Value("i", 0), FORK.Event()


def collect_for_ever() -> None:
    settings.KEEP_UNUSED_HOURS = 0
    place = Place()
    while True:
        collecting.step(now() + AHEAD, place)


def put_and_name(workspace: Workspace, seed: int) -> None:
    """Name contents by trees and stored files; what is named must be there, each time."""
    chance, done = random.Random(seed), 0
    for number in count():
        if IS_OVER.is_set():
            break
        chosen = chance.sample(CONTENTS, 2)
        try:
            # By one way or the other: alone, or together.
            sent = [blobs.put([content]).sha256 for content in chosen[: chance.randrange(3)]]
            sent += many.put_many(chosen[len(sent) :])
            listing = [(f"{at}", sha256) for at, sha256 in enumerate(sent)]
            if chance.random() < 0.2:
                trees.make(listing)
            with transaction.atomic():
                named = StoredFile.objects.create(
                    workspace=workspace, path=f"{seed}/{number}", blob_id=listing[0][1]
                )
        except (MissingBlobs, IntegrityError):
            continue  # refused: it was collected before it was named
        except StudioError as error:
            assert "send it again" in error.message, error
            continue  # each time it came, as nothing is too young to be collected here
        except OperationalError as error:
            assert "locked" in str(error) or "deadlock" in str(error), error
            continue
        assert b"".join(blobs.read(named.blob_id)) == chosen[0]
        time.sleep(chance.random() * 0.01)
        assert b"".join(blobs.read(named.blob_id)) == chosen[0]
        done += 1
        with DONE.get_lock():
            DONE.value += 1
        if chance.random() < 0.9:
            named.delete()
        time.sleep(chance.random() * 0.05)  # time for the others to collect it
    TOLD.put(done)


def started(target, *arguments):
    """A process of its own; it tells what went wrong, and takes nothing of pytest's with it."""

    def run() -> None:
        try:
            target(*arguments)
        except BaseException:
            TOLD.put(traceback.format_exc())
        finally:
            connections.close_all()
            TOLD.close()
            TOLD.join_thread()
            os._exit(0)

    process = FORK.Process(target=run)
    process.start()
    return process


@pytest.mark.django_db(transaction=True)
def test_nothing_that_is_named_is_ever_without_its_bytes(monkeypatch):
    _pause_before(monkeypatch, collecting, "remove_bytes")
    _pause_before(monkeypatch, blobs, "keep")
    _pause_before(monkeypatch, many, "_name")
    workspace = make_workspace()
    connections.close_all()  # no process may speak on another's connection
    DONE.value = 0
    IS_OVER.clear()
    putting = [started(put_and_name, workspace, seed) for seed in range(2)]
    collectors = [started(collect_for_ever) for _ in range(2)]
    killed, began, chance = 0, time.monotonic(), random.Random(7)
    while (took := time.monotonic() - began) < MOST_SECONDS:
        if took > SECONDS and DONE.value > ENOUGH_DONE and killed > ENOUGH_KILLED:
            break
        if not all(process.is_alive() for process in putting):
            break  # it has told what went wrong
        time.sleep(chance.random() * 0.4)
        victim = collectors.pop(0)
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        killed += 1
        collectors.append(started(collect_for_ever))
    IS_OVER.set()
    done = [TOLD.get(timeout=180) for _ in putting]
    for process in collectors:
        os.kill(process.pid, signal.SIGKILL)
    for process in [*putting, *collectors]:
        process.join()
    assert all(isinstance(count, int) for count in done), done
    assert sum(done) > ENOUGH_DONE and killed > ENOUGH_KILLED
    _everything_is_whole()


def _pause_before(monkeypatch, module, name: str) -> None:
    """Let others in where, on a quiet machine, there is hardly time for anybody."""
    real = getattr(module, name)

    def slow(*arguments):
        time.sleep(random.random() * 0.02)
        return real(*arguments)

    monkeypatch.setattr(module, name, slow)


def _everything_is_whole() -> None:
    connection.check_constraints()
    for sha256 in Blob.objects.filter(pk__in=StoredFile.objects.values("blob")).values_list("pk"):
        assert b"".join(blobs.read(sha256[0])) in CONTENTS
    for tree in Tree.objects.all():
        assert tree.files.count() == tree.file_count
    # What kills left is found by the walk through the store: then each has the other.
    settings.KEEP_UNUSED_HOURS, hours = 0, settings.KEEP_UNUSED_HOURS
    place = Place()
    for _ in range(PREFIXES):
        collecting.step(now() + AHEAD, place)
    settings.KEEP_UNUSED_HOURS = hours
    there = {f"{at.parent.name}{at.name}" for at in Path(settings.BLOBS).glob("??/*")}
    assert there == set(Blob.objects.values_list("pk", flat=True))
    for sha256 in there:
        try:
            assert b"".join(blobs.read(sha256)) in CONTENTS
        except NotFound:
            pytest.fail(f"{sha256} has a row and no bytes")
