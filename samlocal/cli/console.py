"""Output for the user: only results go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

from samlocal.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place

Verdict = Literal["ok", "warning", "failure"]

_RED: Final = "31"
_YELLOW: Final = "33"
_GREEN: Final = "32"
_DIM: Final = "2"
# A message may quote what a client or a function has sent; it does not control the terminal, nor hide a line.
_CONTROLS: Final = {
    each: f"\\x{each:02x}" for each in (*range(0x20), *range(0x7F, 0xA0)) if each not in b"\t\n"
}
_NAME_COLORS: Final = ("36", "35", "34", "32", "33")


def show_debug_log() -> None:
    """Show samlocal's own log on stderr, with times; not the logs of libraries."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s | %(name)s | %(message)s"))
    logger = logging.getLogger("samlocal")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def is_debugging() -> bool:
    import logging

    return logging.getLogger("samlocal").isEnabledFor(logging.DEBUG)


def print_status(text: str) -> None:
    """Print a status line on stderr."""
    write_stderr(f"{text}\n")


def show_error(message: str, *, place: Place | None = None, hint: str | None = None) -> None:
    _show("Error", _RED, message, place, hint)


def show_warning(message: str, *, place: Place | None = None, hint: str | None = None) -> None:
    _show("Warning", _YELLOW, message, place, hint)


def show_diagnostic(diagnostic: Diagnostic) -> None:
    show_warning(diagnostic.message, place=diagnostic.place, hint=diagnostic.hint)


def show_output(text: str) -> None:
    """Write a command's output to stdout.

    Raises:
        OutputError: stdout cannot be written.
    """
    _write_stdout(f"{text.removesuffix(chr(10))}\n".encode(errors="surrogateescape"))


def show_verdict(verdict: Verdict, text: str) -> None:
    """Write a line to stdout that starts with a verdict in its colour.

    Raises:
        OutputError: stdout cannot be written.
    """
    color = {"ok": _GREEN, "warning": _YELLOW, "failure": _RED}[verdict]
    show_output(f"{_paint(f'{verdict:<8}', color, sys.stdout)} {text}")


def finish_output() -> None:
    """Flush stdout, such as a help text that did not fit.

    Raises:
        OutputError: stdout cannot be written.
    """
    _write_stdout(b"")


def _show(word: str, color: str, message: str, place: Place | None, hint: str | None) -> None:
    where = f"{shown_place(place)}: " if place else ""
    text = f"{_paint(f'{word}:', color, sys.stderr)} {f'{where}{message}'.translate(_CONTROLS)}\n"
    if hint:
        text += f"{_paint('hint:', _DIM, sys.stderr)} {hint.translate(_CONTROLS)}\n"
    write_stderr(text)


def shown_place(place: Place) -> str:
    """Return a place that terminals can open, relative to the current directory if inside."""
    with suppress(OSError):  # the directory may have been removed
        return str(place).removeprefix(f"{Path.cwd()}/")
    return str(place)


def paint_name(name: str) -> str:
    """Return a name in the colour that it always has, if stderr is coloured."""
    color = _NAME_COLORS[sum(name.encode(errors="replace")) % len(_NAME_COLORS)]
    return _paint(name, color, sys.stderr)


def _paint(text: str, color: str, stream: TextIO) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if _is_colored(stream) else text


def _is_colored(stream: TextIO) -> bool:
    """Tell whether to colour a stream: see https://no-color.org and https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_drawable(stream)


def is_drawable(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that supports control sequences."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def is_one_terminal() -> bool:
    """Tell whether stdout and stderr are the same terminal."""
    return (
        sys.stdout.isatty()
        and sys.stderr.isatty()
        and os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())
    )


def write_result(chunk: bytes) -> None:
    """Write a part of a function's result to stdout, past the buffer: a write that waits blocks no flush.

    Raises:
        OutputError: stdout cannot be written.
    """
    with _translated_errors():
        left = memoryview(chunk)
        while left:
            try:
                left = left[os.write(sys.stdout.fileno(), left) :]
            except BlockingIOError:  # another program made the terminal or the pipe non-blocking
                is_stdout_writable()


def is_stdout_writable(seconds: float | None = None) -> bool:
    """Wait until stdout takes `PIPE_BUF` bytes at once, at most so long; return whether it does: see pipe(7)."""
    import select

    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLOUT)
    events = poll.poll(None if seconds is None else seconds * 1000)
    return any(event & select.POLLOUT for _, event in events)


def _write_stdout(output: bytes) -> None:
    with _translated_errors():
        sys.stdout.buffer.write(output)
        sys.stdout.buffer.flush()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has closed the pipe, like `head`
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(f"stdout cannot be written: {error.strerror}") from error


def write_stderr(output: str | bytes) -> None:
    """Write and flush; ignore a stderr that cannot be written."""
    try:
        if isinstance(output, str):  # file names may not be text
            output = output.encode(errors="backslashreplace")
        sys.stderr.buffer.write(output)
        sys.stderr.buffer.flush()
    except OSError:
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Discard the buffer of a stream, and everything written to it from now on."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
