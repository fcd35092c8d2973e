"""What a script tells of itself: the calls Run.log…, which write to the spool and never wait."""

import sys
from typing import Any, Dict, Iterable, Optional

from trainyard import _artifacts
from trainyard._spool import Spool
from trainyard._values import Call

Value = Any  # a number, truth value, text, or scalar of numpy, torch and the like


class Logging:
    """The part of a run that its own script uses; others may log to it while it has not ended."""

    _run_id: str
    _spool: Optional[Spool] = None

    def _where(self) -> Spool:
        """Return where to log: in the run's own script its spool."""
        return self._spool if self._spool is not None else self._spool_outside()

    def _spool_outside(self) -> Spool:
        """Return where to log from outside of the run's own script.

        Raises UserErrorException for a run that has ended, NotAllowed.
        """
        raise NotImplementedError("each kind has its own")

    def _flushed(self, timeout_s: float) -> bool:
        """Has the studio what this process has logged, within that time?"""
        return self._spool is None or self._spool.flush(timeout_s)

    def log(
        self, name: str, value: Value, description: str = "", step: Optional[int] = None
    ) -> None:
        """Add a point to the metric `name`: a number, truth value, text, or numpy/torch scalar.

        step: the place on the x axis; None counts from 0. Takes microseconds, never waits for
        the studio; outside of the run's own script the first call asks for leave.
        Raises UserErrorException for a list, and outside of its script for a run that has ended.
        """
        if self._spool is None:
            self._spool_outside().point(name, value, step)
        else:
            self._spool.point(name, value, step)

    def log_list(self, name: str, value: Iterable[Value], description: str = "") -> None:
        """Add the values to the list `name`; get_metrics() gives all of them, in this order.

        Raises UserErrorException for what is no list, and for an item that cannot be kept.
        """
        spool = self._where()
        kind, texts = Call("Run.log_list", name, spool.say).items(value)
        spool.points(name, kind, texts, "list")

    def log_row(self, name: str, description: Optional[str] = None, **columns: Value) -> None:
        """Add a row to the table `name`: Run.log_row("fit", x=1, y=2.5).

        Raises UserErrorException for a value that cannot be kept.
        """
        spool = self._where()
        row = Call("Run.log_row", name, spool.say).row(columns)
        spool.points(name, "j", [row], "table")

    def log_table(self, name: str, value: Dict[str, Any], description: str = "") -> None:
        """Add rows to the table `name`, given as column → list of values, or as a data frame.

        Raises UserErrorException for columns of different lengths, and as log_row.
        """
        spool = self._where()
        rows = Call("Run.log_table", name, spool.say).rows(value)
        spool.points(name, "j", rows, "table")

    def log_image(
        self, name: str, path: Any = None, plot: Any = None, description: str = ""
    ) -> None:
        """Keep a picture: the file at `path`, or a matplotlib figure, pyplot, or PIL image.

        Raises UserErrorException for both or neither, a file that cannot be read, no picture.
        """
        self._where()
        content, ending = _artifacts.picture(path, plot)
        self._keep(name, "image", content, _artifacts.names_of_picture(name, ending))

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        """Keep a confusion matrix: data {class_labels: [str], matrix: [[int]]}, rows the truth.

        value: {"schema_type": "confusion_matrix", "schema_version": "v1", "data": …} as dict or
        JSON; the data alone will do. Raises UserErrorException.
        """
        self._log_table_file("confusion_matrix", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        """Keep what ROC and precision-recall curves are drawn from, as log_confusion_matrix.

        data: {probability_tables, percentile_tables [C][M][4], probability_thresholds,
        percentile_thresholds [M], class_labels [C]}; the 4 are TP, FP, TN, FN of one against rest.
        """
        self._log_table_file("accuracy_table", name, value)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        """Keep a histogram of residuals, as log_confusion_matrix: data {bin_edges, bin_counts}."""
        self._log_table_file("residuals", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        """Keep predictions against the truth, as log_confusion_matrix.

        data: {bin_averages, bin_errors, bin_counts, bin_edges}.
        """
        self._log_table_file("predictions", name, value)

    def _log_table_file(self, form: str, name: str, value: Any) -> None:
        call = "Run.log_" + form
        self._where()
        content = _artifacts.table("{}({!r})".format(call, name), form, value)
        self._keep(name, form, content, _artifacts.names_of_table(name))

    def _keep(self, name: str, form: str, content: bytes, wanted: Any) -> None:
        """Hand over a file and log where it is; a full disk costs it, not the training."""
        spool = self._where()
        try:
            path = spool.take_path(*wanted)
            spool.keep(path, content)
        except OSError as error:
            spool.say("file", "{} {!r} was not kept: {}".format(form, name, error))
            return
        spool.file_point(name, form, _artifacts.address(self._run_id, path))

    def flush(self, timeout_seconds: float = 300) -> None:
        """Wait until the studio has what was logged; says on stderr when it has not in time."""
        if not self._flushed(timeout_seconds):
            sys.stderr.write(
                "trainyard: the studio has not taken all metrics after {} s; they are kept and"
                " sent again\n".format(timeout_seconds)
            )
