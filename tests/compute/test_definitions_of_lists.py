"""Packages given as lists, channels, editions, and requirements that cannot be had here."""

import pytest

from compute.recipes import Recipe, from_definition
from studio.errors import BadInput


def test_lists_come_to_the_same_recipe_as_a_file():
    lists = {
        "conda": ["python=3.9", "numpy>=1.20"],
        "pip": ["six", "azureml-defaults"],
        "channels": ["conda-forge"],
    }
    text = (
        "channels: [conda-forge]\ndependencies:\n- python=3.9\n- numpy>=1.20\n"
        "- pip: [six, azureml-defaults]\n"
    )
    assert from_definition({"packages": lists}) == from_definition({"conda": text})
    assert from_definition({"packages": {}}) == Recipe()


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        ([], "packages is an object"),
        ({"npm": []}, "packages has no npm; it has conda, pip, channels"),
        ({"pip": "six"}, '"pip" of packages is a list of texts'),
        ({"pip": ["six", 1]}, "pip, entry 2: it must be a text, not 1"),
        ({"pip": ["six", ""]}, "pip, entry 2: it must be a text"),
        ({"pip": ["six\nnumpy"]}, "pip, entry 1: .* is not a pip requirement"),
        ({"conda": ["numpy", "!!"]}, "conda, entry 2: '!!' is not a conda requirement"),
        ({"channels": ["file:///etc"]}, "channels, entry 1: 'file:///etc' is not a channel"),
        ({"pip": ["six"] * 3000}, "pip, entry 2001: a definition has at most 2,000"),
    ],
)
def test_a_wrong_entry_is_named(packages, said):
    with pytest.raises(BadInput, match=said) as caught:
        from_definition({"packages": packages})
    assert "packages" in caught.value.fields


@pytest.mark.parametrize("name", ["conda-forge", "pytorch/label/dev", "https://u:p@x.org/c/main"])
def test_a_channel_is_a_name_or_an_address(name):
    assert from_definition({"conda": f"channels: ['{name}']"}).channels == (name,)


@pytest.mark.parametrize(
    "text", ["channels: ['file:///etc']", "channels: [/etc]", "channels: ['../x']",
             "dependencies: ['file:///etc::numpy']", "dependencies: ['numpy[channel=/etc]']"],
)  # fmt: skip
def test_a_folder_of_the_server_is_no_channel(text):
    with pytest.raises(BadInput, match=r"line 1: .* is not a channel: write a name such as"):
        from_definition({"conda": text})


def test_an_edition_makes_another_recipe_of_the_same_content():
    first, newer = ({"pip": "six", **more} for more in ({}, {"edition": 2}))
    assert from_definition(first).edition == 1
    assert from_definition(newer).edition == 2
    assert from_definition(first).digest != from_definition(newer).digest
    assert from_definition({**first, "edition": 1}).digest == from_definition(first).digest


@pytest.mark.parametrize("edition", [0, -1, "2", 1.5, True, 10**9])
def test_an_edition_is_a_number_from_1(edition):
    with pytest.raises(BadInput, match="edition is a number from 1"):
        from_definition({"pip": "", "edition": edition})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hg+https://example.com/x", "only Git can be read; write git+https://"),
        ("x @ svn+https://example.com/x", "only Git can be read"),
        ("git+ssh://git@example.com/x", "the builder has no keys for ssh; write git+https://"),
        ("x @ git+git@example.com:x/y", "the builder has no keys for ssh"),
        ("-e git+https://example.com/x#egg=x", "nothing is edited in an image; write it without"),
        ("--require-hashes", "installed from a lock with hashes anyway; remove the line"),
        ("--prefer-binary", "write --only-binary :all: for wheels alone"),
        ("--use-feature=fast-deps", "remove the line"),
        ("x --config-settings=a=b", "only --hash=… may follow a requirement; --config-settings"),
        ("--proxy=x", "the option --proxy is not known; known: --index-url"),
    ],
)
def test_a_requirement_that_cannot_be_had_says_why_and_the_way_out(text, said):
    with pytest.raises(BadInput) as caught:
        from_definition({"pip": f"six\n{text}\n"})
    assert caught.value.message.startswith("line 2: ")
    assert said in caught.value.message
    assert caught.value.facts == {"line": 2}
