"""What lies underneath: a Docker image by name, or a Dockerfile of one's own."""

import re

from compute.definitions import dockerfile_trust
from compute.definitions.dockerfile_lines import HERE_DOCUMENT, plain
from compute.definitions.dockerfile_lines import steps as steps  # for those who read definitions
from compute.definitions.draft import Line, wrong
from studio.errors import BadInput

# Azure's own bases stand for "what the service brings": here that is the studio's own.
OURS = "mcr.microsoft.com/azureml/"
HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*(?::\d{1,5})?/)?"
PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REFERENCE = re.compile(
    rf"{HOST}{PART}(?:/{PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?\Z"
)
MOST_REFERENCE_CHARACTERS = 255
INSTRUCTIONS = re.compile(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL"
    r"|STOPSIGNAL|USER|VOLUME|WORKDIR)\Z"
)


def read_base(name: str) -> str:
    """Return the image underneath, "" for the studio's own. Raises BadInput."""
    name = name.strip()
    if len(name) > MOST_REFERENCE_CHARACTERS or not REFERENCE.match(name):
        why = "capital letters are not allowed in it" if _only_case(name) else "write name:tag"
        raise BadInput(
            f'base_image: "{name:.100}" names no Docker image: {why}, such as ubuntu:22.04',
            fields={"base_image": "not the name of an image"},
        )
    if why := dockerfile_trust.foreign(name):
        raise BadInput(f"base_image: {why}", fields={"base_image": "not for definitions"})
    return "" if name.startswith(OURS) else name


def _only_case(name: str) -> bool:
    return len(name) <= MOST_REFERENCE_CHARACTERS and bool(REFERENCE.match(name.lower()))


def read_dockerfile(text: str) -> str:
    """Return the text as it is built: at least one FROM, nothing that needs files beside it.

    Raises BadInput naming the line.
    """
    text = plain(text)
    has_from = False
    for line, word, rest in steps(text):
        if not INSTRUCTIONS.match(word):
            raise wrong(line, f"{word:.40} is no instruction of a Dockerfile")
        if not has_from and word not in ("FROM", "ARG"):
            raise wrong(line, f"a Dockerfile begins with FROM, not with {word}")
        has_from = has_from or word == "FROM"
        _check_step(line, word, rest)
    if not has_from:
        raise BadInput(
            "a Dockerfile names the image it begins with; add a line such as FROM ubuntu:22.04"
        )
    for _ in dockerfile_trust.images(text):
        pass
    return text


def _check_step(line: Line, word: str, rest: str) -> None:
    if word == "FROM" and not rest:
        raise wrong(line, "FROM needs the name of an image, such as FROM ubuntu:22.04")
    if word in ("COPY", "ADD") and not _comes_from_elsewhere(word, rest):
        raise wrong(
            line,
            f"{word} {rest:.80}: there are no files beside this text on the server; fetch what you"
            " need in a RUN step, and put your own code into the snapshot of a run",
        )


def _comes_from_elsewhere(word: str, rest: str) -> bool:
    """Whether COPY or ADD reads another stage or addresses, not files beside the Dockerfile."""
    if HERE_DOCUMENT.search(rest):
        return True
    words = rest.replace("[", " ").replace("]", " ").replace('"', " ").replace(",", " ").split()
    flags = [one for one in words if one.startswith("--")]
    if word == "COPY":
        return any(flag.startswith("--from=") for flag in flags)
    sources = [one for one in words if not one.startswith("--")][:-1]
    return bool(sources) and all(re.match(r"https?://", one) for one in sources)
