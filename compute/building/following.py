"""Follows what the Docker engine says: into the log line by line, with time limit and ticks."""

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

from compute.building.base import Steps
from compute.building.faults import BuildFault
from compute.building.log import MARK
from compute.building.sieve import Sieve

PIECE_SECONDS = 0.1  # at most ten pieces of log a second
STOP_SECONDS = 10.0
STAMP = re.compile(r"\[ *\d+\.\d s\] ")
Line = dict[str, Any]
T = TypeVar("T")


class Following:
    """The log of one build, and the streams of the engine that feed it.

    secrets: words that never reach the log, such as passwords of package indexes.
    """

    def __init__(self, steps: Steps, secrets: list[str]):
        self._steps = steps
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._began = time.monotonic()
        self._sieve = Sieve(self.progress)
        self._rest = ""
        self._pending: list[bytes] = []
        self._progress: str | None = None

    def say(self, line: str) -> None:
        """Put one line into the log, with the seconds since the build began."""
        text = f"[{time.monotonic() - self._began:6.1f} s] {self.clean(line)}\n"
        self._pending.append(text.encode())

    def heard(self, data: bytes) -> None:
        """Take output of a step; its whole lines go into the log, in this build's time."""
        text = self._rest + self._sieve.log_in(data).decode(errors="replace")
        *lines, self._rest = text.split("\n")
        for line in lines:
            # What a line said before it was written over is gone; the end of CRLF says nothing.
            line = line.removesuffix("\r").rpartition("\r")[2]
            stamp = STAMP.match(line)
            self.say(line[stamp.end() :] if stamp else f"  {line}")

    def progress(self, words: str) -> None:
        """Note what is done now; the page is told twice a second at most."""
        self._progress = self.clean(words)

    def clean(self, text: str) -> str:
        """Return the text without secrets and without the marks of progress."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text.replace(MARK, "")

    def flush(self) -> None:
        """Hand on what the log has got, and renew the hold on the build."""
        self._steps.on_tick()
        if self._pending:
            pending, self._pending = b"".join(self._pending), []
            self._steps.on_output(pending)
        if self._progress is not None:
            words, self._progress = self._progress, None
            self._steps.on_progress(words)

    def end_of_step(self) -> None:
        """Finish a line that was not; the page is told that nothing is done any more."""
        if self._rest:
            self.heard(b"\n")
        self.progress("")
        self.flush()

    def all_of(
        self,
        stream: Callable[[], Iterator[Line]],
        heard: Callable[[Line], None],
        *,
        cancel: Callable[[], None] = lambda: None,
    ) -> None:
        """Pass every line of a stream to `heard`, while the build is held and has time left.

        The engine may be silent as long as it likes: a thread of its own waits for it. When the
        build is to end, `cancel` ends what the engine does. Raises what the stream raises.
        """
        source = _Source(stream)
        try:
            is_open = True
            while is_open:
                self._check_time()
                lines, is_open = source.take()
                for line in lines:
                    heard(line)
                self.flush()
            source.end()
        except BaseException:
            source.stop()
            cancel()
            source.join()
            raise

    def wait_for(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, while the build is held and has time left."""
        found: list[T] = []

        def once() -> Iterator[Line]:
            found.append(work())
            yield {}

        self.all_of(once, lambda _: None)
        return found[0]

    def _check_time(self) -> None:
        if time.monotonic() > self._began + self._steps.seconds:
            raise BuildFault(
                f"the build took longer than {self._steps.seconds:.0f} s and was ended; the limit"
                " is STUDIO_IMAGE_BUILD_SECONDS"
            )


class _Source:
    """A stream read by a thread, so that whoever takes from it never waits long."""

    def __init__(self, stream: Callable[[], Iterator[Line]]):
        self._lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._error: Exception | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: Callable[[], Iterator[Line]]) -> None:
        try:
            with closing(stream()) as lines:  # type: ignore[type-var]  # a generator
                for line in lines:
                    self._lines.put(line)
                    if self._stopped.is_set():
                        return
        except Exception as error:
            self._error = error
        finally:
            self._lines.put(None)

    def take(self) -> tuple[list[Line], bool]:
        """Return what has come, after a tenth of a second; False when that was all."""
        found: list[Line] = []
        ends = time.monotonic() + PIECE_SECONDS
        while (left := ends - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                return found, False
            found.append(line)
        return found, True

    def end(self) -> None:
        self._thread.join()
        if self._error:
            raise self._error

    def stop(self) -> None:
        self._stopped.set()

    def join(self) -> None:
        # What cancels the engine's side ends the stream; one that hangs is left to itself.
        self._thread.join(STOP_SECONDS)
