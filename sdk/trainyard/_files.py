"""Files of this computer that say what an environment is, read into texts that need no other file.

`-r other.txt` in one of them is replaced by what is in that file: the studio has only the text.
"""

import os
import re
from typing import Callable, List, Optional, Tuple

from trainyard import _errors
from trainyard._conda_text import plain, scalar
from trainyard._lazy import zipfile

INCLUDE = r"(?:-r|--requirement)(?:\s*=\s*|\s+|(?<=-r))(\S[^#]*?)\s*(?:\s#.*)?$"
# name-version[-build]-python-abi-platform.whl
WHEEL = re.compile(r"[^-/]+-[^-/]+(-\d[^-/]*)?-[^-/]+-[^-/]+-[^-/]+\.whl\Z")
IN_REQUIREMENTS = re.compile(r"^\s*" + INCLUDE)
IN_CONDA = re.compile(r"^(\s*- +)['\"]?" + INCLUDE.replace(r"\s*(?:", r"['\"]?\s*(?:"))


def text_of(path: str, what: str = "", way_out: str = "") -> str:
    """Return a text file's content. Raises UserErrorException naming the file and the reason."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _errors.UserErrorException(
            "cannot read {}{}: {}{}".format(
                what + " " if what else "", path, getattr(error, "strerror", None) or error, way_out
            )
        ) from None


def check_wheel(path: str) -> None:
    """Look whether a file is a wheel. Raises UserErrorException naming it and what is wrong."""
    way_out = "; `pip wheel .` and `python -m build` make one: name-version-py3-none-any.whl"
    if not os.path.isfile(path):
        raise _errors.UserErrorException(
            "{} is not a file on this computer".format(os.path.abspath(path))
        )
    if not WHEEL.match(os.path.basename(path)):
        raise _errors.UserErrorException("{} is no name of a wheel{}".format(path, way_out))
    try:
        with zipfile.ZipFile(path) as wheel:
            names = wheel.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise _errors.UserErrorException(
            "{} is no wheel: {}{}".format(path, error, way_out)
        ) from None
    if not any(name.endswith(".dist-info/WHEEL") for name in names):
        raise _errors.UserErrorException(
            "{} is a zip, but no wheel: it has no .dist-info/WHEEL{}".format(path, way_out)
        )


def requirements_of(path: str, _open: Tuple[str, ...] = ()) -> str:
    """Return a requirements.txt with the files that it includes in place of their lines.

    Raises UserErrorException for a file that cannot be read, or that includes itself.
    """
    place = os.path.abspath(os.path.expanduser(os.fspath(path)))
    if place in _open:
        raise _errors.UserErrorException("{} includes itself; remove one -r".format(place))

    def included(line: str) -> Optional[List[str]]:
        found = IN_REQUIREMENTS.match(line)
        if not found:
            return None
        return _other(place, found.group(1), (*_open, place)).splitlines()

    return _replaced(text_of(place), included)


def conda_of(path: str) -> str:
    """Return a conda YAML file, with the requirements files of its pip section in their place.

    Raises UserErrorException for a file that cannot be read.
    """
    place = os.path.abspath(os.path.expanduser(os.fspath(path)))

    def included(line: str) -> Optional[List[str]]:
        found = IN_CONDA.match(line)
        if not found:
            return None
        text = _other(place, plain(found.group(2)), (place,))
        return [found.group(1) + scalar(item) for item in requirement_lines(text)]

    return _replaced(text_of(place, "the conda specification"), included)


def requirement_lines(text: str) -> List[str]:
    """Return the requirements and options of a requirements.txt, one each, without comments."""
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*", "", line) for line in joined.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def _other(place: str, name: str, opened: Tuple[str, ...]) -> str:
    if re.match(r"https?://", name):
        raise _errors.UserErrorException(
            "{} includes {}; download that file and include the copy".format(place, name)
        )
    return requirements_of(os.path.join(os.path.dirname(place), name), opened)


def _replaced(text: str, included: Callable[[str], Optional[List[str]]]) -> str:
    """Return `text` with the lines for which `included` has others replaced by these."""
    lines: List[str] = []
    has_any = False
    for line in text.splitlines():
        others = included(line)
        has_any = has_any or others is not None
        lines += [line] if others is None else others
    return "\n".join(lines) + "\n" if has_any else text
