"""What people fill in to make or resize a cluster."""

from typing import Any

from django import forms

from compute import clusters, shown, sizes
from compute.models import Cluster
from compute.sizes import Size
from compute.states import Backend, Priority
from studio.errors import StudioError
from studio.models import Workspace
from studio.texts import DECIMAL, WHOLE

OWN = "own"


class Whole(forms.IntegerField):
    """A whole number in the digits 0 to 9."""

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and value.strip() and not WHOLE.fullmatch(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class Decimal(forms.FloatField):
    """A number in the digits 0 to 9, with a point where it is needed."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not DECIMAL.fullmatch(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class ClusterForm(forms.Form):
    """A new cluster, or one to resize: then its name and backend stay as they are.

    What the verbs of compute.clusters say no to stands beside the field that they blame.
    """

    name = forms.CharField(max_length=24)
    backend = forms.ChoiceField(choices=Backend.choices, initial=Backend.LOCAL)
    size = forms.ChoiceField()
    cpus = Decimal(required=False, min_value=0.1, max_value=9999)
    memory_gib = Decimal(required=False, min_value=0.1, max_value=99_999)
    gpus = Whole(required=False, min_value=0, max_value=999)
    min_nodes = Whole(min_value=0, max_value=clusters.MOST_NODES, initial=0)
    max_nodes = Whole(min_value=0, max_value=clusters.MOST_NODES, initial=2)
    idle_seconds_before_scaledown = Whole(
        min_value=0, max_value=clusters.MOST_IDLE_SECONDS, initial=120
    )
    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.DEDICATED)
    require_gpu = forms.BooleanField(required=False)
    has_network = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, cluster: Cluster | None = None, **kwargs: Any):
        """cluster: the one to resize."""
        super().__init__(*args, **kwargs)
        self.cluster = cluster
        parts, named = choices()
        self.parts, self.named = parts, named
        field = self.fields["size"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(size.name, "") for _, size in [*parts, *named]] + [(OWN, "")]
        # Where one machine is the cluster, half of it lets two runs go side by side.
        self.initial = {"size": parts[1][1].name, **self.initial}
        if cluster is not None:
            for fixed in ("name", "backend"):
                del self.fields[fixed]
            self.initial = _values_of(cluster, {name for name, _ in field.choices})

    def clean(self) -> dict[str, Any]:
        given = dict(super().clean() or {})
        own = [given.pop(key, None) for key in ("cpus", "memory_gib", "gpus")]
        size = given.pop("size", None)
        if size == OWN and not {"cpus", "memory_gib", "gpus"} & set(self.errors):
            if own[0] is None or own[1] is None:
                self.add_error("cpus" if own[0] is None else "memory_gib", "say how much")
            else:
                given["node_size"] = _own_size(own[0], own[1], own[2] or 0)
        elif size:
            given["node_size"] = size
        least, most = given.get("min_nodes", 0), given.get("max_nodes")
        if most is not None and least > most:
            self.add_error("min_nodes", f"at least {least} is more than at most {most}")
        return given

    def save(self, workspace: Workspace) -> Cluster | None:
        """Make or change the cluster; None, with the errors in the form, where that is refused."""
        try:
            if self.cluster is not None:
                return clusters.change(self.cluster, **self.cleaned_data)
            return clusters.create(workspace, **self.cleaned_data)
        except StudioError as error:
            for name in error.fields or [""]:
                field = "size" if name == "node_size" else name
                self.add_error(field if field in self.fields else None, error.message)
            return None


def choices() -> tuple[list[tuple[str, Size]], list[tuple[str, Size]]]:
    """Node sizes to choose from: parts of this machine, then those that have names."""
    named = sorted(sizes.SIZES.values(), key=lambda s: (s.gpus, s.cpus, s.memory_gib, s.name))
    return shown.parts_of_machine(), [(size.name, size) for size in named]


def _own_size(cpus: float, memory_gib: float, gpus: int) -> str:
    text = f"{round(cpus, 1):g}cpu-{round(memory_gib, 1):g}gib"
    return f"{text}-{gpus}gpu" if gpus else text


def _values_of(cluster: Cluster, offered: set[Any]) -> dict[str, Any]:
    """A cluster as the form holds it; a size that is not offered is shown as numbers."""
    values: dict[str, Any] = {
        key: getattr(cluster, key)
        for key in (
            "min_nodes", "max_nodes", "idle_seconds_before_scaledown",
            "priority", "require_gpu", "has_network",
        )
    }  # fmt: skip
    size = sizes.known(cluster.node_size)
    if cluster.node_size in offered or size is None:
        return {**values, "size": cluster.node_size}
    return {**values, "size": OWN, **shown.size_dict(size)}
