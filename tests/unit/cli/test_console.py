from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.cli.console import (
    show_error,
    show_output,
    show_verdict,
    show_warning,
)
from samlocal.cli.console_log import ConsoleLog
from samlocal.errors import Place, UsageError
from tests.unit.cli.script import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_line_of_the_platform_begins_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    """A line of the platform starts a new line if the function's last line is incomplete."""
    log = ConsoleLog()
    log.line("START")
    log.write(b"half")
    log.line("END")
    log.write(b"")
    log.line("REPORT")

    assert capfd.readouterr().err == "START\nhalf\nEND\nREPORT\n"


def test_a_line_may_quote_bytes(capfd: pytest.CaptureFixture[str]) -> None:
    """A line with bytes that are not text is shown escaped."""
    ConsoleLog().line("Error Type: \ud800")
    assert capfd.readouterr().err == "Error Type: \\ud800\n"


def test_the_log_file_has_the_same_content_as_stderr(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The log file and stderr have the same bytes, including those that are not text."""
    path = tmp_path / "function.log"
    path.write_text("an older run")
    with ConsoleLog(path) as log:
        log.line("START")
        log.write(b"\xff\x00")
        assert path.read_bytes() == b"START\n\xff\x00"

    assert capfdbinary.readouterr().err == path.read_bytes()


def test_timestamps(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each line, on stderr and in the log file, begins with its time in UTC, with milliseconds."""
    path = tmp_path / "function.log"
    with ConsoleLog(path, timestamps=True) as log:
        log.line("START")
        log.write(b"one\ntw")
        log.write(b"o\n")
        log.named("watch.sh").write(b"seen")

    shown = capfd.readouterr().err
    assert path.read_text() == shown
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    lines = ("START", "one", "two", r"\[watch\.sh\] seen")
    assert re.fullmatch("".join(rf"{time} {line}\n" for line in lines), shown)


def test_names_of_served_functions(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each line of a served function begins with its name, also in a pipe and in the log file."""
    path = tmp_path / "function.log"
    with ConsoleLog(path, names=True) as log:
        ratings, other = log.environment("Ratings"), log.environment("")
        ratings.line("START")
        ratings.write(b"ha")
        other.write(b"one\n")
        ratings.write(b"lf\n")
        ratings.named("watch.sh").write(b"seen\n")

    shown = "Ratings | START\none\nRatings | half\nRatings | [watch.sh] seen\n"
    assert (path.read_text(), capfd.readouterr().err) == (shown, shown)


@pytest.mark.parametrize(
    ("is_terminal", "variables", "ratings", "extension"),
    [
        pytest.param(
            True, {}, "\x1b[32mRatings\x1b[0m | ", "\x1b[33m[watch.sh]\x1b[0m ", id="terminal"
        ),
        pytest.param(True, {"NO_COLOR": "1"}, "Ratings | ", "[watch.sh] ", id="NO_COLOR"),
        pytest.param(False, {}, "", "[watch.sh] ", id="pipe"),
        pytest.param(
            False, {"FORCE_COLOR": "1"}, "", "\x1b[33m[watch.sh]\x1b[0m ", id="FORCE_COLOR"
        ),
    ],
)
def test_names_of_sources(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_terminal: bool,
    variables: dict[str, str],
    ratings: str,
    extension: str,
) -> None:
    """Environments have coloured names on a terminal, extensions everywhere; the file has no colour."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    path = tmp_path / "function.log"
    with ConsoleLog(path) as log:
        environment = log.environment("Ratings")
        environment.line("START")
        environment.named("watch.sh").write(b"seen\n")

    assert capfd.readouterr().err == f"{ratings}START\n{ratings}{extension}seen\n"
    assert path.read_text() == "START\n[watch.sh] seen\n"


def test_a_log_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A log file that cannot be opened is an error with its name and the reason."""
    path = tmp_path / "missing" / "function.log"
    with (
        pytest.raises(UsageError, match=r"function\.log` cannot be written: No such file"),
        ConsoleLog(path),
    ):
        pytest.fail("it was opened")


def test_a_full_log_file_is_reported_once(capfd: pytest.CaptureFixture[str]) -> None:
    """If the disk is full, one warning is shown, and the logs continue on stderr."""
    with ConsoleLog(Path("/dev/full")) as log:
        log.line("one")
        log.line("two")

    assert capfd.readouterr().err == (
        "one\nWarning: the log file `/dev/full` ends here: No space left on device\ntwo\n"
    )


@pytest.fixture(params=["closed pipe", "full device"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[int]:
    """A stream that cannot be written."""
    if request.param == "full device":
        stream = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stream = os.pipe()
        os.close(reader)
    yield stream
    os.close(stream)


def test_a_broken_stderr_does_not_stop_the_function(nowhere: int) -> None:
    """A stderr that cannot be written does not stop the function."""
    ended = run_script(
        """
        from samlocal.cli.console import show_output
        from samlocal.cli.console_log import ConsoleLog
        log = ConsoleLog()
        for _ in range(1000):
            log.write(b"x" * 1000)
        show_output("{}")
        """,
        stderr=nowhere,
    )

    assert (ended.returncode, ended.stdout) == (0, b"{}\n")


def test_a_closed_pipe_is_not_an_error() -> None:
    """A closed pipe on stdout is not an error, as in `samlocal … | head`."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = run_script(
        "from samlocal.cli.console import show_output; show_output('x' * 100_000)", stdout=writer
    )
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("text", ["a", "a\n"])
def test_output_of_a_command_ends_with_a_newline(
    text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """The output of a command ends with a newline."""
    show_output(text)
    assert capfd.readouterr().out == "a\n"


def test_messages_have_place_and_hint(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A place inside the current directory is relative, any other is absolute."""
    monkeypatch.chdir(tmp_path)
    show_error("no stars", place=Place(tmp_path / "template.yaml", 12, 5), hint="add some")
    show_warning("few stars", place=Place(Path("/etc/template.yaml"), 1, 1))

    assert capfd.readouterr().err == (
        "Error: template.yaml:12:5: no stars\nhint: add some\n"
        "Warning: /etc/template.yaml:1:1: few stars\n"
    )


def test_messages_need_no_current_directory(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If the current directory no longer exists, places are shown unchanged."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    show_error("no stars", place=Place(Path("a.yaml"), 1, 1))

    assert capfd.readouterr().err == "Error: a.yaml:1:1: no stars\n"


def test_a_name_that_is_not_text_can_be_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """A file name that is not text is shown escaped."""
    show_error(f"no such file: {os.fsdecode(b'caf' + bytes([0xE9]))}")
    assert capfd.readouterr().err == "Error: no such file: caf\\udce9\n"


def test_messages_do_not_control_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """Control characters that a message quotes are shown escaped; it may have lines and tabs."""
    show_warning("a\x1b[31m\rb\x00\x7f\x9b\n\tc", hint="\x1b]0;d\x07ü")
    assert capfd.readouterr().err == (
        "Warning: a\\x1b[31m\\x0db\\x00\\x7f\\x9b\n\tc\nhint: \\x1b]0;d\\x07ü\n"
    )


@pytest.mark.parametrize(
    ("is_terminal", "variables", "colored"),
    [
        pytest.param(True, {}, True, id="terminal"),
        pytest.param(True, {"NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param(True, {"NO_COLOR": ""}, True, id="empty NO_COLOR"),
        pytest.param(True, {"TERM": "dumb"}, False, id="dumb terminal"),
        pytest.param(False, {}, False, id="pipe"),
        pytest.param(False, {"FORCE_COLOR": "1"}, True, id="pipe with FORCE_COLOR"),
        pytest.param(True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, id="both"),
    ],
)
def test_colors(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,  # noqa: FBT001  # a parameter of the test
    variables: dict[str, str],
    colored: bool,  # noqa: FBT001  # see above
) -> None:
    """Errors and verdicts are coloured on terminals, unless a variable changes that."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: is_terminal)

    show_error("broken")
    show_verdict("ok", "engine")

    shown = capfd.readouterr()
    assert ("\x1b[31mError:" in shown.err, "\x1b[32mok" in shown.out) == (colored, colored)
