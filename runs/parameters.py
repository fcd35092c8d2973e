"""A run's arguments as parameters, and its tags, as rows that tables sort and filter by."""

import re
from collections.abc import Iterable, Mapping, Sequence

from runs.metrics.fields import fields_of
from runs.models import Experiment, FieldKind, Run, RunValue
from runs.queries.values import number_of

MOST = 1000
MOST_NAME = 255
MOST_TEXT = 255
FLAG = "true"
# -lr, --lr, --lr=0.1; a negative number, a lone dash and `--` are none.
_OPTION = re.compile(r"--?(?P<name>[^\W\d_][^=\s]*)(?:=(?P<text>.*))?", re.DOTALL)
# optimizer.lr=0.1, +trainer.epochs=3, ~callbacks, as Hydra reads them; no address, no path.
_ASSIGNED = re.compile(r"\+{0,2}(?P<name>[^\W\d][\w./@-]*)=(?P<text>.*)", re.DOTALL)
_NUMBER = re.compile(r"-(?:\d|\.\d)|-(?:inf|nan)\Z", re.IGNORECASE)
# Words of a name whose value nobody else should read.
_SECRET_WORDS = {
    "password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials",
    "apikey", "accesskey", "secretkey", "privatekey", "authtoken", "accesstoken", "auth",
    "authorization", "bearer", "cookie", "sas",
}  # fmt: skip
_KEYS = {"api", "access", "secret", "private", "account", "auth", "encryption", "ssh", "aws"}
# Of a model's text, and no secret: --max_tokens, --pad_token, --vocab.
_ABOUT_TEXT = {"pad", "eos", "bos", "unk", "sep", "cls", "mask", "special", "type", "num", "max"}


def of(run: Run) -> list[tuple[str, str]]:
    """A run's parameters as (name, text), in the order of its arguments."""
    return list(read(run.arguments).items())


def read(arguments: Sequence[str]) -> dict[str, str]:
    """Return the parameters in a command line: the last of a repeated one wins.

    `--lr 0.1`, `--lr=0.1`, `-b 64`, `--layers 64 64` (joined by a space), `lr=0.1`; a flag is
    "true". What belongs to no name is left out, and so is what looks like a secret.
    """
    found: dict[str, str] = {}
    name = ""
    taken: list[str] = []

    def close() -> None:
        if name:
            found.pop(name, None)
            found[name] = " ".join(taken) if taken else FLAG

    for argument in arguments:
        option = None if _NUMBER.match(argument) else _OPTION.fullmatch(argument)
        assigned = None if option else _ASSIGNED.fullmatch(argument)
        if option is None and assigned is None and argument != "--":
            # A word behind a number is the next positional argument: `--epochs 3 data/`.
            if not taken or number_of(taken[0]) is None or number_of(argument) is not None:
                taken.append(argument)
            continue
        close()
        name, taken = "", []
        match = option or assigned
        if match is None:
            continue
        if match["text"] is None:
            name = match["name"]
        else:
            found.pop(match["name"], None)
            found[match["name"]] = match["text"]
    close()
    kept = {name: text for name, text in found.items() if not is_secret(name)}
    return {name: text for name, text in list(kept.items())[:MOST] if len(name) <= MOST_NAME}


def is_secret(name: str) -> bool:
    """Whether a parameter of this name is not for others' eyes: password, token, api key …"""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word for word in re.split(r"[\W_\s]+", spaced.lower()) if word]
    for before, word in zip(["", *words], words, strict=False):
        if word in _SECRET_WORDS and not (word == "token" and before in _ABOUT_TEXT):
            return True
        if word in ("key", "keys") and before in _KEYS:
            return True
    return False


def keep(run: Run) -> None:
    """Write the rows of a new run's parameters and tags."""
    keep_all([run])


def keep_all(runs: Sequence[Run]) -> None:
    """The same for many runs of one experiment, in a few statements."""
    for kind, texts in (
        (FieldKind.PARAMETER, {run.pk: read(run.arguments) for run in runs}),
        (FieldKind.TAG, {run.pk: run.tags for run in runs}),
    ):
        if any(texts.values()):
            _write(runs[0].experiment, kind, texts)


def keep_named(run: Run, texts: Mapping[str, str]) -> None:
    """Write the rows of a new run's tags, and of parameters that have their names already."""
    kept = {name: text for name, text in texts.items() if not is_secret(name)}
    for kind, named in ((FieldKind.PARAMETER, kept), (FieldKind.TAG, run.tags)):
        if named:
            _write(run.experiment, kind, {run.pk: named})


def tag(experiment: Experiment, tags: Mapping[int, Mapping[str, str]]) -> None:
    """Write the rows of tags that were added or changed: run's key → name → text."""
    if any(tags.values()):
        _write(experiment, FieldKind.TAG, tags)


def untag(runs: Iterable[Run], names: Iterable[str]) -> None:
    """Take the rows of these tags away."""
    RunValue.objects.filter(
        run__in=[run.pk for run in runs], field__kind=FieldKind.TAG, field__name__in=list(names)
    ).delete()


def _write(experiment: Experiment, kind: FieldKind, texts: Mapping[int, Mapping[str, str]]) -> None:
    names = dict.fromkeys(name for of_run in texts.values() for name in of_run)
    fields = fields_of(experiment, kind, names)
    rows = [
        RunValue(run_id=run, field=fields[name], text=text[:MOST_TEXT], number=number_of(text))
        for run, of_run in texts.items()
        for name, text in of_run.items()
    ]
    RunValue.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["run", "field"],
        update_fields=["text", "number"],
    )
