"""What people fill in on a run's page."""

from collections import Counter
from typing import Any

from django import forms

from studio.templatetags.ui import size

# More choices than this are no help: then the path is typed.
MOST_CHOICES = 300


class RegisterModel(forms.Form):
    """Make a model version of a file or folder that the run kept."""

    name = forms.CharField(max_length=255, label="Name of the model")
    path = forms.CharField(max_length=1000, label="File or folder")
    description = forms.CharField(
        required=False, label="Description", widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, files: list[dict[str, Any]], *args: Any, **kwargs: Any):
        """files: those of the run's listing that it kept, with path and size_bytes."""
        super().__init__(*args, **kwargs)
        choices = paths_of(files)
        self.fields["name"].widget.attrs |= {"autofocus": True, "autocomplete": "off"}
        self.fields["path"].initial = suggested(files)
        if len(choices) <= MOST_CHOICES:
            self.fields["path"].widget = forms.Select(choices=choices)


def paths_of(files: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Every folder and file that can become a model, with its size in words, by path."""
    totals: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for item in files:
        parts = item["path"].split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            totals[folder] += item["size_bytes"]
            counts[folder] += 1
    folders = [
        (folder, f"{folder}/ · {counts[folder]} file{'s'[: counts[folder] > 1]}, {size(total)}")
        for folder, total in totals.items()
    ]
    single = [(item["path"], f"{item['path']} · {size(item['size_bytes'])}") for item in files]
    return sorted(folders + single)


def suggested(files: list[dict[str, Any]]) -> str:
    """What people most likely mean: a file named as a model, else the only file, else outputs."""
    paths = [item["path"] for item in files]
    named = [path for path in paths if "model" in path.rsplit("/", 1)[-1].lower()]
    if len(named) == 1 or len(paths) == 1:
        return str((named or paths)[0])
    return "outputs" if any(path.startswith("outputs/") for path in paths) else ""
