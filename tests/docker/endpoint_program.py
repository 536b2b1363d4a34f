"""A program with an endpoint of Lambda's API for a project, which announces it until its input ends.

python -m tests.docker.endpoint_program TEMPLATE API_CONNECTION
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from samlocal.endpoints import announce, endpoint_socket
from samlocal.execution.fleet.fleet import Fleet
from samlocal.host import current_host
from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.asynchronous.async_invocations import AsyncInvocations
from samlocal.lambda_api.server import EndpointServer
from samlocal.library.logs import StderrLog
from samlocal.preparation.observer import LoggingObserver
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from samlocal.sandbox.plan import SandboxSettings
from samlocal.serving.options import ServingOptions
from samlocal.serving.served_project import ServedProject
from tests.docker.conftest import STAND_INS

if TYPE_CHECKING:
    from samlocal.sandbox.container_spec import ApiConnection


class Progress:
    """Images are there already."""

    def __call__(self, layer: str, status: str, current: int, total: int) -> None: ...

    def note(self, text: str) -> None:
        _report(text)


def _report(text: str) -> None:
    sys.stderr.write(f"{text}\n")


async def serve(template: Path, connection: ApiConnection) -> None:
    """Serve until the input ends; the first line of the output says that it begins."""
    log = StderrLog()
    with endpoint_socket() as (listener, path):
        options = ServingOptions(
            project=ProjectOptions(template=template),
            function=FunctionOptions(reads_credentials=False, for_api=True),
            sandbox=SandboxSettings(
                image_repository=STAND_INS, api_connection=connection, lambda_endpoint=path
            ),
        )
        async with (
            Fleet(None, progress=Progress()) as fleet,
            ServedProject(
                options,
                current_host(),
                fleet,
                observer=LoggingObserver(logging.getLogger()),
                log=lambda _: log,
                watches=False,
            ) as project,
            AsyncInvocations(project, report=_report) as events,
            EndpointServer(lambda_app(project, events, allowed_hosts=()), sockets=[listener]),
        ):
            with announce(template, fleet.engine.address, path):
                sys.stdout.write("ready\n")
                sys.stdout.flush()
                await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), cast("ApiConnection", sys.argv[2])))
