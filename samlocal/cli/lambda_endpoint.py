"""A local endpoint of Lambda's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cli.served_endpoint import ServedEndpoint
from samlocal.http_server.server import HttpServer
from samlocal.lambda_api.stopping import stopping_response

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from contextlib import AsyncExitStack

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.current_project import CurrentProject
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.http_server.asgi import ASGIApp


class LambdaEndpoint(ServedEndpoint):
    """An endpoint on sockets that listen already; `on_ready` gets the names of the functions that are served."""

    def __init__(
        self,
        settings: EndpointSettings,
        listeners: Sequence[socket.socket],
        log: ConsoleLog,
        *,
        on_ready: Callable[[tuple[str, ...]], None],
        read_again: Callable[[], EndpointSettings | None],
    ) -> None:
        super().__init__(settings, log, read_again=read_again)
        self._listeners = listeners
        self._on_ready = on_ready

    async def _open_servers(
        self, stack: AsyncExitStack, _project: CurrentProject, app: ASGIApp
    ) -> Sequence[HttpServer]:
        server = HttpServer(app, sockets=self._listeners, stopping=stopping_response)
        return [await stack.enter_async_context(server)]

    def _show_ready(self, project: CurrentProject) -> None:
        self._on_ready(project.names)

    async def _close_connections(self) -> None:
        """Do nothing: no connection outlives its requests."""

    async def _leave_pages(self) -> None:
        """Do nothing: there are none."""
