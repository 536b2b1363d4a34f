"""What `tests/conftest.py` does for all tests."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import settings

from tests import nodejs
from tests.unit.cli.script import run_script


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_programs_of_tests_do_not_ignore_signals(name: str) -> None:
    """Programs of tests have default signal handling, even under `make test &` or `nohup make test`."""
    ended = run_script(
        f"""
        import signal, subprocess, sys
        signal.signal(signal.{name}, signal.SIG_IGN)
        from tests.conftest import handle_ignored_signals
        handle_ignored_signals()
        signal.raise_signal(signal.{name})
        program = "import signal; signal.raise_signal(signal.{name}); print('it is ignored')"
        subprocess.run([sys.executable, "-c", program], start_new_session=True)
        print("still here", flush=True)
        """
    )

    assert (ended.returncode, ended.stdout) == (0, b"still here\n"), ended.stderr


def test_no_property_based_test_has_a_deadline() -> None:
    """Hypothesis does not fail tests on slow machines."""
    assert settings().deadline is None


def test_node_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Node.js runs the one of the stand-in images."""
    monkeypatch.setenv("PATH", "/nowhere")
    nodejs.add_to_path()
    added = os.environ["PATH"].rpartition(os.pathsep)[2]
    assert subprocess.run([f"{added}/node", "--version"], capture_output=True, check=True).stdout
