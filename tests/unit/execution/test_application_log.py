"""The filter of lines in JSON that custom runtimes write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.execution.application_log import FilteredLog, application_log
from samlocal.library.logs import LogBuffer
from tests.unit.execution.test_platform_events import CONFIGURATION

if TYPE_CHECKING:
    from samlocal.function_configuration import FunctionConfiguration

CUSTOM: Final = replace(
    CONFIGURATION,
    runtime_version="provided:al2023",
    log_format="JSON",
    application_log_level="WARN",
)
TEXT: Final = b"""plain
{"level":"DEBUG","message":"left out"}
{"level":"ERROR","message":"shown"}

  {"level":"INFO"}
{"level":"WARN"
{"level":"INFO","message":"one\\rtwo"}
"""
SHOWN: Final = b"""plain
{"level":"ERROR","message":"shown"}

{"level":"WARN"
"""


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_lines_below_the_level_are_left_out(size: int) -> None:
    """Objects below the level are left out, however the output is cut; everything else is passed on."""
    buffer = LogBuffer()
    log = FilteredLog(buffer, "WARN")
    for at in range(0, len(TEXT), size):
        log.write(TEXT[at : at + size])
    assert buffer.text.encode() == SHOWN


def test_text_is_passed_on_at_once() -> None:
    """An incomplete line that is no object does not wait."""
    buffer = LogBuffer()
    log = FilteredLog(buffer, "WARN")
    log.write(b"Loading")
    assert buffer.text == "Loading"
    log.write(b' {"level":"DEBUG"}\n{"level":"DEBUG"}\n')
    assert buffer.text == 'Loading {"level":"DEBUG"}\n'


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (b'{"level":"DEBUG"}', "END\n"),
        (b'{"level":"ERROR"}', '{"level":"ERROR"}\nEND\n'),
        (b'{"level":"DEB', '{"level":"DEB\nEND\n'),
    ],
)
def test_an_object_without_a_line_feed(held: bytes, shown: str) -> None:
    """A line of the platform ends an object that waits for its end."""
    buffer = LogBuffer()
    log = FilteredLog(buffer, "WARN")
    log.write(held)
    assert buffer.text == ""
    log.line("END")
    log.write(b'{"level":"DEBUG"}\n')
    assert buffer.text == shown


def test_flushing_ends_the_wait() -> None:
    """The last output of a function is passed on without a line feed."""
    buffer = LogBuffer()
    log = FilteredLog(buffer, "WARN")
    log.write(b'{"level":"ERROR"}')
    log.named("watch.sh").write(b'{"level":"DEBUG"}')
    log.flush()
    assert buffer.text == '{"level":"ERROR"}\n[watch.sh] {"level":"DEBUG"}\n'


def test_a_long_object_is_not_kept() -> None:
    """An object that does not end is passed on."""
    buffer = LogBuffer()
    log = FilteredLog(buffer, "WARN")
    for _ in range(300):
        log.write(b'{"level":"DEBUG"' + b" " * 1024)
    log.write(b"\n")
    assert buffer.text.count("DEBUG") == 300


@pytest.mark.parametrize(
    ("configuration", "filters"),
    [
        pytest.param(CUSTOM, True, id="custom runtime"),
        pytest.param(replace(CUSTOM, runtime_version=None), True, id="image"),
        pytest.param(replace(CUSTOM, runtime_version="python:3.13"), False, id="python"),
        pytest.param(replace(CUSTOM, log_format="Text"), False, id="text"),
    ],
)
def test_what_is_filtered(
    configuration: FunctionConfiguration,
    filters: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Only custom runtimes and images that log in JSON are filtered; others filter themselves."""
    buffer = LogBuffer()
    application_log(buffer, configuration).write(b'{"level":"INFO"}\n')
    assert (buffer.text == "") is filters
