"""`from azureml.telemetry import set_diagnostics_collection`: nothing is ever collected here."""

from typing import Any


def set_diagnostics_collection(
    send_diagnostics: bool = True, verbosity: int = 20, reason: str = "", path: Any = None
) -> None:
    """Accept the call of many notebooks; this studio collects nothing."""
