"""`from azureml.widgets import RunDetails`"""

from typing import Any, Dict, Optional

from trainyard._core import Run


class RunDetails:
    """Where a notebook would show a widget: the run's state and the address of its live page."""

    def __init__(self, run_instance: Run):
        self._run = run_instance

    def show(
        self, render_lib: Any = None, widget_settings: Optional[Dict[str, Any]] = None
    ) -> None:
        """Print the run and its page; returns at once."""
        print("{!r}\nWeb View: {}".format(self._run, self._run.get_portal_url()))

    def get_widget_data(self, widget_settings: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        return {"status": self._run.get_status(), "run_metrics": self._run.get_metrics()}
