from __future__ import annotations

import time
from threading import Event, Thread

import pytest

from samlocal.library.logs import LogBuffer
from samlocal.sandbox import output as output_module
from samlocal.sandbox.output import GuardedLog, Output, named_log


class Collected:
    """A log that collects the function's output."""

    def __init__(self) -> None:
        self.output = b""

    def write(self, output: bytes) -> None:
        self.output += output

    def line(self, text: str) -> None:
        raise AssertionError(text)


def test_output_goes_to_the_connected_log() -> None:
    """Each log gets the output that is written while it is connected."""
    output, first, second = Output(), Collected(), Collected()
    output.connect(first)
    output.write(b"one")
    output.connect(second)
    output.write(b"two")
    assert (first.output, second.output) == (b"one", b"two")


def test_output_without_a_log_is_kept() -> None:
    """Output without a log is kept, and the next log gets it once."""
    output, first, second = Output(), Collected(), Collected()
    output.write(b"early ")
    output.connect(first)
    output.connect(None)
    output.write(b"between")
    output.connect(second)
    assert (first.output, second.output) == (b"early ", b"between")


def test_much_output_without_a_log_waits() -> None:
    """Over the limit of kept output, the writer waits for a log, and nothing is lost."""
    output, log = Output(), Collected()
    output.write(b"x" * output_module._KEPT_BYTES)
    writer = Thread(target=output.write, args=(b"y",), daemon=True)
    writer.start()
    writer.join(0.1)
    assert writer.is_alive()

    output.connect(log)
    writer.join(10)
    assert log.output == b"x" * output_module._KEPT_BYTES + b"y"


def test_closed_output_holds_up_no_writer() -> None:
    """A writer that waits for a log goes on when the output is closed, as do all that come later."""
    output = Output()
    output.write(b"x" * output_module._KEPT_BYTES)
    writer = Thread(target=output.write, args=(b"y",), daemon=True)
    writer.start()
    output.close()
    writer.join(10)
    output.write(b"z")
    assert not writer.is_alive()


def test_closed_output_goes_to_its_log() -> None:
    """A log that is connected takes what comes after the output was closed."""
    output, log = Output(), Collected()
    output.connect(log)
    output.close()
    output.write(b"last")
    assert log.output == b"last"


def test_errors_of_a_log_are_kept() -> None:
    """A log gets nothing after its first error, which is raised once, by whoever asks for it."""
    collected = Collected()
    log = GuardedLog(collected)
    log.line("one")
    log.write(b"two")
    log.line("three")
    with pytest.raises(AssertionError, match="one"):
        log.raise_error()
    log.raise_error()
    log.write(b"four")
    assert collected.output == b"four"


class Written:
    """A log of someone who knows nothing of extensions."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, output: bytes) -> None:
        self.pieces.append(output)

    def line(self, text: str) -> None:
        self.pieces.append(text.encode())


@pytest.mark.parametrize("guard", [False, True])
def test_extensions_in_a_log_that_knows_none(guard: bool) -> None:  # noqa: FBT001  # a parameter
    """A log without names of sources gets whole lines of extensions, which begin with the name."""
    written = Written()
    log = GuardedLog(written).named("watch.sh") if guard else named_log(written, "watch.sh")
    for piece in (b"regis", b"tered\nrea", b"dy"):
        log.write(piece)
    log.flush()
    assert written.pieces == [b"[watch.sh] registered\n", b"[watch.sh] ready\n"]


def test_flushing_a_log_that_keeps_nothing() -> None:
    """A log that keeps no incomplete lines needs no flushing."""
    written = Written()
    GuardedLog(written).flush()
    assert written.pieces == []


def test_extensions_in_a_log_that_knows_them() -> None:
    """A log with names of sources decides itself how it shows extensions."""
    buffer = LogBuffer()
    log = GuardedLog(buffer)
    log.write(b"half")
    log.named("watch.sh").write(b"ready\n")
    assert buffer.text == "half"
    log.flush()
    assert buffer.text == "half\n[watch.sh] ready\n"


def test_an_error_about_an_extensions_output_is_the_logs() -> None:
    """After an error about an extension's output the whole log gets nothing, and raises it."""
    collected = Collected()
    log = GuardedLog(collected)
    collected.write = collected.line  # type: ignore[assignment, method-assign]
    log.named("watch.sh").write(b"ready\n")
    log.write(b"two")
    with pytest.raises(AssertionError, match="ready"):
        log.raise_error()


def test_waiting_for_arriving_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait continues while output keeps arriving."""
    monkeypatch.setattr(output_module, "_QUIET_SECONDS", 0.5)
    monkeypatch.setattr(output_module, "_LONGEST_WAIT_SECONDS", 10)
    output, log = Output(), Collected()
    output.connect(log)
    arriving = Event()

    def write() -> None:
        for _ in range(5):
            output.write(b"x")
            arriving.set()
            time.sleep(0.01)

    writer = Thread(target=write)
    writer.start()
    assert arriving.wait(10)
    output.wait_until_quiet()
    writer.join()
    assert log.output == b"xxxxx"


def test_waiting_for_a_function_that_never_stops_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait is limited for a function that writes all the time."""
    monkeypatch.setattr(output_module, "_LONGEST_WAIT_SECONDS", 0.1)
    output = Output()
    output.connect(Collected())
    stopped = Event()

    def write() -> None:
        while not stopped.is_set():
            output.write(b"x")
            time.sleep(0.001)

    writer = Thread(target=write)
    writer.start()
    output.wait_until_quiet()
    stopped.set()
    writer.join()
