from __future__ import annotations

from threading import Thread

from samlocal.sandbox import sandbox as sandbox_module
from samlocal.sandbox.sandbox import Output


class Collected:
    """A log that keeps the function's output."""

    def __init__(self) -> None:
        self.output = b""

    def write(self, output: bytes) -> None:
        self.output += output

    def line(self, text: str) -> None:
        raise AssertionError(text)


def test_output_goes_to_the_connected_log() -> None:
    """One log after the other takes what is written while it is connected."""
    output, first, second = Output(), Collected(), Collected()
    output.connect(first)
    output.write(b"one")
    output.connect(second)
    output.write(b"two")
    assert (first.output, second.output) == (b"one", b"two")


def test_output_without_a_log_is_kept() -> None:
    """The next log gets what was written before it was connected, once."""
    output, first, second = Output(), Collected(), Collected()
    output.write(b"early ")
    output.connect(first)
    output.connect(None)
    output.write(b"between")
    output.connect(second)
    assert (first.output, second.output) == (b"early ", b"between")


def test_much_output_without_a_log_waits() -> None:
    """No more than a limit is kept: the writer waits for a log, and nothing is lost."""
    output, log = Output(), Collected()
    output.write(b"x" * sandbox_module._KEPT_BYTES)
    writer = Thread(target=output.write, args=(b"y",), daemon=True)
    writer.start()
    writer.join(0.1)
    assert writer.is_alive()

    output.connect(log)
    writer.join(10)
    assert log.output == b"x" * sandbox_module._KEPT_BYTES + b"y"
