"""A run's inputs: each is brought to a path of this node, which its script is told.

mount      a link to a read-only folder of this machine that all its runs share; on a machine
           that shares none with the studio, the files themselves
download   a copy that the script may change
direct     nothing: the value is the dataset's id
"""

import os
import re
import shutil
import time
from typing import Any, Callable, Dict, List, Mapping

from trainyard import _errors
from trainyard._client import Client
from trainyard._driver import layout
from trainyard._driver.layout import NotLaid

ARGUMENT = "DatasetConsumptionConfig:"
MARK = re.compile("^Dataset(Consumption|Output)Config:")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0
# What a script may not find in place of what the system, Python or we said there.
TAKEN = re.compile(
    r"((AZUREML|TRAINYARD|LD|DYLD|LC|CUDA|NCCL|OMPI|SSL)_|PYTHON).*|BASH_ENV|ENV|IFS"
)
DOING = {"mount": ("Mounting", "Mounted"), "download": ("Downloading", "Downloaded")}

Say = Callable[[str], None]


class Stopped(Exception):
    """The run is to end; nothing more is laid out."""


class Inputs:
    """The inputs of a job.

    work: the task's own folder.   code: the folder that the script starts in.
    say: writes a line for people.   is_stopped: whether the run is to end.
    """

    def __init__(
        self,
        job: Mapping[str, Any],
        work: str,
        code: str,
        *,
        say: Say,
        is_stopped: Callable[[], bool],
    ):
        self._given: List[Dict[str, Any]] = list(job.get("inputs") or [])
        self._home = os.path.join(work, "inputs")
        self._code = code
        self._say = say
        self._is_stopped = is_stopped
        self._values: Dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._given)

    def lay(self, client: Client) -> None:
        """Bring all of them. Raises NotLaid, Stopped."""
        if not self._given:
            return
        shutil.rmtree(self._home, ignore_errors=True)
        os.makedirs(self._home)
        for one in self._given:
            self._say("Processing '{}'.".format(one["name"]))
            if one["mode"] == "direct":
                self._values[one["name"]] = one.get("title") or one["tree"]
                continue
            self._say("Processing dataset {}".format(_in_words(one)))
            target = self._target(one)
            doing, done = DOING[one["mode"]]
            self._say("{} {} to {}.".format(doing, one["name"], target))
            self._lay_one(client, one, target)
            self._say("{} {} to {} as folder.".format(done, one["name"], target))
            self._values[one["name"]] = target

    def _lay_one(self, client: Client, one: Dict[str, Any], target: str) -> None:
        try:
            place = self._place(client, one)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if not place:
                self._fetch(client, one, target)
            elif one["mode"] == "mount":
                os.symlink(place, target)
            else:
                _copy_all(place, target, self._stop)
        except OSError as error:
            why = "{}: {}".format(target, error.strerror or error)
            raise NotLaid(
                "the input {} could not be laid out in {}".format(one["name"], why)
            ) from None
        except _errors.AzureMLException as error:
            raise NotLaid(
                "the input {} could not be laid out: {}".format(one["name"], error.message)
            ) from None

    def _place(self, client: Client, one: Dict[str, Any]) -> str:
        """Return the folder of this machine that has the files; "" where they must be fetched."""
        pause, is_first = FIRST_PAUSE_S, True
        while True:
            self._stop()
            answer = client.post("driver/inputs/" + one["name"], {"first": is_first})
            if answer["state"] == "ready":
                return str(answer["place"])
            if answer["state"] == "fetch":
                return ""
            if answer["state"] == "failed":
                raise NotLaid("the input {}: {}".format(one["name"], answer["text"]))
            is_first = False
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _fetch(self, client: Client, one: Dict[str, Any], target: str) -> None:
        """Fetch all files from the studio, some thousands at a time."""
        os.makedirs(target)
        cursor = ""
        while True:
            self._stop()
            answer = client.get("driver/inputs/" + one["name"], cursor=cursor)
            for laid in layout.lay(client, target, answer["files"]):
                if one["mode"] == "mount":
                    os.chmod(laid.place, 0o444)
            cursor = answer.get("next") or ""
            if not cursor:
                return

    def _target(self, one: Dict[str, Any]) -> str:
        """Return where the script finds it: where it was asked to be, if that is in our folder."""
        usual = os.path.join(self._home, one["name"])
        wanted = one.get("path") or ""
        if not wanted:
            return usual
        place = os.path.normpath(os.path.join(self._code, wanted))
        why = ""
        if not place.startswith(self._code + os.sep):
            why = "which is outside the run's own folder"
        elif os.path.relpath(place, self._code).split(os.sep)[0] in ("outputs", "logs"):
            why = "which is kept as what the run made"
        elif os.path.lexists(place):
            why = "which is there already"
        if not why:
            return place
        self._say("'{}' was asked for at {}, {}: it is elsewhere.".format(one["name"], wanted, why))
        return usual

    def _stop(self) -> None:
        if self._is_stopped():
            raise Stopped()

    # --- what the script is told ------------------------------------------------------------
    def arguments(self, given: List[Any]) -> List[str]:
        """Return the arguments with paths in place of what stands for inputs: whole ones only."""
        return [self._argument(str(word)) for word in given]

    def _argument(self, word: str) -> str:
        if not word.startswith(ARGUMENT):
            return word
        return self._values.get(word[len(ARGUMENT) :], word)

    def variables(self, there: Mapping[str, str]) -> Dict[str, str]:
        """Return the variables that name the inputs; none takes the place of what is there."""
        if not self._given:
            return {}
        modes = ["{}:{},".format(one["name"], one["mode"]) for one in self._given]
        found = {"AZUREML_DATASET_ENVIRONMENT_VARS": "".join(modes)}
        for one in self._given:
            found.update(of_name(one["name"], self._values[one["name"]], there))
        return found


def of_name(name: str, value: str, there: Mapping[str, str]) -> Dict[str, str]:
    """Return the variables that tell a script what an input or output of this name is."""
    found = {"AZUREML_DATAREFERENCE_" + name: value}
    for variable in (name.upper(), name):
        if variable not in there and not TAKEN.match(variable.upper()):
            found[variable] = value
    return found


def shortened(words: List[Any]) -> List[str]:
    """Return arguments as they are before their variables are replaced: `$name` for a path."""
    return [re.sub(MARK, "$", str(word)) for word in words]


def _in_words(one: Dict[str, Any]) -> str:
    kind = "TabularDataset" if one.get("form") == "tabular" else "FileDataset"
    words = "{} {}".format(kind, one.get("title") or "without a name")
    if one.get("file_count") is None:
        return words
    return "{}: {:,} files, {:,} bytes".format(words, one["file_count"], one["size_bytes"])


def _copy_all(source: str, target: str, stop: Callable[[], None]) -> None:
    """Copy a folder; its owner may write to the copy, though not to what was copied."""
    for below, _, names in os.walk(source):
        stop()
        folder = os.path.normpath(os.path.join(target, os.path.relpath(below, source)))
        os.makedirs(folder, exist_ok=True)
        for name in names:
            shutil.copyfile(os.path.join(below, name), os.path.join(folder, name))
