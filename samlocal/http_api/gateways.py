"""The gateway of each API, by its kind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from samlocal.http_api.function_urls.gateway import FunctionUrlGateway
from samlocal.http_api.http.gateway import HttpGateway
from samlocal.http_api.load_balancers.gateway import LoadBalancerGateway
from samlocal.http_api.rest.gateway import RestGateway
from samlocal.http_api.web_functions.gateway import WebFunctionGateway
from samlocal.http_api.websocket.gateway import WebSocketGateway
from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.authorization import Authorizers
    from samlocal.http_api.console.recorder import Recorder
    from samlocal.http_api.exchange import Gateway
    from samlocal.http_api.functions import Functions
    from samlocal.http_api.web_functions.programs import Programs
    from samlocal.project.apis import Api
    from samlocal.project.web_functions import WebFunction


class Gateways:
    """Makes gateways that share functions and authorizers; `recorder` records what they answer.

    `programs` are those of web functions, which are not served without them. `api_keys` are values by the names of keys. `report` gets what was wrong where a client gets a status only.
    """

    def __init__(
        self,
        functions: Functions,
        authorizers: Authorizers,
        *,
        api_keys: Mapping[str, str],
        report: Callable[[Diagnostic], None],
        recorder: Recorder | None = None,
        programs: Programs | None = None,
    ) -> None:
        self._programs = programs
        self._functions = functions
        self._authorizers = authorizers
        self._api_keys = api_keys
        self._report = report
        self._recorder = recorder
        self._made: dict[str, tuple[tuple[Api, int], Gateway]] = {}
        # Those of changed APIs too, whose clients stay.
        self._websockets: list[tuple[WebSocketGateway, Gateway]] = []

    def gateway(self, api: Api, web: WebFunction | None = None) -> Gateway:
        """Return the gateway of an API; `web` is the web function whose endpoint it is, if any.

        It is the same one until the API changes, so that its connections live on.
        """
        state = api, web.concurrency if web else 0
        key = f"{api.kind} {api.label}"
        known = self._made.get(key)
        if known is not None and known[0] == state:
            return known[1]
        gateway = self._web_gateway(web) if web else self._gateway(api)
        made = self._recorder.gateway(api, gateway) if self._recorder else gateway
        self._made[key] = state, made
        if isinstance(gateway, WebSocketGateway):
            for previous, its_made in self._websockets:
                if known and its_made is known[1]:
                    gateway.succeed(previous)
            self._websockets.append((gateway, made))
        return made

    def find_for_connection(self, path: str) -> Gateway | None:
        """Return the gateway of the WebSocket API with the connection that a path such as `/STAGE/@connections/ID` names.

        Of a connection that is gone, it is one that says so. None if there is no WebSocket API.
        """
        newest = self._websockets[::-1]
        for check in (_has_connection, _has_path):
            for gateway, made in newest:
                if check(gateway, path):
                    return made
        return newest[0][1] if newest else None

    async def close(self) -> None:
        """Close all WebSocket connections, whose functions for `$disconnect` still run."""
        await asyncio.gather(*(each.close() for each, _ in self._websockets))

    def _gateway(self, api: Api) -> Gateway:
        functions, authorizers, report = self._functions, self._authorizers, self._report
        match api.kind:
            case ApiKind.REST:
                return RestGateway(
                    api, functions, authorizers, api_keys=self._api_keys, report=report
                )
            case ApiKind.HTTP:
                return HttpGateway(api, functions, authorizers, report=report)
            case ApiKind.WEBSOCKET:
                return WebSocketGateway(
                    api, functions, authorizers, report=report, api_keys=self._api_keys
                )
            case ApiKind.FUNCTION_URL:
                return FunctionUrlGateway(api, functions, report=report)
            case ApiKind.LOAD_BALANCER:
                return LoadBalancerGateway(api, functions, authorizers, report=report)
            case ApiKind.WEB_FUNCTION:
                raise ValueError(f"`{api.full_path}` is not given as a web function")

    def _web_gateway(self, web: WebFunction) -> Gateway:
        if self._programs is None:
            raise ValueError(f"nothing runs the program of `{web.api.full_path}`")
        return WebFunctionGateway(
            web.api,
            self._programs,
            report=self._report,
            timeout_seconds=web.timeout_seconds,
            concurrency=web.concurrency,
        )


def _has_connection(gateway: WebSocketGateway, path: str) -> bool:
    return gateway.connections.has_connection(path)


def _has_path(gateway: WebSocketGateway, path: str) -> bool:
    return gateway.connections.connection_id(path) is not None
