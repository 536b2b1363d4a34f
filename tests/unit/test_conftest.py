"""What `tests/conftest.py` does for all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.unit.cli.script import run_script


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_programs_of_tests_do_not_ignore_signals(name: str) -> None:
    """`make test &` in a script starts with SIGINT ignored, `nohup make test` with SIGHUP ignored."""
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
    """A machine may be as slow as it likes."""
    assert settings().deadline is None
