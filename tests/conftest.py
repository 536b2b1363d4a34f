"""What holds for all tests."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from types import FrameType

    import pytest

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
    # A slow machine is not a failure. CI tries the same examples each time, a developer's machine new ones.
    settings.register_profile(
        "samlocal",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=os.environ.get("CI") == "true",
    )
    settings.load_profile("samlocal")


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
