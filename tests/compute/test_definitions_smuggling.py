"""Definitions that want the builder to read a file of the server, or an option of its own."""

import itertools
import re

import pytest

from compute.building import channels, conda_specs, pip_lines, requirements
from compute.building.faults import BuildFault
from compute.recipes import from_definition
from studio.errors import BadInput

ZEROS = f"--hash=sha256:{'0' * 64}"
BLANKS = (" ", "\t", "\v", "\f", "\x1c", "\x85", "\u00a0", "\u2003", "\u2028", "\u2029", "\u200b")
JOINS = (
    *(*BLANKS, "  ", " \\\n", "\\\n", "\n", "\r", " # x\n", " #x\\\n", " ;", ";", ",", " @ ", "\0"),
)
HEADS = (
    "six", "six==1", "six===1", "six[a]", f"six {ZEROS}", "six ; python_version > '3'",
    'six ; platform_version == "a', "six @ https://h/x.whl", "https://h/x.whl",
    f"https://h/x.whl {ZEROS}", "git+https://h/x", "--only-binary numpy", "--no-binary=:all:",
    "--extra-index-url http://x/", "--index-url https://h/simple", "--find-links=https://h/",
    "-i https://h/", "--pre", "--no-index", "# x", "",
)  # fmt: skip
TAILS = (
    "-r /etc/passwd", "-r/etc/passwd", "--requirement=/etc/passwd", "-e /etc", "-c /etc/passwd",
    "--constraint /etc/passwd", "--index-url file:///etc", "--find-links=/etc", "file:///etc/x.whl",
    "x @ file:///etc/x.whl", "x@/etc/x.whl", "/etc/passwd", "git+file:///etc", "git+ssh://h/x",
    f"{ZEROS} -r /etc/passwd", "--hash=md5:00", "--config-settings=a=b", "--trusted-host h",
    "\\", "${HOME}", "$(id)", '" -r /etc/passwd', '" #b"', '" --hash=sha256:00"',
)  # fmt: skip
OF_ONE_PART = re.compile(r"--(index-url|extra-index-url|find-links) https?://[!-~]+|"
                         r"--(no|only)-binary [A-Za-z0-9._:-]+|--pre|--no-index")  # fmt: skip
REQUIREMENT = re.compile(
    r"(?P<body>(?:[A-Za-z0-9._-]+(?:\[[a-z,]*\])?(?: @ )?)?(?:(?:git\+)?https?://[!-~]+|"
    r"[=<>!~][A-Za-z0-9.,*+!<>=~_-]+)?)(?P<marker> ?; [ -~]+?)?(?: --hash=sha\d+:[0-9a-f]+)*"
)  # fmt: skip
WITHOUT_QUOTES = re.compile(r" [#-]|--|file:|[\\$`]")


def lines_for_uv(definition):
    """What uv would be given of a definition, None for one that is refused."""
    try:
        recipe = from_definition(definition).as_dict()
    except BadInput:
        return None
    asked = requirements.of_all(recipe, lambda _: None)
    return [*asked.options, *asked.lines]


def assert_nothing_is_smuggled(line):
    assert line.isascii(), line
    assert line.isprintable(), line
    assert line.split("://")[0].count("file") == 0, line
    if line.startswith("-"):
        assert OF_ONE_PART.fullmatch(line), line
        return
    assert REQUIREMENT.fullmatch(line), line
    body = re.sub(r"( --hash=sha\d+:[0-9a-f]+)+$", "", line)
    body = re.sub(r"https?://[!-~]+", "", body)
    assert not WITHOUT_QUOTES.search(body), line
    assert pip_lines.rebuilt(line) == line


def nasty():
    for head, join, tail in itertools.product(HEADS, JOINS, TAILS):
        yield f"{head}{join}{tail}"


def test_what_is_not_refused_is_one_requirement_or_option_a_line():
    kept = set()
    for text in nasty():
        forms = ({"pip": text}, {"packages": {"pip": [text]}})
        for definition in forms:
            for line in lines_for_uv(definition) or ():
                kept.add(line)
    for line in kept:
        assert_nothing_is_smuggled(line)
    assert not [line for line in kept if "passwd" in re.sub("https?://[!-~]+", "", line)]


@pytest.mark.parametrize(
    "line",
    [
        f"six {ZEROS} -r /etc/passwd",
        f"six {ZEROS} -e /etc",
        "six --hash=md5:00",
        "--only-binary numpy -r /etc/passwd",
        "--extra-index-url http://x/ --index-url file:///etc",
        "https://h/x.whl -r /etc/passwd",
        "https://h/x.whl\u2028-r /etc/passwd",
        "x @ file:///etc/x.whl",
        "six\n-r /etc/passwd",
        'six ; platform_version == "a -r /etc/passwd"',
        'six ; platform_version == "a #b"',
        "six===\\",
        "six\u200b",
        "https://h\\@127.0.0.1/x.whl",
        "https://u:p/w@h/x.whl",
    ],
)
def test_such_a_line_is_refused_when_it_is_read_and_when_it_is_built(line):
    assert lines_for_uv({"packages": {"pip": [line]}}) is None
    # A recipe that was kept before the rule was made.
    with pytest.raises(BuildFault):
        requirements.of_pip({"pip": [line]})


def test_the_pip_section_of_a_conda_file_is_read_alike():
    text = f"dependencies:\n- pip:\n  - |\n    six {ZEROS}\n    -r /etc/passwd\n"
    with pytest.raises(BadInput):
        from_definition({"conda": text})
    with pytest.raises(BadInput):
        from_definition({"conda": f'dependencies:\n- pip:\n  - "six {ZEROS}\\L-r /etc/passwd"\n'})


@pytest.mark.parametrize(
    "text",
    [
        "conda::x[url=file:///etc/x.conda]",
        "x[url=file:///etc/x.conda]",
        'x[version=">=1", url="file:///etc/x.conda"]',
        "x[subdir=linux-64]",
        "x[channel=file:///etc]",
        'x[channel="../../etc"]',
        'x[version=">=1"][url=file:///etc/x]',
        'x[version=1, build="a\\"", url=y]',
        "x[version=1] url=file:///etc",
        "x=1=b[url]",
        "file:///etc/x.conda",
        "file:///etc::x",
        "../etc::x",
        "a/../../etc::x",
        "/etc::x",
        "https://h/ x::y",
        "https://h/\u2028::x",
        "./x.conda",
        "x[md5=00]",
        "x[fn=/etc/x]",
    ],
)
def test_a_conda_requirement_names_no_file_and_no_folder(text):
    with pytest.raises(BadInput):
        from_definition({"packages": {"conda": [text]}})


@pytest.mark.parametrize(
    "name", ["file:///etc", "../x", "a/../..", "/etc", "~/x", "https://", "https://h/\tx", "a/./b"]
)
def test_a_channel_is_a_name_or_an_address_of_the_network(name):
    with pytest.raises(BadInput, match="is not a channel"):
        from_definition({"packages": {"conda": ["x"], "channels": [name]}})
    with pytest.raises(BuildFault):
        channels.address({"conda_alias": "https://h"}, name)


def test_what_people_write_still_stands_in_brackets():
    spec = conda_specs.parse('numpy[version=">=1.2,<2", build=py38_0, channel=conda-forge]')
    assert (spec.version, spec.build, spec.channel) == (">=1.2,<2", "py38_0", "conda-forge")
    assert conda_specs.parse("x[version=1.2]").version == "1.2"


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("six >= 1,  <2", "six>=1,<2"),
        ('torch[b, a]==2 ; python_version > "3"', 'torch[b,a]==2 ; python_version > "3"'),
        (f"six==1 {ZEROS.replace('sha', 'SHA')}", f"six==1 {ZEROS}"),
        ("git+https://u:p@h/x.git@v1#egg=x", "git+https://u:p@h/x.git@v1#egg=x"),
        ("x @ https://h:80/x.whl#sha256=12 ;  os_name == 'posix'",
         "x @ https://h:80/x.whl#sha256=12 ; os_name == 'posix'"),
        ("https://[::1]:80/x.whl ; python_version>'3'",
         "https://[::1]:80/x.whl ; python_version>'3'"),
    ],
)  # fmt: skip
def test_what_uv_reads_is_put_together_anew(line, safe):
    assert lines_for_uv({"pip": line}) == [safe]


@pytest.mark.parametrize("source", ["git+file:///etc", "git://h/x", "x @ git+file:///etc"])
def test_a_repository_that_cannot_be_read_is_told_which_addresses_can(source):
    with pytest.raises(BadInput, match=r"https:// \(or http://\), or git\+https://, can be read"):
        from_definition({"pip": source})


def test_words_of_a_refusal_hold_no_password():
    for line in ("six @ http://u:PW/PW@h/ x", "six=1 @ https://u:PW@h/x", "-e https://u:PW@h/x"):
        with pytest.raises(BadInput) as caught:
            from_definition({"pip": line})
        assert "PW" not in caught.value.message
