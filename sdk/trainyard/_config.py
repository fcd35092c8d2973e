"""config.json: where it is looked for, what it holds, how it is written.

Either form of the v1 SDK's file counts, `{"subscription_id", "resource_group", "workspace_name"}`
or `{"Scope": "/subscriptions/…"}`, plus our own key `"trainyard": {"url", "token"}`, which other
readers of the file pass over.
"""

import json
import os
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from trainyard import _errors

FOLDERS = (".azureml", "aml_config", "")
FILES = ("config.json", "project.json")
PLAIN = re.compile(r"[\w.~+/=-]+\Z", re.ASCII)
WAYS = (
    "`python manage.py sdk_config FOLDER` writes one on the studio's machine; the Settings page"
    " offers it as a download"
)

Config = NamedTuple(
    "Config",
    [
        ("subscription_id", str),
        ("resource_group", str),
        ("workspace_name", str),
        ("url", str),
        ("token", str),
    ],
)


def find(path: Optional[str] = None, file_name: Optional[str] = None) -> str:
    """Return the config file for `path` (a file, or a folder to search from; default: here).

    Each of `.azureml/`, `aml_config/` and the folder itself is looked for up to the root before
    the next one, so a `.azureml/config.json` far above beats a plain one beside you.
    Raises UserErrorException.
    """
    start = os.path.abspath(os.path.expanduser(os.fspath(path) if path else os.getcwd()))
    if os.path.isfile(start):
        return start
    for folder in FOLDERS:
        for name in (file_name,) if file_name else FILES:
            above = start
            while True:
                candidate = os.path.join(above, folder, name)
                if os.path.isfile(candidate):
                    return candidate
                if os.path.dirname(above) == above:
                    break
                above = os.path.dirname(above)
    raise _errors.UserErrorException(
        "We could not find {} in: {} or in its parent directories. {}.".format(
            file_name or "config.json", start, WAYS
        )
    )


def login_file() -> str:
    """Return where `trainyard login` keeps the token of this computer's user."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(home, "trainyard", "config.json")


def of_command(path: Optional[str] = None) -> str:
    """Return the file that the command line goes by: the nearest config.json, else the login.

    Scripts never go by the login: in a job they would act as a person instead of as their run.
    Raises UserErrorException.
    """
    try:
        return find(path)
    except _errors.UserErrorException as error:
        login = login_file()
        if path is None and os.path.isfile(login):
            return login
        raise _errors.UserErrorException(
            "{} Or sign in: `trainyard login http://<the studio's address>`.".format(error.message)
        ) from None


def forget_login() -> bool:
    """Remove the login; return whether there was one."""
    try:
        os.remove(login_file())
    except FileNotFoundError:
        return False
    return True


def read(file: str) -> Config:
    """Return what the config file says. Raises UserErrorException naming what is wrong in it."""
    try:
        with open(file, encoding="utf-8") as source:
            words = json.load(source)
    except (OSError, ValueError) as error:
        raise _errors.UserErrorException(
            "The config file {} cannot be read: {}".format(file, error)
        ) from None
    names = _names(words) if isinstance(words, dict) else None
    if names is None:
        raise _errors.UserErrorException(
            "The config file found in: {} does not seem to contain the required parameters:"
            " subscription_id, resource_group and workspace_name. {}.".format(file, WAYS)
        )
    ours = words.get("trainyard")
    if not isinstance(ours, dict) or not ours.get("url") or not ours.get("token"):
        raise _errors.UserErrorException(
            'The config file {} does not say where the studio is: it has no "trainyard" key with'
            " url and token. {}.".format(file, WAYS)
        )
    url, token = ours["url"], ours["token"]
    if not _is_address(url):
        raise _errors.UserErrorException(
            "The config file {} names {!r} as the studio's url; it must look like"
            ' "http://127.0.0.1:8000". {}.'.format(file, url, WAYS)
        )
    # A token goes into a header: anything but plain letters would break the call, not the sign-in.
    if not isinstance(token, str) or not PLAIN.match(token):
        raise _errors.UserErrorException(
            "The config file {} holds no token as the studio makes them: letters, digits, - and _"
            " only. {}.".format(file, WAYS)
        )
    return Config(names[0], names[1], names[2], url.rstrip("/"), token)


def _is_address(url: Any) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except (ValueError, TypeError, AttributeError):
        return False


def _names(words: Dict[str, Any]) -> Optional[List[str]]:
    """Return subscription, group and workspace; None unless all three are texts."""
    scope = str(words.get("Scope") or "").strip("/").split("/")
    if len(scope) == 8 and scope[0].lower() == "subscriptions":
        found: List[Any] = [scope[1], scope[3], scope[7]]
    else:
        keys = ("subscription_id", "resource_group", "workspace_name")
        found = [words.get(key) for key in keys]
    return found if all(isinstance(name, str) and name for name in found) else None


def of_script(environ: Mapping[str, str]) -> Optional[Config]:
    """Return the workspace of the run whose script this is, as its driver says; None elsewhere."""
    if not environ.get("AZUREML_RUN_ID") or not environ.get("TRAINYARD_SPOOL"):
        return None
    return Config(
        environ.get("AZUREML_ARM_SUBSCRIPTION", "trainyard"),
        environ.get("AZUREML_ARM_RESOURCEGROUP", "trainyard"),
        environ.get("AZUREML_ARM_WORKSPACE_NAME", "default"),
        environ.get("TRAINYARD_URL") or environ.get("AZUREML_SERVICE_ENDPOINT", ""),
        environ.get("AZUREML_RUN_TOKEN", ""),
    )


def write(config: Config, path: Optional[str] = None, file_name: Optional[str] = None) -> str:
    """Write `<path>/.azureml/config.json`, readable by its owner only; return where it lies.

    Raises UserErrorException when `path` is no folder.
    """
    folder = os.path.abspath(os.path.expanduser(os.fspath(path) if path else os.getcwd()))
    if os.path.basename(folder) != ".azureml":
        legacy = os.path.join(folder, "aml_config")
        folder = legacy if os.path.isdir(legacy) else os.path.join(folder, ".azureml")
    name = file_name or "config.json"
    target = os.path.join(folder, name if name.endswith(".json") else name + ".json")
    return save(config, target)


def save(config: Config, target: str) -> str:
    """Write `config` to the file `target`, readable by its owner only; return `target`.

    The folder is made, but not the one above it. Raises UserErrorException.
    """
    folder = os.path.dirname(target)
    scope = (
        "/subscriptions/{0.subscription_id}/resourceGroups/{0.resource_group}/providers"
        "/Microsoft.MachineLearningServices/workspaces/{0.workspace_name}".format(config)
    )
    words = {
        "Id": None,
        "Scope": scope,
        "trainyard": {"url": config.url, "token": config.token},
    }
    beside = "{}.{}".format(target, os.getpid())
    try:
        if not os.path.isdir(folder):
            os.mkdir(folder)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(words, file)
        os.replace(beside, target)
    except OSError as error:
        raise _errors.UserErrorException(
            "Could not write the config file to: {}: {}".format(target, error.strerror)
        ) from None
    return target
