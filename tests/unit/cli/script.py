"""Python code in a process of its own, for what would break pytest's."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent


def run_script(
    code: str, *, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """Run code until it ends, its output caught unless another stream, such as a terminal, is given for it."""
    return subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env={**os.environ, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        timeout=30,
        check=False,
    )
