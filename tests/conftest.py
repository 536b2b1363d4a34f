"""What holds for all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings

from tests import nodejs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# Fixtures of tests/docker and tests/conformance.
pytest_plugins = ["tests.docker.fixtures"]

# A shell without job control starts background commands with SIGINT ignored, `nohup` with SIGHUP ignored.
_OFTEN_IGNORED: Final = (signal.SIGINT, signal.SIGHUP)


def pytest_addoption(parser: pytest.Parser) -> None:
    # Here, and not beside its use: pytest reads options of `testpaths` themselves only.
    parser.addoption(
        "--engines",
        metavar="NAME,…",
        type=lambda names: names.split(","),
        help="the engines of tests/docker: docker, podman or both [default: what a module says, else docker]",
    )


def pytest_configure() -> None:
    """Prepare this process, be it pytest's own or that of a worker."""
    handle_ignored_signals()
    nodejs.add_to_path()
    # A slow machine is not a failure. CI tries the same examples each time, a developer's machine new ones.
    settings.register_profile(
        "samlocal",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=os.environ.get("CI") == "true",
    )
    settings.load_profile("samlocal")


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder for Unix sockets, whose paths have at most 107 bytes: those of `tmp_path` may be longer."""
    with TemporaryDirectory(prefix="samlocal-") as folder:
        yield Path(folder)


def handle_ignored_signals() -> None:
    """Give programs that tests start the default handling of signals.

    A program inherits that a signal is ignored, and a test that sends it waits in vain. It does not inherit a
    handler: https://man7.org/linux/man-pages/man7/signal.7.html
    """
    for number in _OFTEN_IGNORED:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _ignore)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing, as whoever started this process wants it."""
