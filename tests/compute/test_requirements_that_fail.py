"""Requirements of pip that cannot be had: each one clear sentence and who is guilty."""

import hashlib
import resource
import time
import zipfile

import pytest

from compute import images, recipes
from compute.building import faults
from compute.states import BuildState
from tests.compute.conftest import built, log_of
from tests.compute.packages import make_source, make_wheel

pytestmark = pytest.mark.django_db
WRONG = "0" * 64


@pytest.fixture
def stocked(shelf):
    for version in ("1.0", "2.0"):
        make_wheel(shelf, "b", version)
    make_wheel(shelf, "a", requires="b<2")
    make_wheel(shelf, "c", requires="b>=2")
    make_wheel(shelf, "d", requires="a")
    make_wheel(shelf, "newlibc")
    tagged = shelf / "newlibc-1.0-cp311-abi3-manylinux_2_99_x86_64.whl"
    (shelf / "newlibc-1.0-py3-none-any.whl").rename(tagged)
    make_wheel(shelf, "young", python=">=3.99")
    make_source(shelf, "broken", before="1 / 0")
    make_wheel(shelf, "user", requires="broken")
    return shelf


@pytest.mark.parametrize(
    ("asked", "guilty", "error"),
    [
        ("a\nc", "a, c", "cannot be installed together: c needs b>=2, a needs b<2"),
        ("d\nc", "d, c", "cannot be installed together: d needs b<2 (through a), c needs b>=2"),
        ("d\nb>=2", "b>=2, d", "b>=2 and d cannot be installed together: d needs b<2 (through a)"),
        ("b==1.0\nb==2.0", "b==1.0, b==2.0", "b==1.0 and b==2.0 cannot be installed together"),
        ("b>2", "b>2", "b>2: the package index has no such version; it has b<=2.0"),
        ("young", "young", "young: it does not support this Python; it needs Python >=3.99"),
        ("newlibc", "newlibc", "newlibc: its files need glibc 2.99 or newer; here is 2."),
        ("user", "user", "user, which needs broken==1.0: its source could not be built: Zero"),
        (f"b --hash=sha256:{WRONG}", f"b --hash=sha256:{WRONG}", "none of its files has the"),
        ("https://127.0.0.1:9/simple/", "https://127.0.0.1:9/simple/", "is no file of a package"),
        (
            "x @ https://127.0.0.1:9/x-1.0-py3-none-any.whl",
            "x @ https://127.0.0.1:9/x-1.0-py3-none-any.whl",
            "could not be reached; try again later: Connection refused",
        ),
        (
            "x @ git+https://127.0.0.1:9/x.git",
            "x @ git+https://127.0.0.1:9/x.git",
            "the repository could not be read: Failed to connect",
        ),
    ],
)
def test_one_sentence_says_what_is_wrong(stocked, monkeypatch, asked, guilty, error):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    build = built(asked)
    assert build.state == BuildState.FAILED
    assert set(build.guilty.split(", ")) == set(guilty.split(", "))
    assert error in build.error
    assert "we can conclude" not in build.error


@pytest.mark.parametrize(
    ("text", "guilty", "lines"),
    [
        ("-i https://u:PW@127.0.0.1:9/simple\nb", "--index-url https://127.0.0.1:9/simple", [1]),
        (
            "--no-index\nb\n--find-links https://127.0.0.1:9/l",
            "--find-links https://127.0.0.1:9/l",
            [3],
        ),
        (
            "b\nx @ https://u:PW@127.0.0.1:9/x-1.0-py3-none-any.whl?token=PW",
            "x @ https://127.0.0.1:9/x-1.0-py3-none-any.whl?token=****",
            [2],
        ),
    ],
)
def test_an_address_that_cannot_be_reached_marks_its_line(
    stocked, monkeypatch, text, guilty, lines
):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    build = images.ensure(recipes.from_definition({"pip": text}))
    images.build(build.pk)
    build.refresh_from_db()
    assert build.guilty == guilty
    assert build.error.startswith(f"{guilty} could not be reached; try again later: ")
    assert recipes.blamed_in({"pip": text}, build.guilty) == ("pip", lines)
    assert "PW" not in build.error + log_of(build)


def test_words_name_no_folder_of_the_server_and_the_option_that_was_written():
    said = "error: Couldn't parse requirement in `/srv/images/.work-x_1/requirements.in` at 0\n"
    fault = faults.from_uv(said, {})
    assert "/srv" not in fault.message
    assert "`requirements.in`" in fault.message
    hint = "hint: Wheels are required for `b` as source is disabled (i.e., with `--no-build`)"
    fault = faults.from_uv(
        f"error: b is not there {hint}", {"--only-binary :all:": "--only-binary :all:"}
    )
    assert "`--only-binary`" in fault.message


def test_a_hash_that_is_written_is_the_only_one_that_is_locked(stocked):
    known = hashlib.sha256((stocked / "b-2.0-py3-none-any.whl").read_bytes()).hexdigest()
    build = built(f"b==2.0 --hash=sha256:{WRONG} --hash=sha256:{known}")
    assert build.state == BuildState.READY
    assert build.lock.count("--hash=") == 1
    assert known in build.lock


def test_a_disk_with_no_room_is_said_as_that(shelf):
    """Simulated by a limit on the size of files, which ends uv as a full disk would."""
    make_wheel(shelf, "large")
    with zipfile.ZipFile(shelf / "large-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("large.bin", bytes(2**20))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**18, before[1]))
    try:
        build = built("large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (build.state, build.error) == (BuildState.FAILED, faults.DISK_IS_FULL)


@pytest.mark.parametrize(
    "said",
    [
        "error: Failed to write to the client cache\n  cause: failed to write to file"
        " `/c/simple-v27/pypi/.tmpK`: No space left on device (os error 28)\n",
        "error: Failed to install: a.whl\n  cause: Disk quota exceeded (os error 122)\n",
    ],
)
def test_what_uv_says_of_a_full_disk_is_understood(said):
    assert faults.from_uv(said, {}).message == faults.DISK_IS_FULL


def test_what_a_build_script_printed_costs_no_time():
    noise = "[stdout]\n" + "a" * 2**20 + "\n" + "a b.c-d " * 2**17
    said = f"error: Failed to build `six==1`\n{noise}\n[stderr]\nValueError: no\n"
    began = time.thread_time()
    fault = faults.from_uv(said, {"six": "six==1"})
    assert time.thread_time() - began < 10
    assert (fault.message, fault.guilty) == (
        "six==1: its source could not be built: ValueError: no", "six==1",
    )  # fmt: skip


def test_who_brings_in_what_clashes_is_found_however_many_stand_between():
    chain = [f"p{n}==1 depends on p{n + 1}==1" for n in range(40)]
    loops = [f"p{a}==1 depends on p{b}==1" for a in range(12) for b in range(12)]
    said = ", ".join([*loops, *chain, "p40==1 depends on b<2", "c depends on b>=2"])
    fault = faults.from_uv(f"error: No solution found: {said}", {"p0": "p0", "c": "c"})
    assert fault.guilty == "p0, c"
    assert "b<2 (through p40)" in fault.message


def test_an_installer_that_was_killed_is_no_fault_of_a_requirement():
    fault = faults.from_uv(f"error: {faults.KILLED} by SIGKILL\n", {"a": "a"})
    assert fault.guilty == ""
    assert fault.message.startswith("the package installer was killed by SIGKILL; is there enough")
