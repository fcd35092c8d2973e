"""From the words of a command line to the command that does it, and to an exit code.

    words ──► which command (its module is read only now) ──► argparse ──► Studio ──► exit code

0 done · 1 the run failed or was canceled · 2 something in the call is wrong · 3 no answer from
the studio · 4 not signed in, or not allowed · 5 no such thing · 6 the studio says no · 130 Ctrl-C
"""

import argparse
import importlib
import os
import sys
from typing import Any, List, Optional

from trainyard import _errors
from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._version import __version__

# name → (module below trainyard._cli, what it does)
COMMANDS = {
    "login": ("login", "keep a token for this computer, or for a folder"),
    "submit": ("submit", "send a script and its folder, and run it"),
    "runs": ("runs", "list runs; find them by a query"),
    "show": ("show", "what is known of a run"),
    "logs": ("logs", "print a run's logs; -f follows them"),
    "metrics": ("metrics", "what a run has logged"),
    "cancel": ("cancel", "end runs"),
    "download": ("download", "files of a run, a folder of them, or all"),
    "models": ("models", "list, show, register, download"),
    "datasets": ("datasets", "list, upload, download"),
    "clusters": ("clusters", "list, create, delete"),
    "environments": ("environments", "list, show, build"),
    "completion": ("completion", "words for the shell that complete commands"),
}
CODES = (
    (_errors.Unreachable, 3),
    (_errors.NotSignedIn, 4),
    (_errors.NotAllowed, 4),
    (_errors.NotFound, 5),
    (_errors.ModelPathNotFoundException, 5),
    (_errors.UserErrorException, 2),
    (_errors.ComputeTargetException, 2),
    (_errors.SnapshotException, 2),
    (_errors.ExperimentExecutionException, 2),
)
REFUSED, INTERRUPTED = 6, 130


def program() -> None:
    """Do what the words of this process ask, and end it."""
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # `trainyard logs … | head` has read enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def main(words: List[str]) -> int:
    """Do what `words` ask; return the exit code. Raises SystemExit for --help and wrong words."""
    if words[:1] in (["--version"], ["-V"]):
        print("trainyard " + __version__)
        return 0
    if not words or words[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0 if words else 2
    if words[0] == "__complete":
        return int(_module("completing").complete(words[1:]))
    if words[0] not in COMMANDS:
        sys.stderr.write(
            "trainyard: there is no command {!r}; commands: {}\n".format(
                words[0], ", ".join(COMMANDS)
            )
        )
        return 2
    name, about = COMMANDS[words[0]]
    module = _module(name)
    parser = parser_of(words[0], about, module)
    given = parser.parse_args(words[1:])
    output = Output(given.json)
    return _done(module, given, output, parser)


def parser_of(name: str, about: str, module: Any) -> argparse.ArgumentParser:
    """Return a command's parser, with the options that all have."""
    # Abbreviations off: argparse would look for them among the words of the submitted script too.
    parser = argparse.ArgumentParser(
        prog="trainyard " + name, description=module.__doc__, allow_abbrev=False
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    _add_common(parser, False, None)
    # Of an action's parser, so that they may stand behind it too; what stands before is kept.
    common = argparse.ArgumentParser(add_help=False)
    _add_common(common, argparse.SUPPRESS, argparse.SUPPRESS)
    module.arguments(parser, common)
    return parser


def _add_common(parser: argparse.ArgumentParser, is_json: Any, config: Any) -> None:
    parser.add_argument(
        "--json", action="store_true", default=is_json, help="print one JSON document"
    )
    parser.add_argument(
        "--config",
        metavar="PATH",
        default=config,
        help="a config.json, or the folder to look for .azureml/config.json from (default: here)",
    )


def _module(name: str) -> Any:
    return importlib.import_module("trainyard._cli." + name)


def _done(module: Any, given: Any, output: Output, parser: argparse.ArgumentParser) -> int:
    try:
        return int(module.run(Studio(given.config), given, output) or 0)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        output.note("stopped")
        return INTERRUPTED
    except _errors.AzureMLException as error:
        output.error(error)
        return code_of(error)
    except (OSError, NotImplementedError) as error:
        output.error(_errors.UserErrorException(_said(error)))
        return 2


def code_of(error: _errors.AzureMLException) -> int:
    """Return the exit code that stands for `error`."""
    status = getattr(error, "status_code", None)
    found: Optional[int] = 5 if status == 404 else None
    for kind, code in CODES:
        if found is None and isinstance(error, kind):
            found = code
    return found or REFUSED


def _said(error: Exception) -> str:
    where = getattr(error, "filename", None)
    words = getattr(error, "strerror", None) or str(error)
    return "{}: {}".format(where, words) if where else words


def _usage() -> str:
    width = max(map(len, COMMANDS))
    lines = ["  {:{}}  {}".format(name, width, about) for name, (_, about) in COMMANDS.items()]
    return (
        "usage: trainyard COMMAND …\n\nRuns, models and data of a Trainyard studio.\n\n{}\n\n"
        "`trainyard COMMAND --help` says more. All take --json and --config PATH. Exit codes:"
        "\n0 done, 1 the run failed or was canceled, 2 a wrong call, 3 no answer from the studio,"
        "\n4 not signed in or not allowed, 5 no such thing, 6 the studio says no, 130 Ctrl-C."
    ).format("\n".join(lines))
