"""Node sizes: by the names that tutorials use, or in numbers."""

import pytest

from compute import machine, sizes
from studio.errors import BadInput


def test_a_node_size_is_found_whatever_its_case():
    assert sizes.find("Standard_D2_v2") == sizes.Size("STANDARD_D2_V2", 2, 7)


def test_an_unknown_size_lists_the_known_ones_and_how_to_write_ones_own():
    with pytest.raises(BadInput, match="2cpu-4gib or 4cpu-16gib-1gpu, or one of STANDARD_D11_V2, "):
        sizes.find("huge")


def test_a_size_of_ones_own_says_its_numbers():
    assert sizes.find("4CPU-16GiB-1gpu") == sizes.Size("4cpu-16gib-1gpu", 4, 16, 1)


@pytest.mark.parametrize("wrong", ["0cpu-4gib", "4cpu-0gib", "-1cpu-4gib", "4cpu", "4cpu-4gib-"])
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
