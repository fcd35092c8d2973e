"""CondaDependencies: the packages of an environment as conda YAML, written and read.

The standard library has no YAML. What is read here is the form that conda's own files have
(scalars, one list of channels, one list of dependencies with a `pip:` list inside); the studio
itself reads the text with a full parser, so a text that nobody changes here is passed on as it is.
"""

import os
import re
from typing import Iterator, List, Optional

from trainyard import _errors

VERSION = "1.61.0"  # the v1 SDK whose surface this one follows; azureml-* packages are pinned to it
HEADER = """\
# Conda environment specification: what the environment of a run is made of.

# About the format:
# https://conda.io/docs/user-guide/tasks/manage-environments.html#create-env-file-manually

"""
CHANNELS = ("anaconda", "conda-forge")
NAME = re.compile(r"^[^\s=<>!~;\[@]+")


class CondaDependencies:
    """Channels, conda packages and pip packages. Without a file: an unpinned Python and no more."""

    def __init__(self, conda_dependencies_file_path: Optional[str] = None):
        self._name = "project_environment"
        self._channels = list(CHANNELS)
        self._conda = ["python"]
        self._pip: List[str] = []
        self._text: Optional[str] = None
        if conda_dependencies_file_path is not None:
            self._read_file(conda_dependencies_file_path)

    @classmethod
    def create(
        cls,
        pip_indexurl: Optional[str] = None,
        pip_packages: Optional[List[str]] = None,
        conda_packages: Optional[List[str]] = None,
        python_version: Optional[str] = None,
        *,
        pin_sdk_version: bool = True,
    ) -> "CondaDependencies":
        """Return a new specification; python_version None takes the Python that the studio has."""
        made = cls()
        if python_version:
            made.set_python_version(python_version)
        if pip_indexurl:
            made.set_pip_option("--index-url " + pip_indexurl)
        for package in pip_packages or ():
            made.add_pip_package(_pinned(package) if pin_sdk_version else package)
        for package in conda_packages or ():
            made.add_conda_package(package)
        return made

    @classmethod
    def from_text(cls, text: str) -> "CondaDependencies":
        """Return the specification that conda YAML `text` holds. Raises UserErrorException."""
        made = cls()
        made._parse(text, "the conda specification")
        made._text = text
        return made

    def _read_file(self, path: str) -> None:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise _errors.UserErrorException(
                "cannot read the conda specification {}: {}".format(path, error.strerror)
            ) from None
        self._parse(text, path)
        self._text = text

    # --- what it holds ------------------------------------------------------------
    @property
    def conda_channels(self) -> Iterator[str]:
        return iter(self._channels)

    @property
    def conda_packages(self) -> Iterator[str]:
        return iter([name for name in self._conda if _bare(name) != "python"])

    @property
    def pip_packages(self) -> Iterator[str]:
        return iter([name for name in self._pip if not name.startswith("-")])

    @property
    def pip_options(self) -> Iterator[str]:
        return iter([name for name in self._pip if name.startswith("-")])

    @property
    def python_version(self) -> Optional[str]:
        """The version after `python=`; None when any will do."""
        for name in self._conda:
            if _bare(name) == "python":
                return name[len("python") :].lstrip("=<>~! ") or None
        return None

    # --- changes ------------------------------------------------------------
    def set_python_version(self, version: str) -> None:
        self._conda = [name for name in self._conda if _bare(name) != "python"]
        self._conda.insert(0, "python={}".format(version))
        self._text = None

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package, in place of one of that name."""
        self._conda = _replaced(self._conda, conda_package)
        self._text = None

    def remove_conda_package(self, conda_package: str) -> None:
        self._conda = [name for name in self._conda if _bare(name) != _bare(conda_package)]
        self._text = None

    def add_pip_package(self, pip_package: str) -> None:
        """Add a requirement, in place of one of that name."""
        self._pip = _replaced(self._pip, pip_package)
        self._text = None

    def remove_pip_package(self, pip_package: str) -> None:
        self._pip = [name for name in self._pip if _bare(name) != _bare(pip_package)]
        self._text = None

    def set_pip_option(self, pip_option: str) -> None:
        self._pip.insert(0, pip_option)
        self._text = None

    def set_pip_requirements(self, pip_requirements: List[str]) -> None:
        self._pip = list(pip_requirements)
        self._text = None

    def add_channel(self, channel: str) -> None:
        if channel not in self._channels:
            self._channels.append(channel)
        self._text = None

    def remove_channel(self, channel: str) -> None:
        self._channels = [name for name in self._channels if name != channel]
        self._text = None

    # --- as text ------------------------------------------------------------
    def serialize_to_string(self) -> str:
        """Return the YAML; a text that was read and not changed comes back as it was."""
        if self._text is not None:
            return self._text
        lines = ["name: " + _scalar(self._name), "dependencies:"]
        lines += ["- " + _scalar(name) for name in self._conda]
        if self._pip:
            lines += ["- pip:"] + ["  - " + _scalar(name) for name in self._pip]
        lines += ["channels:"] + ["- " + _scalar(name) for name in self._channels]
        return HEADER + "\n".join(lines) + "\n"

    def save_to_file(self, base_directory: str, conda_file_path: Optional[str] = None) -> str:
        """Write the YAML into `base_directory` and return the file's name."""
        name = conda_file_path or "conda_dependencies.yml"
        with open(os.path.join(base_directory, name), "w", encoding="utf-8") as file:
            file.write(self.serialize_to_string())
        return name

    def save(self, path: Optional[str] = None) -> str:
        """Write the YAML to `path` (default: conda_dependencies.yml here); return the path."""
        path = path or "conda_dependencies.yml"
        self.save_to_file(os.path.dirname(path), os.path.basename(path))
        return path

    def _parse(self, text: str, source: str) -> None:
        """Fill this object from conda YAML. Raises UserErrorException naming the line."""
        self._channels, self._conda, self._pip = [], [], []
        key, pip_indent = "", -1
        for number, raw in enumerate(text.splitlines(), 1):
            line = _without_comment(raw)
            if not line.strip() or line.strip() in ("---", "..."):
                continue
            indent = len(line) - len(line.lstrip(" "))
            stripped = line.strip()
            if stripped.startswith("- "):
                item = _plain(stripped[2:].strip())
                if key == "dependencies" and item in ("pip:", "pip :"):
                    pip_indent = indent
                elif key == "dependencies" and indent > pip_indent >= 0:
                    self._pip.append(item)
                elif key == "dependencies":
                    pip_indent = -1
                    self._conda.append(item)
                elif key == "channels":
                    self._channels.append(item)
            elif indent == 0 and ":" in stripped:
                key, _, value = stripped.partition(":")
                key, value = _plain(key.strip()), value.strip()
                self._take(key, value)
            elif key in ("dependencies", "channels"):
                raise _errors.UserErrorException(
                    "{}, line {}: {!r} is not understood here; write one package or channel per"
                    ' line, after "- "'.format(source, number, raw.strip())
                )

    def _take(self, key: str, value: str) -> None:
        """Take the value that stands on a key's own line."""
        if key == "name" and value:
            self._name = _plain(value)
        elif key in ("channels", "dependencies") and value.startswith("["):
            items = [_plain(item.strip()) for item in value.strip("[]").split(",") if item.strip()]
            (self._channels if key == "channels" else self._conda).extend(items)


def _pinned(package: str) -> str:
    plain = package.startswith("azureml-") and NAME.match(package)
    has_version = any(sign in package for sign in "=<>~!@")
    return "{}~={}".format(package, VERSION) if plain and not has_version else package


def _bare(package: str) -> str:
    found = NAME.match(package.split("::")[-1].strip())
    return found.group(0).lower() if found else package


def _replaced(packages: List[str], package: str) -> List[str]:
    """Return `packages` with `package` in place of one of that name, or at the end."""
    same = [number for number, name in enumerate(packages) if _bare(name) == _bare(package)]
    if not same:
        return packages + [package]
    return packages[: same[0]] + [package] + packages[same[0] + 1 :]


def _scalar(text: str) -> str:
    """Return text as a YAML scalar, quoted where a reader would take it for something else."""
    if re.match(r"^[A-Za-z0-9_./][A-Za-z0-9_./+=<>~!,\[\]-]*$", text):
        return text
    return "'{}'".format(text.replace("'", "''"))


def _plain(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]
    return text


def _without_comment(line: str) -> str:
    found = re.search(r"(^|\s)#", line)
    return line[: found.start()].rstrip() if found else line.rstrip()
