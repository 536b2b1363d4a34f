"""The program of the background service: `python -m samlocal.cli.background`, which `--keep-warm` starts."""

from __future__ import annotations

import os
import signal
from functools import partial
from importlib import import_module
from typing import Final

# What only some commands import, but most of those that the service runs.
_MODULES: Final = (
    "samlocal.cli.commands.local_invoke",
    "samlocal.sandbox.docker.sandbox",
    "samlocal.runtime_api.routes",
    "samlocal.execution.environments",
    "samlocal.service.fleet_process",
)


def main() -> None:
    """Run the service until it ends."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # the command that starts it may ignore some
    from samlocal.service.fleet_process import serve_fleet
    from samlocal.service.handler import handle
    from samlocal.service.service import serve
    from samlocal.service.zygote import Programs

    serve(Programs(handle=partial(handle, run=_run), serve_fleet=serve_fleet), prepare=_prepare)


def _prepare() -> None:
    """Import and call what commands need."""
    from samlocal.cli.rehearsal import rehearse

    for module in _MODULES:
        import_module(module)
    rehearse(_run)


def _run() -> int:
    """Run the command line of this process; return its exit code."""
    from samlocal.cli.main import run_command_line
    from samlocal.cli.signals import exit_on_signals

    exit_on_signals()
    return run_command_line()


if __name__ == "__main__":
    main()
    os._exit(0)
