"""What Jupyter shows of a run, an experiment, a workspace: small tables, everything escaped."""

from typing import Any, Iterable, List, Tuple

DOCS = "/api/v1/docs/"
Row = Tuple[str, str]


def escaped(text: Any) -> str:
    """Return text for HTML. The module `html` would cost every script its import."""
    words = str(text)
    for character, instead in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "&quot;"),
        ("'", "&#x27;"),
    ):
        words = words.replace(character, instead)
    return words


def link(url: str, words: str) -> str:
    """Return a link that opens a page of its own; what is no address of the web stays text."""
    if not url.startswith(("http://", "https://")):
        return escaped(words)
    return '<a href="{}" target="_blank" rel="noopener">{}</a>'.format(escaped(url), escaped(words))


def table(rows: Iterable[Row]) -> str:
    """Return a table of one row: (heading, HTML of the cell)."""
    cells: List[Row] = list(rows)
    head = "".join("<th>{}</th>".format(escaped(name)) for name, _ in cells)
    body = "".join("<td>{}</td>".format(html) for _, html in cells)
    return "<table><tr>{}</tr><tr>{}</tr></table>".format(head, body)


class ShownRun:
    """How a notebook shows a Run."""

    def _repr_html_(self) -> str:
        run: Any = self
        return table(
            [
                ("Experiment", escaped(run.experiment.name)),
                ("Id", escaped(run.id)),
                ("Type", escaped(run.type)),
                ("Status", escaped(run.status)),
                ("Details Page", link(run.get_portal_url(), "Link to the studio")),
                ("Docs Page", link(run.experiment.workspace.client.url + DOCS, "Link to the API")),
            ]
        )


class ShownExperiment:
    """How a notebook shows an Experiment."""

    def _repr_html_(self) -> str:
        experiment: Any = self
        url = experiment.workspace.client.url
        return table(
            [
                ("Name", escaped(experiment.name)),
                ("Workspace", escaped(experiment.workspace.name)),
                ("Report Page", link(experiment.get_portal_url(), "Link to the studio")),
                ("Docs Page", link(url + DOCS, "Link to the API")),
            ]
        )


class ShownWorkspace:
    """How a notebook shows a Workspace."""

    def _repr_html_(self) -> str:
        workspace: Any = self
        return table(
            [
                ("Name", escaped(workspace.name)),
                ("Subscription", escaped(workspace.subscription_id)),
                ("Resource group", escaped(workspace.resource_group)),
                ("Location", escaped(workspace.location)),
                ("Studio", link(workspace.get_portal_url(), "Link to the studio")),
            ]
        )
