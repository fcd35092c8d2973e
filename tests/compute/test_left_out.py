"""What the writer of a definition left out is a part of it, and stands in the build log."""

import pytest

from compute import recipes
from compute.building.requirements import tell_provided
from studio.errors import BadInput

WHY = "cupy==5.1.0: left out, this machine has no GPU"


def test_it_is_told_when_the_image_is_built():
    recipe = recipes.from_definition({"pip": "six\nazureml-defaults\n", "left_out": [WHY]})
    told = []
    tell_provided(recipe.as_dict(), told.append)
    assert told[1:] == ["  " + WHY] and "azureml-defaults" in told[0]
    assert recipes.Recipe.from_dict(recipe.as_dict()) == recipe


def test_a_definition_without_it_stays_what_it_was():
    plain = recipes.from_definition({"pip": "six\n"})
    assert "left_out" not in plain.as_dict()
    assert recipes.from_definition({"pip": "six\n", "left_out": []}).digest == plain.digest
    assert recipes.from_definition({"pip": "six\n", "left_out": [WHY]}).digest != plain.digest


@pytest.mark.parametrize(
    "given", ["cupy", [1], ["two\nlines"], ["\x1b[31m"], ["x" * 301], ["a"] * 21, {"cupy": "why"}]
)
def test_it_is_a_short_list_of_short_lines(given):
    with pytest.raises(BadInput, match="left_out"):
        recipes.from_definition({"pip": "six\n", "left_out": given})
