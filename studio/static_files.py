"""Collects static files under hashed names, when one of them has changed since the last time."""

import hashlib
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

_FINGERPRINT = ".fingerprint"


def collect_if_changed() -> bool:
    """Bring STATIC_ROOT up to date. Returns whether there was anything to do.

    Must be done before the web server starts: it decides at its start which names it serves.
    """
    now = _fingerprint()
    note = settings.STATIC_ROOT / _FINGERPRINT
    if settings.COLLECTED and note.exists() and note.read_text(encoding="utf-8") == now:
        return False
    # A process of its own: the storage with hashed names is chosen when the settings load.
    manage = settings.BASE_DIR / "manage.py"
    words = ["collectstatic", "--clear", "--no-input", "--verbosity=0"]
    subprocess.run([sys.executable, manage, *words], check=True)
    note.write_text(now, encoding="utf-8")
    return True


def _fingerprint() -> str:
    """Hash every source file's path, size and time of change."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            file = storage.path(path)
            about = Path(file).stat()
            seen.update(f"{file}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return seen.hexdigest()
