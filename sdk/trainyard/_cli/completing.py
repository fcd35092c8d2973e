"""What may stand where the cursor is, for the shell: commands, options, and names from the studio.

It is asked at every key, so the studio gets a second to answer, and silence is no error.
"""

import argparse
import shlex
from typing import Any, Callable, Dict, List, Tuple

from trainyard import _errors
from trainyard._cli import main
from trainyard._cli.output import first
from trainyard._cli.studio import Studio

PATIENCE_S = 1.0
MOST = 50
CONFIG = "--config"
RUNS = ("show", "logs", "metrics", "cancel", "download")
# option → what it takes
NAMES = {"-e": "experiments", "--experiment": "experiments", "-c": "clusters",
         "--cluster": "clusters", "--env": "environments", "--run": "runs"}  # fmt: skip
# (command, action) → what its first word is
FIRST = {
    ("models", "show"): "models",
    ("models", "download"): "models",
    ("models", "register"): "models",
    ("datasets", "download"): "datasets",
    ("datasets", "upload"): "datasets",
    ("clusters", "delete"): "clusters",
    ("environments", "show"): "environments",
    ("environments", "build"): "environments",
}


def complete(words: List[str]) -> int:
    """Print what may stand in place of the last of `words`, a line each.

    words: what stands behind `trainyard`, or --line and all of the line up to the cursor, as bash
    has it, which takes words apart at = and : too.
    Returns 1 where there is nothing to offer but the shell's own files.
    """
    if words[:1] == ["--line"]:
        words = _words_of(words[1])[1:]
    before, begun, start = words[:-1], words[-1] if words else "", ""
    if begun.startswith("--") and "=" in begun:
        start, _, begun = begun.partition("=")
        before, start = [*before, start], start + "="
    offered = [one for one in _offers(before, begun) if one.startswith(begun)]
    for one in offered:
        print(start + one)
    return 0 if offered else 1


def _words_of(line: str) -> List[str]:
    """Return the words of a line as the shell would; the last is "" behind a space."""
    for end in ("", "'", '"'):  # the last word may have begun with a quote
        try:
            words = shlex.split(line + end)
        except ValueError:
            continue
        return words if line[-1:] not in " \t" or end else [*words, ""]
    return line.split()


def _offers(before: List[str], begun: str) -> List[str]:
    if not before:
        return list(main.COMMANDS)
    command = before[0]
    if command not in main.COMMANDS:
        return []
    if before[-1] in NAMES:
        return _named(NAMES[before[-1]], before)
    name, about = main.COMMANDS[command]
    parser = main.parser_of(command, about, main._module(name))
    options, actions = _of_parser(parser, before[1:])
    if begun.startswith("-"):
        return options
    if actions:
        return actions
    given = [
        word
        for last, word in zip(before, before[1:])
        if not word.startswith("-") and last != CONFIG and last not in NAMES
    ]
    if command in RUNS and (not given or command == "cancel"):
        return _named("runs", before)
    if command == "download":
        return _files(given[0], before)
    if given and len(given) == 1 and (command, given[0]) in FIRST:
        return _named(FIRST[command, given[0]], before)
    return []


def _of_parser(parser: argparse.ArgumentParser, given: List[str]) -> Tuple[List[str], List[str]]:
    """Return the options that fit here, and the actions where one is still to be chosen."""
    actions: List[str] = []
    for one in parser._actions:
        if isinstance(one, argparse._SubParsersAction):
            chosen = next((word for word in given if word in one.choices), None)
            if chosen is not None:
                return _of_parser(one.choices[chosen], [])
            actions = list(one.choices)
        elif one.choices and not one.option_strings:
            actions = list(one.choices)
    return [text for one in parser._actions for text in one.option_strings], actions


def _ask(asked: Callable[[Studio], List[str]], before: List[str]) -> List[str]:
    named = [place for option, place in zip(before, before[1:]) if option == CONFIG]
    try:
        studio = Studio(named[-1] if named else None)
        studio.client.be_patient(PATIENCE_S)
        return asked(studio)
    except _errors.AzureMLException:
        return []


def _named(kind: str, before: List[str]) -> List[str]:
    keys: Dict[str, str] = {"runs": "run_id", "models": "id", "environments": "name"}
    key = keys.get(kind, "name")

    def asked(studio: Studio) -> List[str]:
        return [str(one[key]) for one in first(studio.items(kind), MOST)]

    return _ask(asked, before)


def _files(run_id: str, before: List[str]) -> List[str]:
    def asked(studio: Studio) -> List[str]:
        found: Any = studio.client.items("runs/{}/files".format(run_id))
        return [str(one["path"]) for one in first(found, MOST)]

    return _ask(asked, before)
