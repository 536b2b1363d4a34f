"""A function's result on stdout, as it comes."""

from __future__ import annotations

import asyncio
import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.result_output import ResultOutput
from samlocal.errors import OutputError
from samlocal.invocation import FunctionError
from tests.unit.cli.script import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.invocation import ResponseMode

ERROR = FunctionError(type="ValueError", message="no stars")


@contextmanager
def stdout_is(descriptor: int) -> Iterator[None]:
    """Replace the file behind stdout."""
    before = os.dup(1)
    os.dup2(descriptor, 1)
    try:
        yield
    finally:
        os.dup2(before, 1)
        os.close(before)


@pytest.fixture
def stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `sys.stdout` the stream of descriptor 1, which it is not while pytest captures it."""
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1)


async def show(
    *chunks: bytes,
    mode: ResponseMode = "buffered",
    error: FunctionError | None = None,
    ends_lines: bool = False,
) -> ResultOutput:
    output = ResultOutput(ends_lines=ends_lines)
    await output.begin("application/json", mode)
    for chunk in chunks:
        await output.write(chunk)
    await output.end(error)
    return output


PAYLOADS = (
    b'"hey"',
    b'"hey"\n',
    b"",
    b"\xff\x00\r\n",
    bytes(range(256)),
    bytes(range(256)) * select.PIPE_BUF,
)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda each: f"{each[:8]!r} {len(each)}")
async def test_a_result_is_written_byte_for_byte(
    payload: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The result is written without decoding or changing it."""
    await show(payload)
    assert capfdbinary.readouterr().out == payload


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        pytest.param([b'"hey"'], b'"hey"\n', id="a line is ended"),
        pytest.param([b'"h', b'ey"'], b'"hey"\n', id="a line of two chunks"),
        pytest.param(["süß".encode()], "süß\n".encode(), id="text"),
        pytest.param([b"s\xc3", b"\xbc"], "sü\n".encode(), id="a character of two chunks"),
        pytest.param([b"s\xc3"], b"s\xc3", id="half a character"),
        pytest.param([b'"hey"\n'], b'"hey"\n', id="an ended line is left"),
        pytest.param([b"one\n", b"two"], b"one\ntwo\n", id="the last line counts"),
        pytest.param([b"\xff\x00"], b"\xff\x00", id="bytes"),
        pytest.param([b"\xff", b"text"], b"\xfftext", id="bytes before text"),
        pytest.param([], b"\n", id="nothing"),
    ],
)
async def test_a_result_on_a_terminal_ends_its_line(
    chunks: list[bytes],
    shown: bytes,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a terminal, a newline follows a result that is text."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    await show(*chunks, mode="streaming")
    assert capfdbinary.readouterr().out == shown


AFTER_AN_UNFINISHED_LINE = """\
    import asyncio
    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.console_series import ConsoleSeries

    log = ConsoleLog()
    log.write(b"x")
    series = ConsoleSeries(
        lambda: None, 1, hint=None, reports=None, cold_path=None, before_result=log.interrupt
    )
    _, output = series.begin()

    async def show():
        await output.begin("application/json", "buffered")
        await output.write(b'"ok"')
        await output.end(None)

    asyncio.run(show())
    log.line("END")
"""


def test_a_result_after_an_unfinished_line_of_the_log() -> None:
    """On one terminal with the log, a result is on a line of its own."""
    ours, theirs = os.openpty()
    ended = run_script(AFTER_AN_UNFINISHED_LINE, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = os.read(ours, 1024)
    os.close(ours)

    assert (ended.returncode, shown) == (0, b'x\r\n"ok"\r\nEND\r\n')


def test_a_result_beside_an_unfinished_line_elsewhere() -> None:
    """A log on another terminal, or in a pipe, keeps its lines."""
    ours, theirs = os.openpty()
    ended = run_script(AFTER_AN_UNFINISHED_LINE, stderr=theirs)
    os.close(theirs)
    shown = os.read(ours, 1024)
    os.close(ours)

    assert (ended.stdout, shown) == (b'"ok"', b"x\r\nEND\r\n")
    piped = run_script(AFTER_AN_UNFINISHED_LINE)
    assert (piped.stdout, piped.stderr) == (b'"ok"', b"x\nEND\n")


async def test_an_error_after_some_of_the_response(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """What was streamed stays alone on stdout, and the output says that it is incomplete."""
    output = await show(b"half", mode="streaming", error=ERROR)
    assert (output.is_incomplete, capfdbinary.readouterr().out) == (True, b"half")


async def test_an_error_before_the_first_byte_of_a_stream(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """If nothing was streamed, the error is the result."""
    output = await show(mode="streaming", error=ERROR)
    assert (output.is_incomplete, capfdbinary.readouterr().out) == (False, ERROR.payload)


async def test_an_error_of_a_buffered_function(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The error of a buffered function is written once, as its result."""
    output = await show(ERROR.payload, error=ERROR)
    assert (output.is_incomplete, capfdbinary.readouterr().out) == (False, ERROR.payload)


@pytest.mark.usefixtures("stdout")
@pytest.mark.parametrize("size", [1, 1024 * 1024])
async def test_a_reader_that_has_gone(size: int) -> None:
    """After its reader has closed the pipe, like `head`, the rest goes nowhere."""
    reader, writer = os.pipe()
    os.close(reader)
    with stdout_is(writer):
        await show(bytes(size), bytes(size), mode="streaming")
    os.close(writer)


@pytest.mark.usefixtures("stdout")
@pytest.mark.parametrize("size", [1, 1024 * 1024])
async def test_a_full_device(size: int) -> None:
    """A stdout that cannot be written is an error."""
    full = os.open("/dev/full", os.O_WRONLY)
    with stdout_is(full), pytest.raises(OutputError, match="No space left"):
        await show(bytes(size))
    os.close(full)


@pytest.mark.usefixtures("stdout")
async def test_a_pipe_that_does_not_block() -> None:
    """A stdout that another program made non-blocking is waited for."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with stdout_is(writer):
        writing = asyncio.create_task(show(bytes(1024 * 1024)))
        received = 0
        while received < 1024 * 1024:
            received += len(await asyncio.to_thread(os.read, reader, 10_000))
        await writing
    os.close(reader)
    os.close(writer)


@pytest.mark.usefixtures("stdout")
@pytest.mark.parametrize("size", [1, 256 * 1024])
async def test_a_reader_that_does_not_read(size: int) -> None:
    """The event loop goes on while a reader does not read, and the reader then gets everything."""
    reader, writer = os.pipe()
    written = 0
    with stdout_is(writer):
        output = ResultOutput()
        while True:
            writing = asyncio.create_task(output.write(b"x" * size))
            written += size
            if not (await asyncio.wait([writing], timeout=0.3))[0]:
                break  # the pipe is full
        received = 0
        while received < written:
            received += len(os.read(reader, written))
        await writing
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    ("payload", "shown"),
    [(b"1", b"1\n"), (b"1\n", b"1\n"), (b"", b"\n"), (b"\x00", b"\x00\n")],
)
async def test_each_of_several_results_ends_its_line(
    payload: bytes, shown: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Several results are on lines of their own, whatever they consist of."""
    await show(payload, ends_lines=True)
    assert capfdbinary.readouterr().out == shown
