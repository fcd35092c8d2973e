"""The layers of a Keras model, out of its configuration, wherever that is kept."""

from typing import Any

from registry.inspecting.found import Inside, Table, shown

MOST_LAYERS = 2_000
SETTINGS = ("units", "filters", "kernel_size", "strides", "activation", "rate", "batch_shape")
LAMBDAS = (
    "It has Lambda layers: Python code inside, which runs where it is loaded by an older Keras, or"
    " with safe_mode=False. Load it so only from people you trust."
)


def add(found: Inside, config: dict[str, Any]) -> None:
    """Add the layers that a model's configuration names, and a warning about code in them."""
    if not config:
        return
    rows = _rows(config)
    found.facts.insert(0, ("model", shown(str(config.get("class_name", "")))))
    found.tables.append(
        Table(
            "Layers",
            ("Name", "Kind", "Settings"),
            rows[:MOST_LAYERS],
            max(0, len(rows) - MOST_LAYERS),
        )
    )
    if any(kind == "Lambda" for _, kind, _ in rows):
        found.warning = LAMBDAS


def _rows(config: dict[str, Any]) -> list[tuple[str, ...]]:
    """Name, kind and what matters of each layer, those of models inside the model too."""
    rows: list[tuple[str, ...]] = []
    waiting = [config]
    while waiting and len(rows) <= MOST_LAYERS:
        inner = waiting.pop().get("config")
        layers = inner.get("layers") if isinstance(inner, dict) else inner
        for layer in layers if isinstance(layers, list) else []:
            own = layer.get("config") if isinstance(layer, dict) else None
            if not isinstance(own, dict):
                continue
            said = [f"{key}={own[key]}" for key in SETTINGS if own.get(key) is not None]
            name, kind = own.get("name", ""), layer.get("class_name", "")
            rows.append((shown(str(name)), shown(str(kind)), shown(", ".join(said))))
            waiting.append(layer)
    return rows
