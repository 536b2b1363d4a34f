from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from samlocal.library.logs import LogBuffer, StderrLog

if TYPE_CHECKING:
    import samlocal


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        pytest.param([b"a\r", b"\nb\rc\r\n"], "a\nb\nc\n", id="carriage returns"),
        pytest.param([b"a"], "a\nEND\n", id="a line that is not ended"),
        pytest.param([b"\xe2\x82", b"\xac"], "€\nEND\n", id="a character in two pieces"),
        pytest.param([b"\xff"], "\ufffd\nEND\n", id="no text"),
    ],
)
def test_output_is_text_in_lines(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    pieces: list[bytes],
    text: str,
) -> None:
    """All logs show the same, whatever the pieces in which it comes, and whatever stderr is."""
    if not text.endswith("END\n"):
        text += "END\n"
    buffer, replaced = LogBuffer(), io.StringIO()
    for log in (buffer, StderrLog()):
        _write(log, pieces)
    monkeypatch.setattr(sys, "stderr", replaced)
    _write(StderrLog(), pieces)
    assert (buffer.text, capfd.readouterr().err, replaced.getvalue()) == (text, text, text)


def _write(log: samlocal.Log, pieces: list[bytes]) -> None:
    for piece in pieces:
        log.write(piece)
    log.line("END")


def test_a_closed_stderr_does_not_end_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without stderr invokes functions all the same."""
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        StderrLog().line("START")
