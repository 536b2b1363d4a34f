from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.signals import DeferredSignals
from tests.docker.command import CHECKOUT
from tests.unit.cli.script import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Restore pytest's signal handlers after each test."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@SIGNALS
def test_a_signal_ends_the_program(number: signal.Signals, exit_code: int) -> None:
    """A signal ends the program at once with the shell's exit code if there is nothing to clean up."""
    ended = run_script(
        f"""
        import signal
        from samlocal.cli.signals import exit_on_signals
        exit_on_signals()
        signal.raise_signal({int(number)})
        print("still here", flush=True)
        """
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (exit_code, b"", b"")


def test_ctrl_c_while_the_program_is_being_loaded() -> None:
    """Ctrl-C during the imports shows no traceback."""
    ended = run_script(
        """
        import signal
        import samlocal.__main__
        signal.raise_signal(signal.SIGINT)
        print("still here", flush=True)
        """
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")
    script = (CHECKOUT / "bin" / "samlocal").read_text()
    assert script.partition("\n")[2].startswith("from samlocal.__main__ import run\n")


def test_an_ignored_signal_stays_ignored() -> None:
    """A signal that is ignored at the start stays ignored, as in background jobs of a shell."""
    ended = run_script(
        """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        import samlocal.__main__
        from samlocal.cli.signals import exit_on_signals
        exit_on_signals()
        signal.raise_signal(signal.SIGINT)
        print("still here", flush=True)
        """
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"still here\n", b"")


@SIGNALS
def test_a_deferred_signal_calls_back(number: signal.Signals, exit_code: int) -> None:
    """Within the block a signal calls back once and sets the exit code."""
    calls: list[str] = []
    with DeferredSignals() as signals:
        signals.notify(lambda: calls.append("stop"))
        assert calls == []
        signal.raise_signal(number)
        signal.raise_signal(number)

    assert (calls, signals.exit_code) == (["stop"], exit_code)


def test_an_early_signal_is_not_lost() -> None:
    """A signal before `notify` calls back as soon as a callback is set."""
    calls = []
    with DeferredSignals() as signals:
        signal.raise_signal(signal.SIGINT)
        signals.notify(lambda: calls.append("stop"))

    assert calls == ["stop"]


def test_the_first_signal_counts() -> None:
    """The first signal decides the exit code."""
    with DeferredSignals() as signals:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    assert signals.exit_code == 130


def test_after_the_block_a_signal_ends_the_program() -> None:
    """After the block, even if it raises, a signal ends the program."""
    ended = run_script(
        """
        import signal
        from samlocal.cli.signals import DeferredSignals
        try:
            with DeferredSignals():
                raise ZeroDivisionError
        except ZeroDivisionError:
            signal.raise_signal(signal.SIGINT)
        print("still here", flush=True)
        """
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_a_second_ctrl_c_forces_the_exit() -> None:
    """A second Ctrl-C after some seconds forces the exit."""
    ended = run_script(
        """
        import signal, time
        from samlocal.cli import signals
        signals._FORCE_EXIT_SECONDS = 0.1
        with signals.DeferredSignals():
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.2)
            print("cleaning up", flush=True)
            signal.raise_signal(signal.SIGINT)
            print("still here", flush=True)
        """
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"cleaning up\n", b"")
