"""Definitions read into recipes: what is accepted, normalised, refused, and why."""

import pytest

from compute.recipes import Recipe, from_definition, variables_of
from studio.errors import BadInput

YAML = """\
# Written by hand
name: sklearn-env
channels:
  - conda-forge
dependencies:
  - python=3.8.13   # a comment
  - scikit-learn=0.24.2
  - conda-forge::pandas=1.2=py38_0
  - pip
  - pip:
      - azureml-defaults
      - mlflow>=1.20 ; python_version > "3.6"
variables:
  LR: 0.1
"""


def test_a_conda_file_becomes_a_recipe():
    recipe = from_definition({"conda": YAML})
    assert recipe == Recipe(
        python="3.8.13",
        conda=("conda-forge::pandas=1.2=py38_0", "pip", "scikit-learn=0.24.2"),
        channels=("conda-forge",),
        pip=('mlflow>=1.20 ; python_version > "3.6"',),
        provided=("azureml-defaults",),
    )
    assert Recipe.from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "dependencies:\n", "name: x\n"])
def test_an_empty_file_is_the_minimal_environment(text):
    assert from_definition({"conda": text}) == Recipe()


def test_the_same_content_written_otherwise_has_the_same_digest():
    one = from_definition({"pip": "numpy>=1.20\n# why\nsix\n"})
    other = from_definition({"pip": "six   # small\n\n\nnumpy>=1.20"})
    assert one.digest == other.digest
    assert one.digest != from_definition({"pip": "numpy>=1.21\nsix\n"}).digest
    assert one.digest != from_definition({"pip": "numpy>=1.20\nsix", "python": "3.10"}).digest


def test_requirements_keep_options_hashes_and_long_lines():
    text = (
        "--extra-index-url https://wheels.example.com/simple\n-i=https://example.com/simple\n"
        "six==1.17.0 \\\n  --hash=sha256:4721f391\n--pre\ngit+https://example.com/x.git#egg=x\n"
        "torch @ https://example.com/torch.whl\n"
    )
    assert from_definition({"pip": text}).pip == (
        "--extra-index-url https://wheels.example.com/simple",
        "--index-url https://example.com/simple",
        "--pre",
        "git+https://example.com/x.git#egg=x",
        "six==1.17.0 --hash=sha256:4721f391",
        "torch @ https://example.com/torch.whl",
    )


def test_our_own_client_is_not_installed_and_what_its_extra_brings_is():
    recipe = from_definition({"pip": "azureml_core~=1.19\ntrainyard\nazureml-dataset[pandas,fuse]"})
    assert recipe.pip == ("pandas",)
    assert recipe.provided == ("azureml-dataset[fuse,pandas]", "azureml_core~=1.19", "trainyard")


@pytest.mark.parametrize(
    ("written", "python"),
    [
        ("python=3.6.2", "3.6.2"),
        ("python==3.11", "3.11"),
        ("python 3.9.*", "3.9"),
        ("python=3.8=h1", "3.8"),
        ("python>=3.8,<3.11", "<3.11,>=3.8"),
        ("python", None),
    ],
)
def test_a_python_version_is_read_from_conda(written, python):
    assert from_definition({"conda": f"dependencies: ['{written}']"}).python == python


def test_variables_come_from_the_file_and_from_the_definition():
    assert variables_of({"conda": YAML, "variables": {"B": "2"}}) == {"LR": "0.1", "B": "2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dependencies:\n  - numpy\n - six\n", r"line 3, column 2: this is not YAML"),
        ("dependencies:\n\t- numpy\n", r"line 2, column 1: .*indent with spaces, not tabs"),
        ("name: 'x\n", r"line 2, column 1: this is not YAML"),
        ("name: x\nname: y\n", r'line 2, column 1: "name" is written twice'),
        ("a: 1\n---\nb: 2\n", r"line 2, column 1: this is not YAML"),
        ("name: x\n\nok: \0", r"line 3, column 5: this is not YAML"),
        ("[" * 5000, r"nested too deeply"),
        ("- numpy\n", r"line 1, column 1: a conda file begins with keys"),
        ("just words", r"line 1, column 1: a conda file begins with keys"),
        ("dependancies:\n- numpy\n", r"line 1, column 1: .*no key dependancies; it has name,"),
        ("dependencies: numpy\n", r'line 1, column 15: "dependencies" must be a list'),
        ("dependencies:\n  numpy: 1.2\n", r'line 2, column 3: "dependencies" must be a list'),
        ("dependencies:\n- numpy\n-\n", r'line 3, column 2: an entry of "dependencies" is empty'),
        ("dependencies:\n- [a, b]\n", r'line 2, column 3: an entry of "dependencies" must be a'),
        ("dependencies:\n- conda: [a]\n", r'line 2, column 3: only "pip:" can hold a list'),
        ("dependencies:\n- pip: six\n", r'line 2, column 8: "pip" must be a list'),
        ("dependencies:\n- pip:\n  - six\n  - num py\n", r'line 4: "num py" is not a pip'),
        ("dependencies:\n- pip:\n  - -r requirements.txt\n", r"line 3: .*no files beside this"),
        ("dependencies:\n- python=abc\n", r"line 2: python=abc: .* is not a Python version; write"),
        ("dependencies:\n- python=3.8\n- python=3.9\n", r"line 3: .*3.8 is asked for as well"),
        ("dependencies:\n- numpy=>1\n", r"line 2: 'numpy=>1': .* is not a version"),
        ("dependencies:\n- ./local.conda\n", r"line 2: .*files cannot be read here"),
        ("dependencies:\n- '!!'\n", r"line 2: '!!' is not a conda requirement"),
        ("channels: conda-forge\n", r'line 1, column 11: "channels" must be a list'),
        ("variables:\n  A B: 1\n", r"'A B' cannot name an environment variable"),
        ("variables:\n  PYTHONHOME: /x\n", "PYTHONHOME is the studio's own or would keep Python"),
        ("variables:\n  AZUREML_RUN_TOKEN: x\n", "AZUREML_RUN_TOKEN is the studio's own"),
        ("variables:\n  TRAINYARD_URL: x\n", "TRAINYARD_URL is the studio's own"),
    ],
)
def test_a_wrong_conda_file_names_the_line_and_the_way_out(text, said):
    with pytest.raises(BadInput, match=said) as caught:
        from_definition({"conda": text})
    assert "conda" in caught.value.fields


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("six\nnumpy=1.2\n", 'line 2: "numpy=1.2" is not a pip requirement: write numpy==1.2'),
        ("six >\n", 'line 1: "six >" is not a pip requirement'),
        ("six \\\n == x y\n", "line 1: "),
        ("-r other.txt\n", "line 1: -r other.txt: there are no files beside this text"),
        ("six\n-e .\n", "line 2: -e .: there are no files beside this text on the server"),
        ("--constraint=c.txt\n", "line 1: .*there are no files beside this text"),
        ("./wheels/x.whl\n", "line 1: ./wheels/x.whl: there is no such file on the server"),
        ("/etc/passwd\n", "line 1: /etc/passwd: there is no such file on the server"),
        ("x @ file:///etc/passwd\n", "line 1: .*only an address that begins with https://"),
        ("--find-links /etc\n", "line 1: .*only an address that begins with https://"),
        ("--index-url\n", "line 1: --index-url: --index-url needs a value"),
        ("--find-links https://h/ -r x\n", "line 1: .*--find-links takes one value; write one"),
        ("--trusted-host x\n", "line 1: .*whose certificate is known; an administrator can"),
        ("https://x.org/${STUDIO_SECRET_KEY}\n", "line 1: .*variables such as .* are not filled"),
        ("six --global-option=x\n", "line 1: .*only --hash=… may follow a requirement"),
    ],
)
def test_a_wrong_requirement_names_the_line_and_the_way_out(text, said):
    with pytest.raises(BadInput, match=said) as caught:
        from_definition({"pip": text})
    assert "pip" in caught.value.fields


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({}, 'either "conda"'),
        ({"conda": "", "pip": ""}, 'either "conda"'),
        ({"pip": ["six"]}, "pip must be text"),
        ({"pip": "", "python": 3.1}, 'python must be text such as "3.11", not 3.1'),
        ({"pip": "", "python": "three"}, "'three' is not a Python version; write python=3.11"),
        ({"pip": "", "docker": "x"}, "a definition has no docker; it has conda"),
        ({"pip": "", "variables": {"A": 1}}, "variable A must be text"),
        ({"pip": "#" * 300_000}, "300,000 characters; 262,144 at most"),
        ("six", "a definition is"),
    ],
)
def test_a_definition_of_the_wrong_shape_is_refused(definition, said):
    with pytest.raises(BadInput, match=said):
        from_definition(definition)
