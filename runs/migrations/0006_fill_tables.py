"""Runs that were there before tables get their rows: names of columns, values, durations.

In batches by key, and safe to run twice: what is filled already is left as it is. Steps of
segments stay null: whoever reads them looks then.
"""

import json
import re

from django.db import migrations

AT_ONCE = 500
RESERVED = "trainyard/"
OPTION = re.compile(r"--?(?P<name>[^\W\d_][^=\s]*)(?:=(?P<text>.*))?", re.DOTALL)
ASSIGNED = re.compile(r"\+{0,2}(?P<name>[^\W\d][\w./@-]*)=(?P<text>.*)", re.DOTALL)
NEGATIVE = re.compile(r"-(?:\d|\.\d)|-(?:inf|nan)\Z", re.IGNORECASE)
NUMBER = re.compile(
    r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:e[+-]?\d{1,4})?", re.IGNORECASE | re.ASCII
)
SECRET_WORDS = {
    "password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials",
    "apikey", "accesskey", "secretkey", "privatekey", "authtoken", "accesstoken", "auth",
    "authorization", "bearer", "cookie", "sas",
}  # fmt: skip
KEYS = {"api", "access", "secret", "private", "account", "auth", "encryption", "ssh", "aws"}
ABOUT_TEXT = {"pad", "eos", "bos", "unk", "sep", "cls", "mask", "special", "type", "num", "max"}


def is_secret(name):
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word for word in re.split(r"[\W_\s]+", spaced.lower()) if word]
    return any(
        (word in SECRET_WORDS and not (word == "token" and before in ABOUT_TEXT))
        or (word in ("key", "keys") and before in KEYS)
        for before, word in zip(["", *words], words, strict=False)
    )


def batches(rows):
    """Lists of at most 500 rows in the order of their keys."""
    last = 0
    while part := list(rows.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield part
        last = part[-1].pk


def number_of(text):
    number = float(text) if NUMBER.fullmatch(text) else None
    return number if number is not None and abs(number) != float("inf") else None


def last_value(text):
    """The last value as a number, as the summary keeps it: 1.5, true; NaN and texts are none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def parameters(arguments):
    found, name, taken = {}, "", []
    for argument in [*map(str, arguments), "--"]:
        option = None if NEGATIVE.match(argument) else OPTION.fullmatch(argument)
        match = option or ASSIGNED.fullmatch(argument)
        if match is None and argument != "--":
            # A word behind a number is the next positional argument: `--epochs 3 data/`.
            if not taken or number_of(taken[0]) is None or number_of(argument) is not None:
                taken.append(argument)
            continue
        if name:
            found[name] = " ".join(taken) or "true"
        name, taken = "", []
        if match is not None and match["text"] is None:
            name = match["name"]
        elif match is not None:
            found[match["name"]] = match["text"]
    kept = {k: text for k, text in found.items() if len(k) <= 255 and not is_secret(k)}
    return dict(list(kept.items())[:1000])


class Fields:
    """Rows of Field by experiment, kind and name; each is looked for or made once."""

    def __init__(self, apps):
        self.model = apps.get_model("runs", "Field")
        self.known = {}

    def get(self, experiment, kind, name):
        key = (experiment, kind, name)
        if key not in self.known:
            row, _ = self.model.objects.get_or_create(
                experiment_id=experiment, kind=kind, name=name
            )
            self.known[key] = row.pk
        return self.known[key]


def fill_series(apps, fields):
    series = apps.get_model("runs", "MetricSeries")
    waiting = series.objects.filter(field=None).exclude(name__startswith=RESERVED)
    for part in batches(waiting.select_related("run")):
        for row in part:
            row.field_id = fields.get(row.run.experiment_id, "metric", row.name)
            if row.kind not in ("text", "json"):
                row.last_value = last_value(row.last)
        series.objects.bulk_update(part, ["field", "last_value"])


def fill_runs(apps, fields):
    run, value = apps.get_model("runs", "Run"), apps.get_model("runs", "RunValue")
    shown = run.objects.only("pk", "experiment_id", "arguments", "tags", "created_at", "ended_at")
    for part in batches(shown):
        rows = [
            value(
                run_id=one.pk,
                field_id=fields.get(one.experiment_id, kind, name),
                text=str(text)[:255],
                number=number_of(str(text)),
            )
            for one in part
            for kind, texts in (("param", parameters(one.arguments)), ("tag", one.tags))
            for name, text in texts.items()
        ]
        value.objects.bulk_create(rows, ignore_conflicts=True)
        ended = [one for one in part if one.ended_at is not None]
        for one in ended:
            one.duration_s = (one.ended_at - one.created_at).total_seconds()
        run.objects.bulk_update(ended, ["duration_s"])


def fill(apps, schema_editor):
    fields = Fields(apps)
    fill_series(apps, fields)
    fill_runs(apps, fields)


class Migration(migrations.Migration):

    dependencies = [("runs", "0005_metrics_and_tables")]

    # Backwards there is nothing to do: 0005 takes the columns away.
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
