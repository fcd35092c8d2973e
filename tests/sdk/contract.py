"""The contract's tables (docs/design/sdk-api.md) as data: each name, its kind and parameters."""

import ast
import importlib
import inspect
import re
from dataclasses import dataclass, field
from pathlib import Path

from azureml.exceptions import AzureMLException

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "docs" / "design" / "sdk-api.md"
PAGE = ROOT / "docs" / "sdk-contract.md"
PARTS = ("a", "a2", "b", "b2")
HEADING = re.compile(r"## \((a|a2|b|b2)\) ")
CALL = re.compile(r"^(class|static)?\s?\((.*)\)$", re.DOTALL)
# Names that the tables write short.
LONG = {
    "Dataset.": "azureml.core.Dataset.",
    "Environment.docker": "azureml.core.environment.DockerSection",
    "Environment.python": "azureml.core.environment.PythonSection",
}
# What is written below one class, and may be of the classes that its objects really have.
KINDS_OF = {
    "azureml.core.Dataset": ("azureml.data.FileDataset", "azureml.data.TabularDataset"),
    "azureml.core.ComputeTarget": ("azureml.core.compute.AmlCompute",),
}


@dataclass
class Name:
    """A row: `said` as the table writes it, `path` as it imports, `parameters` name → default."""

    said: str
    part: str
    kind: str
    signature: str
    behaviour: str
    parameters: dict = field(default_factory=dict)

    @property
    def path(self):
        for short, whole in LONG.items():
            if self.said.startswith(short):
                return whole + self.said[len(short) :]
        return self.said


def read():
    """Return all names of the four parts, in their order."""
    part, found = "", []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = HEADING.match(line)
            part = heading[1] if heading else ""
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if part and len(cells) >= 4 and "." in cells[0] and not cells[0].startswith("-"):
            found.append(_row(part, cells))
    return found


def _row(part, cells):
    # Part (a) names the seeds before the signature; part (b) the keywords behind it.
    signature = cells[3] if part == "a" else cells[2]
    kind, parameters = _kind(cells[0], signature)
    return Name(cells[0], part, kind, signature, cells[-1], parameters)


def _kind(name, signature):
    """Return (class, call, static, classmethod, value, or "" where the table says neither)."""
    said = re.match(r"`([^`]*)`", signature)
    text = (said[1] if said else signature.split(" — ")[0]).strip()
    call = CALL.match(text.replace("\\|", "|"))
    if call is None or text == "(StepRun method)":
        return ("value" if re.match(r"property|attribute|const", text) else ""), {}
    is_class = name.rpartition(".")[2][:1].isupper() or text.startswith("class()")
    kind = {"class": "class" if is_class else "classmethod", "static": "static", None: "call"}
    return kind[call[1]], _parameters(call[2])


def _parameters(text):
    """Return name → default as source text (None where it is required)."""
    try:
        parsed = ast.parse(f"def f({text}): pass").body[0].args
    except SyntaxError:
        return {}
    named = parsed.args
    defaults = [None] * (len(named) - len(parsed.defaults)) + list(parsed.defaults)
    return {
        arg.arg: default if default is None else ast.unparse(default)
        for arg, default in zip(named, defaults, strict=True)
        if not arg.arg.startswith("_")
    }


def imported(path):
    """Return (owner, thing) of a dotted path: the thing is looked for in its owner's class.

    Raises ImportError or AttributeError.
    """
    words = path.split(".")
    for count in range(len(words), 0, -1):
        try:
            owner = importlib.import_module(".".join(words[:count]))
        except ModuleNotFoundError as error:
            if error.name and not path.startswith(error.name):
                raise
            continue
        parent, thing = None, owner
        for word in words[count:]:
            parent, thing = thing, getattr(thing, word)
        return parent, thing
    raise ImportError(path)


def of_class(name):
    """Return the class or module that has a name, and the name's last word."""
    home, _, word = name.path.rpartition(".")
    if home in KINDS_OF:
        for path in (home, *KINDS_OF[home]):
            owner = imported(path)[1]
            if inspect.getattr_static(owner, word, None) is not None:
                return owner, word
    return imported(home)[1], word


# --- what becomes of each ------------------------------------------------------------
WORKS, RAISES, ELSEWHERE = FATES = "works", "raises on purpose", "not applicable here"
# What a studio of one's own has no place for: it raises as well.
OF_A_CLOUD = (
    "azureml.core.Datastore.register_azure_blob_container",
    "azureml.core.Datastore.register_azure_file_share",
    "azureml.core.ComputeTarget.attach",
    "azureml.core.compute.AmlCompute.add_identity",
    "azureml.data.FileDataset.as_hdfs",
    "azureml.data.dataset_consumption_config.DatasetConsumptionConfig.as_hdfs",
    "azureml.core.conda_dependencies.CondaDependencies.add_cntk_package",
    "azureml.core.Workspace.get_default_keyvault",
    "azureml.core.Workspace.get_mlflow_tracking_uri",
    "azureml.core.Run.get_secret",
    "Dataset.Tabular.from_sql_query",
    "azureml.opendatasets.NoaaIsdWeather",
)
# What is not built: sweeps, deployment, a few kinds of steps, and a few more.
NOT_BUILT = (
    "azureml.core.Model.deploy",
    "azureml.core.Model.package",
    "azureml.core.Model.profile",
    "azureml.core.Workspace.delete",
)
FAMILIES = (
    "azureml.core.Webservice",
    "azureml.core.webservice.AciWebservice",
    "azureml.core.model.InferenceConfig",
    "azureml.pipeline.core.TrainingOutput",
    "azureml.pipeline.steps.ParallelRunConfig",
    "azureml.pipeline.steps.ParallelRunStep",
    "azureml.train.hyperdrive.HyperDriveConfig",
    "azureml.train.hyperdrive.HyperDriveRun",
)


def fate(name):
    """Return what is promised of a name: WORKS, RAISES or ELSEWHERE."""
    weather = OF_A_CLOUD[-1]
    if name.said in OF_A_CLOUD or name.said.startswith(weather):
        return ELSEWHERE
    is_one = any(name.said == one or name.said.startswith(one + ".") for one in FAMILIES)
    return RAISES if is_one or name.said in NOT_BUILT else WORKS


def refusal(name):
    """Return the words with which a name is refused: where it is looked up, or where it is called.

    Returns "" for one that does neither.
    """
    try:
        owner, word = of_class(name)
        found = inspect.getattr_static(owner, word, None)
        if isinstance(found, property):
            found.fget(None)
        # On the class, so that no studio is needed: what refuses looks at nothing.
        getattr(owner, word)(*[None] * _needed(owner, word))
    except NotImplementedError as error:
        return str(error)
    except (TypeError, AttributeError, AzureMLException):
        pass
    return ""


def _needed(owner, word):
    parameters = inspect.signature(getattr(owner, word)).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.default is one.empty and one.kind in kinds for one in parameters)


def _line(name):
    """A name's row of the page."""
    words = "" if fate(name) == WORKS else refusal(name).partition("Instead: ")[2]
    return "| `{}` | {} | {} |".format(name.said, fate(name), words.replace("|", "\\|"))


def page():
    """Return the text of docs/sdk-contract.md."""
    names = read()
    counts = {part: {} for part in PARTS}
    for name in names:
        of_part = counts[name.part]
        of_part[fate(name)] = of_part.get(fate(name), 0) + 1
    lines = [
        "# The names of the v1 SDK, one by one",
        "",
        "Every name that public notebooks and scripts call (counted in design/sdk-api.md), and what"
        " it does here. What raises is a",
        "NotImplementedError that names the call and what to use instead. This page is made by"
        " `PYTHONPATH=.:sdk python -m tests.sdk.contract`",
        "from the same lists that `tests/sdk/test_contract.py` checks against the code.",
        "",
        "| part | names | " + " | ".join(FATES) + " |",
        "| --- | --- | --- | --- | --- |",
    ]
    for part in PARTS:
        of_part = counts[part]
        cells = [str(of_part.get(one, 0)) for one in FATES]
        lines.append(
            "| ({}) {} | {} | {} |".format(
                part, MEANS[part], sum(of_part.values()), " | ".join(cells)
            )
        )
    total = [sum(counts[part].get(one, 0) for part in PARTS) for one in FATES]
    lines.append("| all | {} | {} |".format(len(names), " | ".join(map(str, total))))
    for part in PARTS:
        lines += ["", f"## ({part}) {MEANS[part]}", ""]
        lines += ["| call | here | instead |", "| --- | --- | --- |"]
        lines += [_line(name) for name in names if name.part == part]
    return "\n".join(lines) + "\n"


MEANS = {
    "a": "in the tutorials and their scripts",
    "a2": "in the notebooks that the tutorials link to",
    "b": "in at least five other files",
    "b2": "rarer",
}

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
