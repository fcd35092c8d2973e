"""Node sizes: by the names that tutorials use, or in numbers."""

import pytest

from compute import machine, sizes
from compute.backends import engine
from studio.errors import BadInput
from tests.factories import make_cluster


def test_a_node_size_is_found_whatever_its_case():
    assert sizes.find("Standard_D2_v2") == sizes.Size("STANDARD_D2_V2", 2, 7)


def test_an_unknown_size_lists_the_known_ones_and_how_to_write_ones_own():
    with pytest.raises(BadInput, match="2cpu-4gib or 4cpu-16gib-1gpu, or one of STANDARD_D11_V2, "):
        sizes.find("huge")


def test_a_size_of_ones_own_says_its_numbers():
    assert sizes.find("4CPU-16GiB-1gpu") == sizes.Size("4cpu-16gib-1gpu", 4, 16, 1)


@pytest.mark.parametrize(
    "wrong", ["0cpu-4gib", "4cpu-0gib", "-1cpu-4gib", "4cpu", "4cpu-4gib-", "١cpu-1gib"]
)
def test_a_size_without_sense_is_refused(wrong):
    with pytest.raises(BadInput):
        sizes.find(wrong)


def test_a_machine_is_shared_without_a_rest_too_many():
    assert sizes.share(2, 23.6, 2) == sizes.Size("1cpu-11.8gib", 1, 11.8)
    assert sizes.share(1, 0.1, 8).cpus == 0.1


def test_this_machine_has_something():
    here = machine.this()
    assert here.cpus >= 1
    assert here.memory_gib > 0.1


def test_a_node_gets_its_size_where_the_machine_has_that_much():
    here = machine.Machine(4, 16 * 2**30, ("a", "b"))
    whole = sizes.grant(sizes.find("2cpu-4gib-1gpu"), here, nodes=2)
    assert whole == sizes.Grant(2, 4 * 2**30, 1)


def test_a_node_larger_than_the_machine_gets_what_there_is_and_says_so():
    here = machine.Machine(4, 8 * 2**30)
    capped = sizes.grant(sizes.find("STANDARD_NC6"), here)
    assert (capped.cpus, capped.memory_bytes, capped.gpus) == (4, 8 * 2**30, 0)
    assert capped.remarks == (
        "STANDARD_NC6 is larger than this machine: it gets 4 vCPU, 8.0 GiB;"
        " STANDARD_NC6 has 1 GPU, this machine no GPU"
    )


def test_nodes_that_are_too_much_together_get_equal_parts():
    here = machine.Machine(4, 9 * 2**30, ("a", "b", "c"))
    part = sizes.grant(sizes.find("3cpu-2gib-2gpu"), here, nodes=2)
    assert (part.cpus, part.memory_bytes, part.gpus) == (2, 2 * 2**30, 1)
    assert part.remarks == (
        "2 nodes of 3cpu-2gib-2gpu are larger than this machine: each gets 2 vCPU, 2.0 GiB;"
        " 2 nodes of 3cpu-2gib-2gpu have 4 GPU, this machine only 3: each gets 1"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["unix:///var/run/docker.sock", "tcp://10.0.0.7:2375"])
def test_a_docker_cluster_is_on_the_machine_of_its_engine(settings, url):
    settings.DOCKER_URL = url
    local, docker = make_cluster(), make_cluster(name="boxes", backend="docker")
    assert machine.place_of(local) == machine.HERE
    assert machine.place_of(docker) == (machine.HERE if url.startswith("unix") else url)


@pytest.mark.django_db
def test_an_engine_elsewhere_says_what_its_machine_has_and_is_believed_when_it_is_silent(
    monkeypatch, settings
):
    settings.DOCKER_URL = "tcp://10.0.0.7:2375"
    docker = make_cluster(name="boxes", backend="docker")
    said = [None, engine.Engine("28.0", 32, 64.0, True), None]
    asked: list[int] = []

    def look() -> engine.Engine | None:
        asked.append(1)
        return said[len(asked) - 1]

    monkeypatch.setattr(engine, "look", look)
    monkeypatch.setattr(machine, "_answers", {})
    silent = machine.of(docker)
    assert (silent.cpus, silent.memory_gib) == (1, 1)
    assert "tcp://10.0.0.7:2375 does not answer: 1 vCPU and 1 GiB are supposed" in silent.doubt
    assert machine.of(docker) == silent and len(asked) == 1, "asked once a minute"
    monkeypatch.setattr(machine, "ASK_AGAIN_S", 0)
    known = machine.of(docker)
    assert (known.cpus, known.memory_gib, len(known.gpus), known.doubt) == (32, 64, 1, "")
    later = machine.of(docker)
    assert later.cpus == 32
    assert "this is what it said before" in later.doubt
