"""CondaDependencies: the packages of an environment as conda YAML.

A text that nobody changes here is passed on as it is: it is only read when somebody asks what is
in it.
"""

import os
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional

from trainyard import _errors
from trainyard._conda_text import Content, bare, read, write
from trainyard._files import conda_of

VERSION = "1.61.0"  # the v1 SDK whose surface this one follows; azureml-* packages are pinned to it
CHANNELS = ("anaconda", "conda-forge")
FILE_NAME = "conda_dependencies.yml"
NAME = "project_environment"
WITH_EXTRAS = re.compile(r"^([A-Za-z0-9._-]+)\s*(\[[^\]]*\])?\s*([^;]*?)\s*(;.*)?$")
TENSORFLOW = {"cpu": "tensorflow", "gpu": "tensorflow-gpu"}


class CondaDependencies:
    """Channels, conda packages and pip packages. Without a file: an unpinned Python and no more."""

    def __init__(
        self,
        conda_dependencies_file_path: Optional[str] = None,
        _underlying_structure: Optional[Dict[str, Any]] = None,
    ):
        self._source = "the conda specification"
        self._text: Optional[str] = None
        self._content: Optional[Content] = None
        if conda_dependencies_file_path is not None:
            self._source = os.fspath(conda_dependencies_file_path)
            self._text = conda_of(self._source)
        elif _underlying_structure is not None:
            self._content = _of_dict(_underlying_structure)
        else:
            self._content = _new(CHANNELS)
            self._content.conda = ["python"]

    @classmethod
    def create(
        cls,
        pip_indexurl: Optional[str] = None,
        pip_packages: Optional[List[str]] = None,
        conda_packages: Optional[List[str]] = None,
        python_version: Optional[str] = None,
        pin_sdk_version: bool = True,
    ) -> "CondaDependencies":
        """Return a new specification; python_version None takes the Python that the studio has."""
        made = cls()
        if python_version:
            made.set_python_version(python_version)
        if pip_indexurl:
            made.set_pip_index_url(pip_indexurl)
        for package in _packages("pip_packages", pip_packages):
            made.add_pip_package(_pinned(package) if pin_sdk_version else package)
        for package in _packages("conda_packages", conda_packages):
            made.add_conda_package(package)
        return made

    @classmethod
    def from_text(cls, text: str, source: str = "the conda specification") -> "CondaDependencies":
        """Return the specification that conda YAML `text` holds; `source` names it in errors."""
        made = cls()
        made._text, made._content, made._source = text, None, source
        return made

    @classmethod
    def of_requirements(
        cls,
        pip: Iterable[str],
        python: Optional[str] = None,
        conda: Iterable[str] = (),
        channels: Iterable[str] = (),
    ) -> "CondaDependencies":
        """Return the specification with these requirements; channels: none is the studio's own."""
        made = cls()
        made._content = _new(channels)
        made._content.conda = ["python={}".format(python) if python else "python"]
        made._content.conda += [name for name in conda if bare(name) != "python"]
        made._content.pip = list(pip)
        return made

    def _read(self) -> Content:
        """Return what it holds. Raises UserErrorException for a text that is not understood."""
        if self._content is None:
            self._content = read(self._text or "", self._source)
        return self._content

    def _change(self) -> Content:
        content = self._read()
        self._text = None
        return content

    # --- what it holds ------------------------------------------------------------
    @property
    def conda_channels(self) -> Iterator[str]:
        """The channels, the first of them preferred."""
        return iter(self._read().channels)

    @property
    def conda_packages(self) -> Iterator[str]:
        """The conda packages but Python, as they are written."""
        return iter([name for name in self._read().conda if bare(name) != "python"])

    @property
    def pip_packages(self) -> Iterator[str]:
        """The requirements of pip, as they are written."""
        return iter([name for name in self._read().pip if not name.startswith("-")])

    @property
    def pip_options(self) -> Iterator[str]:
        """The options of pip among its requirements, such as --pre."""
        return iter([name for name in self._read().pip if name.startswith("-")])

    @property
    def python_version(self) -> Optional[str]:
        """The version after `python=`; None when any will do."""
        for name in self._read().conda:
            if bare(name) == "python":
                return name.split("::")[-1].strip()[len("python") :].lstrip("=<>~! ") or None
        return None

    @property
    def names_python(self) -> bool:
        """Is Python among the conda packages, whatever its version?"""
        return any(bare(name) == "python" for name in self._read().conda)

    def get_python_version(self) -> Optional[str]:
        """Return python_version."""
        return self.python_version

    def as_dict(self) -> Dict[str, Any]:
        """Return it as conda's YAML would be read: name, channels, dependencies."""
        content = self._read()
        dependencies: List[Any] = list(content.conda)
        if content.pip:
            dependencies.append({"pip": list(content.pip)})
        words: Dict[str, Any] = {"name": content.name, "dependencies": dependencies}
        if content.channels:
            words["channels"] = list(content.channels)
        if content.variables:
            words["variables"] = dict(content.variables)
        return words

    # --- changes ------------------------------------------------------------
    def set_python_version(self, version: str) -> None:
        """Ask for a Python, such as "3.9", in place of another."""
        content = self._change()
        content.conda = [name for name in content.conda if bare(name) != "python"]
        content.conda.insert(0, "python={}".format(version))

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package, in place of one of that name."""
        content = self._change()
        content.conda = _replaced(content.conda, conda_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove the package of that name, whatever its version."""
        content = self._change()
        content.conda = [name for name in content.conda if bare(name) != bare(conda_package)]

    def add_pip_package(self, pip_package: str) -> None:
        """Add a requirement, in place of one of that name."""
        content = self._change()
        content.pip = _replaced(content.pip, pip_package)

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove the requirement of that name, whatever its version."""
        content = self._change()
        content.pip = [name for name in content.pip if bare(name) != bare(pip_package)]

    def add_tensorflow_conda_package(
        self, core_type: str = "cpu", version: Optional[str] = None
    ) -> None:
        """Add tensorflow or tensorflow-gpu; core_type: cpu or gpu."""
        self.add_conda_package(_tensorflow(core_type, version, "="))

    def add_tensorflow_pip_package(
        self, core_type: str = "cpu", version: Optional[str] = None
    ) -> None:
        """Add tensorflow or tensorflow-gpu; core_type: cpu or gpu."""
        self.add_pip_package(_tensorflow(core_type, version, "=="))

    def add_cntk_package(self, core_type: str = "cpu") -> None:
        """Not here: CNTK is no more. Raises NotImplementedError."""
        raise _errors.not_built(
            "CondaDependencies.add_cntk_package", "another framework: CNTK ended with Python 3.6"
        )

    def set_pip_option(self, pip_option: str) -> None:
        """Set an option of pip such as --pre, in place of the same one."""
        content = self._change()
        name = re.split(r"[\s=]", pip_option, maxsplit=1)[0]
        is_list = name in ("--extra-index-url", "--find-links", "-f", "--trusted-host")
        same = pip_option if is_list else name
        content.pip = [
            line
            for line in content.pip
            if line != same and re.split(r"[\s=]", line, maxsplit=1)[0] != same
        ]
        content.pip.insert(0, pip_option)

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove the option of that name, whatever its value."""
        content = self._change()
        name = re.split(r"[\s=]", pip_option, maxsplit=1)[0]
        content.pip = [
            line for line in content.pip if re.split(r"[\s=]", line, maxsplit=1)[0] != name
        ]

    def set_pip_index_url(self, index_url: str) -> None:
        """Set where pip's packages come from; `--index-url` before it may be written or not."""
        self.set_pip_option("--index-url " + re.sub(r"^(--index-url|-i)[\s=]+", "", index_url))

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace all of pip's requirements and options."""
        self._change().pip = list(pip_requirements)

    def add_channel(self, channel: str) -> None:
        """Add a channel behind the others, unless it is there."""
        content = self._change()
        if channel not in content.channels:
            content.channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Remove a channel; one that is not there is no error."""
        content = self._change()
        content.channels = [name for name in content.channels if name != channel]

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> List[str]:
        """Return the requirements with those of one name joined: a>1 and a<2 become a>1,<2."""
        merged: Dict[Any, List[str]] = {}
        order: List[Any] = []
        for requirement in requirements:
            found = WITH_EXTRAS.match(requirement.strip())
            name, extras, versions, marker = found.groups() if found else (requirement, "", "", "")
            key = (re.sub(r"[-_.]+", "-", name).lower(), extras or "", marker or "")
            if key not in merged:
                order.append((key, name))
                merged[key] = []
            merged[key] += [v for v in (versions or "").split(",") if v and v not in merged[key]]
        return [name + key[1] + ",".join(merged[key]) + key[2] for key, name in order]

    # --- as text ------------------------------------------------------------
    def serialize_to_string(self) -> str:
        """Return the YAML; a text that was read and not changed comes back as it was."""
        return self._text if self._text is not None else write(self._read())

    def save_to_file(self, base_directory: str, conda_file_path: Optional[str] = None) -> str:
        """Write the YAML into `base_directory` and return the file's name."""
        name = conda_file_path or FILE_NAME
        with open(os.path.join(base_directory, name), "w", encoding="utf-8") as file:
            file.write(self.serialize_to_string())
        return name

    def save(self, path: Optional[str] = None) -> str:
        """Write the YAML to `path` (default: conda_dependencies.yml here); return the path."""
        path = path or FILE_NAME
        self.save_to_file(os.path.dirname(path), os.path.basename(path))
        return path

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, CondaDependencies)
        return same and self.serialize_to_string() == other.serialize_to_string()  # type: ignore

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.serialize_to_string()


def _new(channels: Iterable[str]) -> Content:
    content = Content()
    content.name, content.channels = NAME, list(channels)
    return content


def _of_dict(words: Dict[str, Any]) -> Content:
    content = _new(words.get("channels") or ())
    content.name = words.get("name") or NAME
    content.variables = dict(words.get("variables") or {})
    for item in words.get("dependencies") or ():
        if isinstance(item, dict):
            content.pip += item.get("pip") or []
        else:
            content.conda.append(item)
    return content


def _packages(name: str, packages: Optional[Iterable[str]]) -> List[str]:
    if isinstance(packages, str):
        raise _errors.UserErrorException(
            "{0} must be a list of texts; write {0}=[{1!r}]".format(name, packages)
        )
    return list(packages or ())


def _tensorflow(core_type: str, version: Optional[str], sign: str) -> str:
    if core_type not in TENSORFLOW:
        raise _errors.UserErrorException(
            "core_type {!r} is not known; write cpu or gpu".format(core_type)
        )
    return TENSORFLOW[core_type] + (sign + version if version else "")


def _pinned(package: str) -> str:
    is_sdk = package.startswith("azureml-")
    has_version = any(sign in package for sign in "=<>~!@")
    return "{}~={}".format(package, VERSION) if is_sdk and not has_version else package


def _replaced(packages: List[str], package: str) -> List[str]:
    """Return `packages` with `package` in place of one of that name, or at the end."""
    same = [number for number, name in enumerate(packages) if bare(name) == bare(package)]
    if not same:
        return packages + [package]
    return packages[: same[0]] + [package] + packages[same[0] + 1 :]
