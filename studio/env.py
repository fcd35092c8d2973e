"""Read the environment loudly: a wrong spelling stops the boot, an unknown STUDIO_ name too."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

PREFIX = "STUDIO_"
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
known: set[str] = set()


def text(name: str, default: str = "") -> str:
    """Return the variable's text, or `default` where it is not set."""
    known.add(name)
    return os.environ.get(name, default)


def flag(name: str, default: bool = False) -> bool:
    """Return the variable as a truth value. Raises ImproperlyConfigured for any other word."""
    word = text(name, str(int(default))).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={word!r} is neither yes nor no; write 1 or 0")


def number(name: str, default: int, *, least: int = 0) -> int:
    """Return the variable as a whole number of at least `least`. Raises ImproperlyConfigured."""
    word = text(name, str(default)).strip()
    try:
        value = int(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={word!r} is not a whole number") from None
    if value < least:
        raise ImproperlyConfigured(f"{name}={value} is less than {least}")
    return value


def words(name: str, default: str = "") -> list[str]:
    """Return the variable as a list, split at commas, empty parts left out."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def path(name: str, default: Path) -> Path:
    """Return the variable as an absolute path; `~` and relative paths are resolved."""
    return Path(text(name) or default).expanduser().resolve()


def secret(name: str, make_in: Path) -> str:
    """Return a secret from the variable, from the file named by NAME_FILE, or from `make_in`.

    The file `make_in` is made with a new secret, readable by its owner only, when nothing else
    says one: a laptop needs no set-up, and the secret survives a restart.
    """
    known.add(f"{name}_FILE")
    if value := text(name):
        return value
    if file := os.environ.get(f"{name}_FILE"):
        return Path(file).read_text(encoding="utf-8").strip()
    make_in.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(make_in, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return make_in.read_text(encoding="utf-8").strip()
    value = os.urandom(48).hex()
    with os.fdopen(handle, "w", encoding="utf-8") as file_handle:
        file_handle.write(value)
    return value


def check_spelling() -> None:
    """Stop the boot for a STUDIO_ variable that no setting reads: it is a wrong spelling."""
    unknown = sorted(n for n in os.environ if n.startswith(PREFIX) and n not in known)
    if unknown:
        raise ImproperlyConfigured(
            f"no setting is named {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
