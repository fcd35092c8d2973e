"""What a type checker makes of people's scripts: right ones pass --strict, mistakes are found."""

import os
import re
import subprocess
import sys

from tests.sdk.driving import SDK

SCRIPT = SDK.parent / "tests" / "sdk" / "typed_script.py"


def test_a_script_is_checked_as_its_author_means_it(tmp_path):
    options = ["--strict", "--config-file=", "--follow-imports=silent", "--no-error-summary"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, f"--cache-dir={tmp_path}", str(SCRIPT)],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(SDK)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# WRONG")}
    found = {int(at) for at in re.findall(r"typed_script\.py:(\d+): error", done.stdout)}
    assert len(wrong) > 10
    assert found == wrong, done.stdout + done.stderr
