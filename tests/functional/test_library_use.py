"""What samlocal does to a process that imports it: nothing. The rest is for its own command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import samlocal

PACKAGE = Path(samlocal.__file__).parent

# All modules but the programs are imported, and a template is composed.
PROGRAM = """\
import gc, importlib, pkgutil, signal, sys
from pathlib import Path

before = {number: signal.getsignal(number) for number in signal.valid_signals()}
import samlocal

for module in pkgutil.walk_packages(samlocal.__path__, "samlocal."):
    if not module.name.endswith((".__main__", ".relay.program")):
        importlib.import_module(module.name)
importlib.import_module("samlocal.documents.document").compose("a: 1", Path("template.yaml"))
assert gc.isenabled()
assert before == {number: signal.getsignal(number) for number in signal.valid_signals()}
sys.exit(7)
"""


def test_process_keeps_its_own_ways() -> None:
    """Garbage is collected, signals do what they did, and the process ends as it wants to."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (7, b"")


def test_only_the_command_ends_the_process() -> None:
    """Nothing that programs import calls `os._exit`, or turns the collection of garbage off for good."""
    # These have processes of their own.
    process = PACKAGE / "sandbox" / "process"
    of_commands = {PACKAGE / "cli", PACKAGE / "service", process / "box", process / "clients"}
    outside = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "__main__.py" and of_commands.isdisjoint(path.parents)
    ]
    assert outside
    calls = {
        name: found
        for name in outside
        if (found := re.findall(r"os\._exit\(|gc\.disable\(", (PACKAGE / name).read_text()))
    }
    # It composes three times as fast, and turns the collection on again.
    assert calls == {"documents/document.py": ["gc.disable("]}
