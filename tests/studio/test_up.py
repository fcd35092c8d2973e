"""`manage.py up` and `down`: one studio per home, clear refusals, nothing left behind."""

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from studio import keeping, processes
from tests.fixtures.studio_process import ROOT, StudioProcess


def refused(studio: StudioProcess, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT, env={**studio.environ, **variables}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def status_of(studio: StudioProcess) -> int:
    with urllib.request.urlopen(f"{studio.url}/sign-in/", timeout=60) as answer:
        return answer.status


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_stops_all_that_was_started_and_nothing_else(own_studio, sign):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(6000)"])
    try:
        own_studio.start()
        record = own_studio.record
        assert set(record.children) == {"valkey", "web", "worker", "supervise"}
        own_studio.stop(sign)
        everyone = [record.keeper, *record.children.values()]
        assert not [who for who in everyone if who.is_alive]
        left = [p.name for p in (own_studio.home / "run").rglob("*")]
        assert sorted(left) == ["up.lock", "web"]  # containers that run on have the folder
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_the_first_start_prints_a_link_that_signs_in_once(own_studio):
    said = own_studio.start().said()
    assert f"{own_studio.url}/sign-in/" in said and 'sign in as "admin"' in said
    assert f"ready: {own_studio.url}" in said


def is_open_to_others(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False  # it lives, and files of a moment come and go
    return bool(stat.S_IMODE(mode) & 0o077) and not stat.S_ISLNK(mode)


def test_what_the_studio_keeps_is_for_its_own_user_only(own_studio):
    own_studio.start()
    open_to_others = {
        path
        for path in [own_studio.home, *own_studio.home.rglob("*")]
        if is_open_to_others(path)
        if path.parts[-2] != "static" and "static" not in path.parts
    }
    # A container's user reaches the socket through a mount of its folder, nobody else can.
    web = own_studio.home / "run" / "web"
    assert open_to_others == {web, web / "web.sock"}


def test_a_second_studio_in_the_same_home_names_the_first(live_studio):
    said = refused(live_studio)
    assert f"pid {live_studio.record.keeper.pid}, {live_studio.url}" in said
    assert "make down" in said and "STUDIO_HOME=" in said


def test_detached_it_says_that_it_is_up_already(live_studio):
    assert f"up already: {live_studio.url}" in live_studio.manage("up", "--detach")


def test_a_taken_port_names_who_has_it_and_another(own_studio):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own_studio.port))
        taken.listen()
        said = refused(own_studio)
    assert f"port {own_studio.port}" in said and f"(pid {os.getpid()}" in said
    assert f"STUDIO_PORT={own_studio.port + 1}" in said


@pytest.mark.parametrize("home", ["/", "/tmp", "~"])
def test_a_shared_folder_is_not_taken_as_home(own_studio, home):
    mode = os.stat(os.path.expanduser(home)).st_mode
    said = refused(own_studio, STUDIO_HOME=home, STUDIO_SECRET_KEY="not written to it")
    assert "a folder of the studio's own" in said
    assert os.stat(os.path.expanduser(home)).st_mode == mode


def test_a_path_too_deep_for_sockets_names_the_setting(own_studio):
    deep = own_studio.folder / ("d" * 60) / ("e" * 60)
    said = refused(own_studio, STUDIO_HOME=str(deep))
    assert "107" in said and "STUDIO_SOCKETS" in said
    own_studio.environ |= {"STUDIO_HOME": str(deep), "STUDIO_SOCKETS": str(own_studio.folder / "s")}
    own_studio.home = deep
    own_studio.start()
    assert status_of(own_studio) == 200


def test_a_program_that_cannot_start_ends_the_start_with_its_own_words(own_studio):
    damaged = own_studio.home / "valkey" / "appendonlydir"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("not a folder")
    with pytest.raises(AssertionError, match="valkey does not start; the end of"):
        own_studio.start()
    assert own_studio.process.wait(60) == 1
    assert "appendonlydir" in own_studio.said()
    assert not keeping.path_in(own_studio.home / "run").exists()


def test_down_ends_what_was_left_up_and_can_be_repeated(own_studio):
    assert "no studio is up" in own_studio.manage("down")
    own_studio.manage("up", "--detach")
    record = own_studio.record
    assert status_of(own_studio) == 200
    assert "has ended" in own_studio.manage("down")
    assert not [who for who in (record.keeper, *record.children.values()) if who.is_alive]
    assert "no studio is up" in own_studio.manage("down")


def test_down_does_not_end_a_stranger_who_got_the_pid(own_studio):
    own_studio.start().stop()
    stranger = processes.Identity(os.getpid(), "1")
    keeping.write(
        own_studio.home / "run",
        keeping.Record("http://x", "", "", "", [], keeper=stranger, children={"web": stranger}),
    )
    assert "no studio is up" in own_studio.manage("down")
