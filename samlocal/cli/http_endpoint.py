"""Local endpoints of a project's APIs and function URLs, each site on a port."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cli.listeners import open_listeners, port_of, url_of
from samlocal.cli.route_texts import target_of, url_of_route
from samlocal.cli.served_endpoint import ServedEndpoint
from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.errors import PortInUseError, SamlocalError
from samlocal.http_api.app import app_with_connections, http_app
from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.console.console import Console
from samlocal.http_api.console.entry import ConsoleFunction, ConsoleRoute
from samlocal.http_api.console.recorder import Recorder
from samlocal.http_api.gateways import Gateways
from samlocal.http_api.sites import Site, arrange
from samlocal.http_server.server import HttpServer
from samlocal.project.apis import UnsupportedIntegration

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
    from contextlib import AsyncExitStack

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.current_project import CurrentProject
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.cli.http_settings import HttpSettings
    from samlocal.http_api.console.entry import ConsoleEntry
    from samlocal.http_api.exchange import Gateway, HttpRequest
    from samlocal.http_server.asgi import ASGIApp
    from samlocal.project.apis import Api, Apis, Route

# Ports in use that are passed over in the search for one for a further site.
_MOST_TRIED: Final = 100


class HttpEndpoint(ServedEndpoint):
    """The APIs of a project: the first site on sockets that listen already, each other one on a port after it.

    `on_ready` gets the URL and the APIs of each site.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        http: HttpSettings,
        listeners: Sequence[socket.socket],
        log: ConsoleLog,
        *,
        on_ready: Callable[[Sequence[tuple[str, Sequence[Api]]]], None],
        read_again: Callable[[], EndpointSettings | None],
    ) -> None:
        super().__init__(settings, log, read_again=read_again)
        self._http = http
        self._tls = http.tls
        self._listeners = listeners
        self._on_ready = on_ready
        self._ready: list[tuple[str, Sequence[Api]]] = []
        self._gateways: Gateways | None = None
        self._open_console: Console | None = None

    async def _open_doors(
        self, stack: AsyncExitStack, project: CurrentProject, _app: ASGIApp
    ) -> Sequence[HttpServer]:
        console, recorder = self._console(project)
        self._open_console = console
        functions = recorder.functions(project) if recorder else project
        authorizers = await stack.enter_async_context(
            RouteAuthorizers(
                functions,
                report=self._observer.show_diagnostic,
                local_keys=self._http.local_keys,
                is_disabled=self._http.disables_authorizers,
                revision=lambda: project.revision,
            )
        )
        gateways = Gateways(
            functions,
            authorizers,
            api_keys=self._http.api_keys,
            report=self._observer.show_diagnostic,
            recorder=recorder,
        )
        self._gateways = gateways
        sites = _Sites(project, gateways, self._http, self._observer.show_diagnostic)
        await sites.read()
        checking = asyncio.create_task(self._check(authorizers, sites.arranged))
        stack.callback(checking.cancel)
        servers = []
        for number, apis in enumerate(sites.arranged):
            listeners = self._listeners if number == 0 else self._next_listeners(stack)
            app = http_app(
                sites.source(number),
                allowed_hosts=self._settings.allowed_hosts,
                static=self._http.static if number == 0 else None,
                console=console if number == 0 else None,
            )
            server = HttpServer(app, sockets=listeners, tls=self._http.tls, websockets=True)
            servers.append(await stack.enter_async_context(server))
            url = url_of(self._http.host, port_of(listeners[0]))
            self._ready.append((url.replace("http:", "https:") if self._http.tls else url, apis))
        return servers

    def _app_for_functions(self, app: ASGIApp) -> ASGIApp:
        def gateway_of(path: str) -> Gateway | None:
            return self._gateways.find_for_connection(path) if self._gateways else None

        return app_with_connections(gateway_of, app)

    async def _leave_pages(self) -> None:
        if self._open_console:
            await self._open_console.close()
            await asyncio.sleep(0)

    async def _close_doors(self) -> None:
        if self._gateways:
            await self._gateways.close()

    async def _check(self, authorizers: RouteAuthorizers, sites: Sequence[Sequence[Api]]) -> None:
        """Say which tokens cannot be checked, without holding up the start."""
        for diagnostic in await authorizers.find_problems([api for site in sites for api in site]):
            self._observer.show_diagnostic(diagnostic)

    def _console(self, project: CurrentProject) -> tuple[Console | None, Recorder | None]:
        """Return the console of the first site, and what records requests for it."""
        if not self._http.has_console:
            return None, None

        async def send(request: HttpRequest, entry: ConsoleEntry) -> None:
            await recorder.send(request, entry)

        console = Console(
            routes=lambda: [
                _console_route(url, api, route)
                for url, apis in self._ready
                for api in apis
                for route in api.routes
            ],
            functions=lambda: [ConsoleFunction(name=name) for name in project.names],
            send=send,
        )
        recorder = Recorder(console.record)
        return console, recorder

    def _next_listeners(self, stack: AsyncExitStack) -> list[socket.socket]:
        """Open the first free port after those of the sites before; any free one after `--port 0`."""
        if self._http.port == 0:
            return _entered(stack, open_listeners(self._http.host, 0))
        first = int(self._ready[-1][0].rpartition(":")[2]) + 1
        for port in range(first, first + _MOST_TRIED):
            try:
                return _entered(stack, open_listeners(self._http.host, port))
            except PortInUseError:
                continue
        raise PortInUseError(
            f"the ports {first} to {first + _MOST_TRIED - 1} are in use",
            hint="`--port` takes another first port, 0 any free ones",
        )

    def _show_ready(self, _project: CurrentProject) -> None:
        self._on_ready(self._ready)


def _entered(stack: AsyncExitStack, listeners: list[socket.socket]) -> list[socket.socket]:
    for each in listeners:
        stack.enter_context(each)
    return listeners


def _console_route(url: str, api: Api, route: Route) -> ConsoleRoute:
    return ConsoleRoute(
        method=route.method,
        path=route.path,
        api=api.full_path,
        kind=api.kind,
        url=url_of_route(url, api, route),
        function=target_of(route),
        authorizer=route.authorizer.name if route.authorizer else None,
    )


def _unsupported(api: Api, said: Collection[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield what is said about routes that refuse every request."""
    for route in api.routes:
        if isinstance(route.integration, UnsupportedIntegration):
            diagnostic = route.integration.diagnostic
            if diagnostic in said:
                continue
            name = f"`{route.method} {route.path}`"
            if name not in diagnostic.message:
                message = f"{name} of `{api.full_path}` refuses every request: {diagnostic.message}"
                diagnostic = replace(diagnostic, message=message)
            yield diagnostic


class _Sites:
    """The sites of the project as it is now; those that had no port at the start have none later."""

    def __init__(
        self,
        project: CurrentProject,
        gateways: Gateways,
        http: HttpSettings,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._project = project
        self._gateways = gateways
        self._http = http
        self._report = report
        self._read: Apis | None = None
        self._sites: list[Site[Gateway]] = []
        self._ports = 0
        self.arranged: tuple[tuple[Api, ...], ...] = ()

    async def read(self) -> None:
        """Read the APIs at the start.

        Raises:
            SamlocalError: There are none, or they cannot be read.
        """
        await self._take(await self._project.apis())
        if not self.arranged:
            raise self._http.nothing_served(self._project.path)
        self._ports = len(self.arranged)

    def source(self, number: int) -> Callable[[], Awaitable[Site[Gateway]]]:
        """Return what gives the site of a port, as the project is now."""

        async def site() -> Site[Gateway]:
            try:
                apis = await self._project.apis()
            except SamlocalError as error:
                self._report(error_diagnostic(error))
            else:
                if apis is not self._read:
                    await self._take(apis)
            return self._sites[number]

        return site

    async def _take(self, apis: Apis) -> None:
        self._read = apis
        for diagnostic in apis.diagnostics:
            self._report(diagnostic)
        served = [each for each in apis.apis if each.kind in self._http.kinds]
        for api in served:
            said = (*apis.diagnostics, *api.failures)
            for failure in (*api.failures, *_unsupported(api, said)):
                self._report(failure)
        arranged = arrange(served)
        sites = [
            Site([(api, self._gateways.gateway(api)) for api in members]) for members in arranged
        ]
        if self._ports and len(sites) > self._ports:
            names = ", ".join(f"`{api.full_path}`" for api in arranged[self._ports])
            self._report(
                Diagnostic(
                    message=f"{names} has no port yet", hint="restart the command to serve it"
                )
            )
        # A site that is gone answers as before until the end: its clients have no other address.
        self._sites[: len(sites)] = sites
        self.arranged = arranged
