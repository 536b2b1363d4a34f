from __future__ import annotations

import subprocess
import sys


def test_function_without_extensions_does_not_import_their_api() -> None:
    """The cold path of a function without extensions has the Runtime API alone."""
    program = "import sys, samlocal.execution.invocation_series; print(*sys.modules)"

    printed = subprocess.check_output([sys.executable, "-c", program], text=True).split()

    assert "samlocal.runtime_api.routes" in printed
    assert not [name for name in printed if "extension" in name and "runtime_api" in name]
