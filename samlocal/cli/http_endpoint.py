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
from samlocal.http_api.authorizers.problem_checks import ProblemChecks
from samlocal.http_api.console.console import Console
from samlocal.http_api.console.entry import ConsoleFunction, ConsoleRoute
from samlocal.http_api.console.recorder import Recorder
from samlocal.http_api.gateways import Gateways
from samlocal.http_api.sites import Site, arrange, assign_ports
from samlocal.http_server.server import HttpServer
from samlocal.project.apis import ApiKind, UnsupportedIntegration

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AsyncExitStack

    from samlocal.cli.console_log import ConsoleLog
    from samlocal.cli.current_project import CurrentProject
    from samlocal.cli.endpoint_settings import EndpointSettings
    from samlocal.cli.http_settings import HttpSettings
    from samlocal.function import Function
    from samlocal.http_api.console.recorder import RecordedGateway
    from samlocal.http_api.exchange import Gateway
    from samlocal.http_server.asgi import ASGIApp
    from samlocal.project.apis import Api, Apis, Route
    from samlocal.project.web_functions import WebFunctions

# Ports in use that are passed over in the search for one for a further site.
_MOST_TRIED: Final = 100
_LAST_PORT: Final = 65_535


class HttpEndpoint(ServedEndpoint):
    """The APIs of a project: the first site on sockets that listen already, each other one on a port after it.

    `on_ready` gets the URL and the APIs of each site, at the start and when routes have changed.
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
        super().__init__(
            settings,
            log,
            read_again=read_again,
            serves_web_functions=ApiKind.WEB_FUNCTION in http.kinds,
        )
        self._http = http
        self._tls = http.tls
        self._listeners = listeners
        self._on_ready = on_ready
        self._urls: dict[int, str] = {}
        self._shown: list[tuple[str, ...]] = []
        self._gateways: Gateways | None = None
        self._open_console: Console | None = None

    async def _open_servers(
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
            programs=project,
        )
        self._gateways = gateways
        servers: list[HttpServer] = []

        async def open_port(number: int) -> None:
            servers.append(await self._open_port(number, stack, console))

        self._sites = _Sites(
            project, gateways, self._http, self._observer.show_diagnostic, open_port=open_port
        )
        await self._sites.read()
        self._sites.when_changed = self._show_changed
        self._checks = ProblemChecks(authorizers, report=self._observer.show_diagnostic)
        stack.callback(self._checks.cancel)
        self._check_authorizers()
        return servers

    async def _open_port(
        self, number: int, stack: AsyncExitStack, console: Console | None
    ) -> HttpServer:
        """Serve a site; the first one has the console and static files, too."""
        http = self._http
        listeners = self._listeners if number == 0 else self._next_listeners(stack)
        app = http_app(
            self._sites.source(number),
            allowed_hosts=self._settings.allowed_hosts,
            static=http.static if number == 0 else None,
            console=console if number == 0 else None,
        )
        server = HttpServer(app, sockets=listeners, tls=http.tls, websockets=True)
        await stack.enter_async_context(server)
        url = url_of(http.host, port_of(listeners[0]))
        self._urls[number] = url.replace("http:", "https:") if http.tls else url
        return server

    @property
    def _ready(self) -> list[tuple[str, Sequence[Api]]]:
        """The URL and the APIs of each site, as the project is now; the first one is always there."""
        return [
            (self._urls[number], apis)
            for number, apis in enumerate(self._sites.current)
            if number in self._urls and (apis or not number)
        ]

    def _app_for_functions(self, app: ASGIApp) -> ASGIApp:
        def gateway_of(path: str) -> Gateway | None:
            return self._gateways.find_for_connection(path) if self._gateways else None

        return app_with_connections(gateway_of, app)

    async def _leave_pages(self) -> None:
        if self._open_console:
            await self._open_console.close()
            await asyncio.sleep(0)

    async def _close_connections(self) -> None:
        if self._gateways:
            await self._gateways.close()

    def _check_authorizers(self) -> None:
        """Begin to look for authorizers that refuse every request, such as those of tokens that cannot be checked."""
        self._checks.start([api for _, apis in self._ready for api in apis])

    def _console(self, project: CurrentProject) -> tuple[Console | None, Recorder | None]:
        """Return the console of the first site, and what records requests for it."""
        if not self._http.has_console:
            return None, None

        async def functions() -> list[ConsoleFunction]:
            urls = {
                api.full_path: url
                for url, apis in self._ready
                for api in apis
                if api.kind is ApiKind.FUNCTION_URL
            }
            return [_console_function(each, urls) for each in await project.functions()]

        async def repeater(api: str) -> RecordedGateway | None:
            return recorder.find(api) if await self._sites.has_api(api) else None

        def refresh() -> None:
            recorder.refresh()

        console = Console(
            routes=lambda: [
                _console_route(url_of_route(url, api, route, apis), api, route)
                for url, apis in self._ready
                for api in apis
                for route in api.routes
            ],
            functions=functions,
            repeaters=repeater,
            refresh=refresh,
        )
        recorder = Recorder(console.record, lambda: console.is_watched)
        return console, recorder

    def _next_listeners(self, stack: AsyncExitStack) -> list[socket.socket]:
        """Open the first free port after those of the sites before; any free one after `--port 0`."""
        if self._http.port == 0:
            return _entered(stack, open_listeners(self._http.host, 0))
        *_, before = self._urls.values()
        first = int(before.rpartition(":")[2]) + 1
        last = min(first + _MOST_TRIED - 1, _LAST_PORT)
        for port in range(first, last + 1):
            try:
                return _entered(stack, open_listeners(self._http.host, port))
            except PortInUseError:
                continue
        hint = "`--port` takes another first port, 0 any free ones"
        if first > last:
            raise PortInUseError(f"there is no port after {_LAST_PORT}", hint=hint)
        raise PortInUseError(f"the ports {first} to {last} are in use", hint=hint)

    def _show_ready(self, _project: CurrentProject) -> None:
        self._shown = self._routes()
        self._on_ready(self._ready)

    def _show_changed(self) -> None:
        if self._shown != self._routes():
            self._observer.show_status("the routes have changed:")
            self._shown = self._routes()
            self._on_ready(self._ready)
        self._check_authorizers()

    def _routes(self) -> list[tuple[str, ...]]:
        return [
            (route.method, url_of_route(url, api, route, apis), target_of(route))
            for url, apis in self._ready
            for api in apis
            for route in api.routes
        ]


def _entered(stack: AsyncExitStack, listeners: list[socket.socket]) -> list[socket.socket]:
    for each in listeners:
        stack.enter_context(each)
    return listeners


def _console_function(function: Function, urls: Mapping[str, str]) -> ConsoleFunction:
    """Return a function for the console; `urls` are those of function URLs by the names of their functions."""
    return ConsoleFunction(
        name=function.full_path,
        runtime=function.runtime,
        handler=function.handler,
        memory_mb=function.memory_mb,
        timeout_seconds=function.timeout_seconds,
        url=urls.get(function.full_path),
    )


def _console_route(url: str, api: Api, route: Route) -> ConsoleRoute:
    return ConsoleRoute(
        method=route.method,
        path=route.path,
        api=api.label,
        kind=api.kind,
        url=url,
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
    """The sites of the project as it is now, each on the port that it has got first.

    `open_port` opens the port of a further site, `when_changed` is called when the project was read again. A site that
    is gone answers as before: its clients have no other address.
    """

    def __init__(
        self,
        project: CurrentProject,
        gateways: Gateways,
        http: HttpSettings,
        report: Callable[[Diagnostic], None],
        *,
        open_port: Callable[[int], Awaitable[None]],
    ) -> None:
        self._project = project
        self._gateways = gateways
        self._http = http
        self._report = report
        self._open_port = open_port
        self._opened: set[int] = set()
        self._said: frozenset[Diagnostic] = frozenset()
        self._read: tuple[Apis, WebFunctions] | None = None
        self._sites: list[Site[Gateway]] = []
        self._current: set[int] = set()
        self.when_changed: Callable[[], None] | None = None

    @property
    def current(self) -> list[tuple[Api, ...]]:
        """The APIs of each port, which are none if the site is gone."""
        return [
            site.apis if number in self._current else () for number, site in enumerate(self._sites)
        ]

    async def read(self) -> None:
        """Read the APIs at the start, and open their ports.

        Raises:
            SamlocalError: There are none, they cannot be read, or a port cannot be opened.
        """
        self._take(await self._project.apis(), await self._project.web_functions())
        if not self._sites:
            raise self._http.nothing_served(self._project.path)
        await self._open_ports()

    def source(self, number: int) -> Callable[[], Awaitable[Site[Gateway]]]:
        """Return what gives the site of a port, as the project is now."""

        async def site() -> Site[Gateway]:
            try:
                apis = await self._project.apis()
                web = await self._project.web_functions()
                if self._read is None or apis is not self._read[0] or web is not self._read[1]:
                    self._take(apis, web)
                    try:
                        await self._open_ports()
                    finally:
                        if self.when_changed:
                            self.when_changed()
            except SamlocalError as error:
                self._report(error_diagnostic(error))
            return self._sites[number]

        return site

    async def has_api(self, label: str) -> bool:
        """Return whether an API is served, as the project is now."""
        await self.source(0)()
        return any(api.label == label for apis in self.current for api in apis)

    async def _open_ports(self) -> None:
        """Open the ports of sites that have none, each once; one without a port is tried again after the next change.

        Raises:
            SamlocalError: One could not be opened: the first such problem.
        """
        problem: SamlocalError | None = None
        for number in sorted(self._current - self._opened):
            self._opened.add(number)  # other requests do not wait for it
            try:
                await self._open_port(number)
            except SamlocalError as error:
                self._opened.discard(number)
                problem = problem or error
        if problem:
            raise problem

    def _take(self, apis: Apis, web: WebFunctions) -> None:
        self._read = apis, web
        programs = {each.api.full_path: each for each in web.functions}
        every = (*apis.apis, *(each.api for each in web.functions))
        served = [each for each in every if each.kind in self._http.kinds]
        refusing = (
            each
            for api in served
            for each in (*api.failures, *_unsupported(api, (*apis.diagnostics, *api.failures)))
        )
        self._say(*apis.diagnostics, *web.diagnostics, *refusing)
        arranged = arrange(served)
        numbers = assign_ports(arranged, [each.apis for each in self._sites])
        self._current = set(numbers)
        for number, members in zip(numbers, arranged, strict=True):
            # A port that is new comes after the ports before it.
            self._sites[number : number + 1] = [
                Site(
                    [
                        (api, self._gateways.gateway(api, programs.get(api.full_path)))
                        for api in members
                    ]
                )
            ]
        current = [self._sites[number] for number in numbers]
        for each in current:
            each.refer_to(other for other in current if other is not each)

    def _say(self, *diagnostics: Diagnostic) -> None:
        """Report what was not said when the project was read before."""
        for each in diagnostics:
            if each not in self._said:
                self._report(each)
        self._said = frozenset(diagnostics)
