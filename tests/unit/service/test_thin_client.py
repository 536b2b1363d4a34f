"""What the thin client imports."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import os, sys
sys.argv = ["samlocal", "local", "invoke"]
before = set(sys.modules)
import samlocal.__main__
from samlocal.service import client
client.is_served()
client.connect("/nowhere")
print(*sorted(set(sys.modules) - before))
"""
_OWN = {
    "samlocal",
    "samlocal.__main__",
    "samlocal.runtime_folder",
    "samlocal.service",
    "samlocal.service.client",
    "samlocal.service.identity",
}
# They are in C, or the interpreter has them at hand.
_CHEAP = {"__future__", "_signal", "_socket", "marshal"}


def test_imports_nothing_slow() -> None:
    """A repeated invocation pays for each module of the client, so there are few, and none is large."""
    ended = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{_PROGRAM}"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(ended.stdout.split())
    assert imported >= _OWN
    assert imported <= _OWN | _CHEAP | set(sys.builtin_module_names)
