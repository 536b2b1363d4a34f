"""The functions of a project, served in processes of this machine."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from samlocal.execution.fleet.fleet import Fleet
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.plan import SandboxSettings
from samlocal.serving.options import ServingOptions
from samlocal.serving.project_snapshot import RepeatedHost
from samlocal.serving.served_project import ServedProject
from tests.functional.execution.fakes import RecordingLog
from tests.unit.preparation.host import RecordingObserver, host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from samlocal.preparation.observer import Reporter
    from samlocal.sandbox.output import Log

FUNCTION: Final = FunctionOptions(reads_credentials=False)

# Without an interpreter: functions run on one that this machine has, with any packages.
PROCESS: Final = SandboxSettings(kind="process")


class _NoProgress:
    """There are no images to pull."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None:
        raise AssertionError(layer, status, current, total)

    def note(self, text: str) -> None:
        raise AssertionError(text)


@asynccontextmanager
async def serve_functions(
    project: ProjectOptions,
    directory: Path,
    *,
    function: FunctionOptions = FUNCTION,
    sandbox: SandboxSettings = PROCESS,
    log: Log | None = None,
    watches: bool = False,
    observer: Reporter | None = None,
    idle_seconds: float = 300,
) -> AsyncIterator[ServedProject]:
    """Serve the functions of a project in a directory, web functions too."""
    own_log = log or RecordingLog()
    options = ServingOptions(
        project=project,
        function=function,
        sandbox=sandbox,
    )
    async with (
        Fleet(
            Backend(kind="process"),
            progress=_NoProgress(),
            max_environments=2,
            idle_seconds=idle_seconds,
        ) as fleet,
        ServedProject(
            options,
            RepeatedHost(host(directory, PATH=os.environ["PATH"])),
            fleet,
            observer=observer or RecordingObserver(),
            log=lambda _: own_log,
            watches=watches,
            programs=fleet.programs,
        ) as served,
    ):
        yield served
