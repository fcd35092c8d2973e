"""What is installed on this computer, as requirements: a conda or a virtual environment."""

import json
import os
import re
import sys
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from trainyard import _errors
from trainyard._lazy import shutil, subprocess

# What every environment brings along by itself.
LEFT_OUT = ("pip", "pkg-resources", "wheel")
SITES = ("site-packages", "dist-packages")
ASK = "import json, sys; print(json.dumps([list(sys.version_info[:3]), sys.path]))"
WAY_OUT = "put its code into the source folder of the run, or publish it to a package index"
LOCAL_URL = re.compile(r"^\s*-\s*['\"]?([A-Za-z0-9._-]+)\s*@\s*(file:\S+?)['\"]?\s*$")

Found = NamedTuple("Found", [("name", str), ("line", str), ("trouble", str)])
Export = NamedTuple("Export", [("text", str), ("python", str), ("troubles", List[str])])


def conda(name: str) -> Export:
    """Return `conda env export` of an environment of this computer, without its folder.

    Raises UserErrorException when there is no conda here, or conda knows no such environment.
    """
    program = shutil.which("conda") or os.environ.get("CONDA_EXE")
    if not program:
        raise _errors.UserErrorException(
            "there is no `conda` on this computer's PATH, and CONDA_EXE is not set; run this where"
            " the conda environment {!r} is, or use Environment.from_conda_specification with the"
            " output of `conda env export`".format(name)
        )
    done = _run([program, "env", "export", "--no-builds", "--name", name])
    if done.returncode != 0:
        raise _errors.UserErrorException(
            "`conda env export` of {!r} ended with exit code {}: {}".format(
                name,
                done.returncode,
                (done.stderr or done.stdout).strip()[-500:] or "it said nothing",
            )
        )
    lines, troubles = [], []
    for line in done.stdout.splitlines():
        local = LOCAL_URL.match(line)
        if local:
            troubles.append(_left_out(local.group(1), "it comes from " + local.group(2)))
        elif not line.startswith("prefix:"):
            lines.append(line)
    return Export("\n".join(lines) + "\n", "", troubles)


def virtual(path: Optional[str] = None) -> Export:
    """Return exact pins of what a virtual environment has, and its Python as 3.11.

    path: the environment's folder, or its interpreter; None is the Python that runs this.
    troubles: packages that cannot be had by name, each with why and the way out; such a one is
    not in the text, unless it is said there.
    Raises UserErrorException where there is no Python.
    """
    if path is None:
        version, places = ".".join(str(part) for part in sys.version_info[:3]), sys.path
    else:
        version, places = _ask(interpreter_in(path))
    found = _installed(place for place in places if os.path.basename(place) in SITES)
    names = sorted(found)
    lines = [found[name].line for name in names if found[name].line]
    text = "# Exported from Python {}\n".format(version) + "".join(line + "\n" for line in lines)
    troubles = [found[name].trouble for name in names if found[name].trouble]
    return Export(text, ".".join(version.split(".")[:2]), troubles)


def interpreter_in(path: str) -> str:
    """Return the interpreter of a virtual environment's folder, or `path` if it is one."""
    place = os.path.abspath(os.path.expanduser(os.fspath(path)))
    tried = [os.path.join(place, "bin", "python"), os.path.join(place, "Scripts", "python.exe")]
    for one in [place] + tried:
        if os.path.isfile(one) and os.access(one, os.X_OK):
            return one
    raise _errors.UserErrorException(
        "{} is no virtual environment: there is no {}; name its folder or its interpreter".format(
            place, os.path.relpath(tried[0], place)
        )
    )


def _ask(python: str) -> Tuple[str, List[str]]:
    done = _run([python, "-I", "-c", ASK])
    if done.returncode != 0:
        raise _errors.UserErrorException(
            "{} did not say what it is: {}".format(python, (done.stderr or done.stdout)[-500:])
        )
    version, places = json.loads(done.stdout)
    return ".".join(str(part) for part in version), places


def _run(command: List[str]) -> Any:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
    except OSError as error:
        raise _errors.UserErrorException(
            "cannot start {}: {}".format(command[0], error.strerror)
        ) from None


# --- what lies in site-packages ------------------------------------------------------------


def _installed(sites: Iterable[str]) -> Dict[str, Found]:
    """Return package name → what is found of it; the first of a name on the path is the one."""
    found: Dict[str, Found] = {}
    for site in sites:
        if not os.path.isdir(site):
            continue
        for entry in sorted(os.listdir(site)):
            package = _read(os.path.join(site, entry))
            key = re.sub(r"[-_.]+", "-", package.name).lower() if package else ""
            if package and key not in LEFT_OUT:
                found.setdefault(key, package)
    return found


def _read(place: str) -> Optional[Found]:
    base, ending = os.path.splitext(place)
    if ending == ".egg-link":
        name = os.path.basename(base)
        return Found(name, "", _left_out(name, "it is installed as editable (develop)"))
    if ending == ".dist-info":
        return _distribution(place, os.path.join(place, "METADATA"))
    if ending == ".egg-info":
        inside = os.path.join(place, "PKG-INFO")
        return _distribution(place, inside if os.path.isdir(place) else place)
    return None


def _distribution(place: str, metadata: str) -> Optional[Found]:
    name, version = _name_and_version(metadata)
    if not name or not version:
        return None  # A folder that an uninstallation left behind.
    origin = _origin(os.path.join(place, "direct_url.json"))
    if origin is None:
        return Found(name, "{}=={}".format(name, version), _other_index(name, version))
    line, why = _from_url(name, origin)
    return Found(name, line, _left_out(name, why) if why else "")


def _name_and_version(metadata: str) -> Tuple[str, str]:
    words = {"Name": "", "Version": ""}
    try:
        with open(metadata, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if not line.strip():
                    break
                if key in words and not words[key]:
                    words[key] = value.strip()
    except OSError:
        pass
    return words["Name"], words["Version"]


def _origin(path: str) -> Optional[Dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            words: Dict[str, Any] = json.load(file)
            return words
    except (OSError, ValueError):
        return None


def _from_url(name: str, origin: Dict[str, Any]) -> Tuple[str, str]:
    """Return the requirement of a package that no index gave, or why there is none."""
    url = str(origin.get("url") or "")
    if (origin.get("dir_info") or {}).get("editable"):
        return "", "it is installed as editable from " + url
    vcs = origin.get("vcs_info") or {}
    if vcs.get("vcs") == "git" and url.startswith(("http://", "https://")):
        return "{} @ git+{}@{}".format(name, url, vcs["commit_id"]), ""
    if vcs:
        return "", "it comes from {}, which the studio cannot read".format(url)
    if url.startswith(("http://", "https://")):
        return "{} @ {}".format(name, url), ""
    return "", "it comes from {} on this computer".format(url)


def _left_out(name: str, why: str) -> str:
    return "{} is left out: {}; {}".format(name, why, WAY_OUT)


def _other_index(name: str, version: str) -> str:
    if "+" not in version:
        return ""
    return (
        "{0}=={1} is a build that the usual index does not have: name the index it came from with"
        ' conda_dependencies.set_pip_option("--extra-index-url ..."), or ask for {0}=={2}'.format(
            name, version, version.split("+")[0]
        )
    )
