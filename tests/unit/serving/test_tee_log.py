"""A log that passes everything to two logs."""

from __future__ import annotations

import pytest

from samlocal.function_log import FunctionLog, PlainDestination
from samlocal.sandbox.output import tells_sources_apart
from samlocal.serving.tee_log import TeeLog


class BrokenLog:
    """A log that cannot be written."""

    def write(self, output: bytes) -> None:
        raise OSError(f"no space for {len(output)} bytes")

    def line(self, text: str) -> None:
        raise OSError(text)


def test_both_logs() -> None:
    """Output, lines, and the lines of extensions reach both logs."""
    outputs = [bytearray(), bytearray()]
    tee = TeeLog(*(FunctionLog(PlainDestination(each.extend)) for each in outputs))
    assert tells_sources_apart(tee)
    tee.line("START")
    tee.write(b"one\n")
    tee.named("agent").write(b"incomplete")
    tee.flush()
    assert outputs[0] == outputs[1] == b"START\none\n[agent] incomplete\n"
    assert tee.named("agent") is tee.named("agent")


def test_broken_log() -> None:
    """The error of one log is raised after the other one has its output."""
    output = bytearray()
    tee = TeeLog(BrokenLog(), FunctionLog(PlainDestination(output.extend)))
    with pytest.raises(OSError, match="no space"):
        tee.write(b"one\n")
    with pytest.raises(OSError, match="END"):
        tee.line("END")
    assert output == b"one\nEND\n"
