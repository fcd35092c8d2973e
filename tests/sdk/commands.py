"""The command line as a shell runs it, beside a live studio."""

import json
import os
import subprocess
import sys
from pathlib import Path

SDK = Path(__file__).resolve().parents[2] / "sdk"


class Commands:
    """Runs `trainyard …` in a folder of its own, with a home of its own."""

    def __init__(self, folder: Path, config: Path | None = None, python: str = sys.executable):
        self.here = folder / "here"
        self.here.mkdir()
        self.home = folder / "home"
        self.config = config
        self.python = python
        self.sdk = SDK

    @property
    def environ(self):
        return {
            **os.environ,
            "PYTHONPATH": str(self.sdk),
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "PYTHONWARNINGS": "error",
        }

    def words(self, *words):
        takes_none = words[0] == "__complete" or words[0].startswith("-")
        more = [] if takes_none or not self.config else ["--config", str(self.config)]
        return [self.python, "-m", "trainyard", words[0], *more, *words[1:]]

    def __call__(self, *words, code=0, typed=""):
        """Run it to its end; return what it printed. Fails on another exit code."""
        done = subprocess.run(
            self.words(*words), cwd=self.here, env=self.environ, input=typed,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        self.said = done.stderr
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *words, code=0):
        """Run it with --json; return the document it printed."""
        return json.loads(self(words[0], "--json", *words[1:], code=code))

    def start(self, *words, **options):
        """Start it and return the process."""
        return subprocess.Popen(
            self.words(*words), cwd=self.here, env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip

    def script(self, text, name="train.py"):
        (self.here / name).write_text(text)
