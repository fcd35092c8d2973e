"""Open datasets that the operator describes in a folder, beside those of the studio."""

import hashlib

import pytest
from django.core.exceptions import ImproperlyConfigured

from registry import opendata

DIGITS = b"one two three"
ENTRY = f"""
title: Our digits
description: three of them
licence: for us only
files:
  - url: https://files.example.org/digits/train.gz
    sha256: {hashlib.sha256(DIGITS).hexdigest()}
    size_bytes: {len(DIGITS)}
"""


@pytest.fixture
def folder(settings, tmp_path):
    settings.OPENDATA_CATALOG = str(tmp_path)
    opendata.catalogue.cache_clear()
    yield tmp_path
    opendata.catalogue.cache_clear()


def test_a_file_of_the_folder_is_one_more_open_dataset(folder):
    (folder / "digits.yaml").write_text(ENTRY)
    assert [one.name for one in opendata.catalogue()] == ["cifar10", "digits", "mnist"]
    (file,) = opendata.get("digits").files
    assert (file.name, file.size_bytes, file.part) == ("train.gz", len(DIGITS), "")


def test_a_file_of_the_same_name_takes_the_place_of_the_studios(folder):
    (folder / "mnist.yaml").write_text(ENTRY)
    assert [one.name for one in opendata.catalogue()] == ["cifar10", "mnist"]
    assert opendata.get("mnist").title == "Our digits"


@pytest.mark.parametrize("text", ["files: 3", "- a list", "{not yaml", "title: x\nfiles: [{}]"])
def test_a_file_that_describes_nothing_is_named(folder, text):
    (folder / "odd.yaml").write_text(text)
    with pytest.raises(ImproperlyConfigured, match=r"odd\.yaml describes no open dataset"):
        opendata.catalogue()
