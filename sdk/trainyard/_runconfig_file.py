"""A run configuration as a .runconfig file: JSON with the v1 SDK's keys, which is YAML as well."""

import importlib
import json
import os
from typing import Any, Dict, Optional, TypeVar

from trainyard import _errors, _files
from trainyard._environment import Environment

FOLDERS = (".azureml", "aml_config")
ENDING = ".runconfig"
PLAIN = (
    ("script", "script"),
    ("arguments", "arguments"),
    ("framework", "framework"),
    ("communicator", "communicator"),
    ("command", "command"),
    ("nodeCount", "node_count"),
    ("maxRunDurationSeconds", "max_run_duration_seconds"),
    ("environmentVariables", "environment_variables"),
)
SECTIONS = ("docker", "mpi", "pytorch", "tensorflow", "history", "amlcompute")
KEYS = {"pytorch": "pyTorch", "amlcompute": "amlCompute"}
Config = TypeVar("Config", bound=Any)


def words_of(config: Any) -> Dict[str, Any]:
    """Return a run configuration as JSON values with the v1 SDK's keys."""
    words = {key: getattr(config, name) for key, name in PLAIN}
    words["arguments"] = [str(argument) for argument in config.arguments]
    words["target"] = getattr(config.target, "name", config.target)
    for name in SECTIONS:
        values = vars(getattr(config, name))
        words[KEYS.get(name, name)] = {
            _camel(key): values[key] for key in values if not key.startswith("_")
        }
    environment = config.environment
    if environment is not None and environment is not config._own or not config._own.is_untouched:
        own = environment or config._own
        words["environment"] = dict(own.as_json(), definition=own.definition)
    return words


def save(config: Any, path: Optional[str], name: Optional[str], separate: bool) -> None:
    """Write a run configuration. Raises UserErrorException where there is no such folder."""
    place = _place(path, name)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            json.dump(words_of(config), file, indent=2)
            file.write("\n")
    except OSError as error:
        raise _errors.UserErrorException(
            "the run configuration cannot be written to {}: {}".format(place, error.strerror)
        ) from None
    dependencies = config.environment and config.environment.python.conda_dependencies
    if separate and dependencies:
        dependencies.save_to_file(os.path.dirname(place))


def load(config: Config, path: str, name: Optional[str]) -> Config:
    """Fill `config` with what a file says, and return it. Raises UserErrorException."""
    place = _there(path, name)
    text = _files.text_of(place)
    try:
        words = _read(text, place)
        for key, attribute in PLAIN:
            if words.get(key) is not None:
                setattr(config, attribute, words[key])
        config.target = words.get("target") if words.get("target") != "local" else None
        for section in SECTIONS:
            _fill(getattr(config, section), words.get(KEYS.get(section, section)) or {})
        said = words.get("environment")
        if said:
            config.environment = Environment(said.get("name") or "project_environment")
            config.environment._take_json(said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _errors.UserErrorException(
            "{} is not a run configuration: {}".format(place, error)
        ) from None
    return config


def _read(text: str, place: str) -> Dict[str, Any]:
    try:
        words = json.loads(text)
    except ValueError:
        try:
            words = importlib.import_module("yaml").safe_load(text)
        except ImportError:
            raise _errors.UserErrorException(
                "{} is YAML, which this Python cannot read: pip install pyyaml; or make the"
                " RunConfiguration in Python and save() it".format(place)
            ) from None
        except Exception as error:  # what a parser of YAML says of a file
            raise ValueError(error) from None
    if not isinstance(words, dict):
        raise ValueError("it holds no keys")
    return words


def _fill(section: Any, words: Dict[str, Any]) -> None:
    for key in words:
        name = "".join("_" + letter.lower() if letter.isupper() else letter for letter in key)
        if name in vars(section):
            setattr(section, name, words[key])


def _place(path: Optional[str], name: Optional[str]) -> str:
    whole = os.path.abspath(os.path.expanduser(os.fspath(path or ".")))
    if name is None and not os.path.isdir(whole):
        return whole
    folder = os.path.join(whole, FOLDERS[0])
    legacy = os.path.join(whole, FOLDERS[1])
    folder = legacy if os.path.isdir(legacy) else folder
    return os.path.join(folder, (name or "local") + ENDING)


def _there(path: str, name: Optional[str]) -> str:
    whole = os.path.abspath(os.path.expanduser(os.fspath(path)))
    if os.path.isfile(whole):
        return whole
    places = [os.path.join(whole, folder, (name or "local") + ENDING) for folder in (*FOLDERS, "")]
    found = next((place for place in places if os.path.isfile(place)), None)
    if found is None:
        raise _errors.UserErrorException(
            "there is no run configuration at {}".format(" or ".join(places))
        )
    return found


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
