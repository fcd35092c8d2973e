"""Scripts that Python packages carry: served from the package, never copied into the repository.

htmx needs nothing of this: `django_htmx` is an app with a static folder.
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

# Name below static/ → the package and its file.
SCRIPTS = {"vendor/plotly.min.js": ("plotly", "package_data/plotly.min.js")}


class PackageScripts(BaseFinder):
    """Finds each script of SCRIPTS in its package, without importing the package.

    (Importing plotly takes half a second and 40 MB; only its folder is needed.)
    """

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        """Return the file of `path` as text, or a list of such when all are asked for."""
        package, file = SCRIPTS.get(path, ("", ""))
        found = _folder_of(package) / file if package else None
        if found is None or not found.is_file():
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        """Yield (file name, storage) of each script; the storage's prefix is its folder's name."""
        for name, (package, file) in SCRIPTS.items():
            prefix, _, short = name.rpartition("/")
            if matches_patterns(short, list(ignore_patterns or [])):
                continue
            source = _folder_of(package) / file
            storage = FileSystemStorage(location=source.parent)
            storage.prefix = prefix  # type: ignore[attr-defined]
            yield source.name, storage


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed: pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0])
