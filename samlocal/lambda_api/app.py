"""The endpoint as an ASGI app: from a request to the response of its operation.

It has no framework: routers compare decoded paths, in which the name of a function may have a `/`, and
layers around each request cost more than the rest of Invoke.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from samlocal.diagnostics import error_diagnostic
from samlocal.errors import SamlocalError
from samlocal.http_server.host_check import HostCheck
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError, api_error
from samlocal.lambda_api.operations import find_operation
from samlocal.lambda_api.recursion import RecursiveInvocationError
from samlocal.lambda_api.request import DisconnectedError, Request
from samlocal.lambda_api.responses import error_response
from samlocal.lambda_api.routes import operation_handlers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_server.asgi import ASGIApp, Receive, Scope, Send
    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.invocations import Events
    from samlocal.lambda_api.responses import Response
    from samlocal.lambda_api.routes import Handler

_log: Final = logging.getLogger("samlocal.endpoint")
_CONNECTIONS: Final = "/@connections/"
_CANNOT_RUN: Final = (error_types.RESOURCE_CONFLICT, error_types.SERVICE)


def _report_nothing(_diagnostic: Diagnostic) -> None: ...


def lambda_app(
    functions: Functions,
    events: Events,
    *,
    allowed_hosts: Collection[str],
    report: Callable[[Diagnostic], None] = _report_nothing,
) -> ASGIApp:
    """Return the app that serves Lambda's API for the functions of a project.

    Requests that name a host other than this machine and `allowed_hosts` are refused: see `HostCheck`. `report` gets
    what keeps a function from running, which its client may not show.
    """
    handlers = operation_handlers(functions, events)
    check = HostCheck(allowed_hosts)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"`{scope['type']}` is not served")
        request = Request(scope, receive, send)
        try:
            response = await _answer(request, handlers, check, report)
            if response:
                await request.respond(response)
        except DisconnectedError:
            return

    return app


async def _answer(
    request: Request,
    handlers: Mapping[str, Handler],
    check: HostCheck,
    report: Callable[[Diagnostic], None],
) -> Response | None:
    try:
        _check_host(request, check)
        return await _perform(request, handlers)
    except LambdaApiError as error:
        return error_response(error)
    except RecursiveInvocationError as error:
        return error_response(LambdaApiError(error_types.RECURSIVE_INVOCATION, error.message))
    except SamlocalError as error:
        translated = api_error(error)
        if translated.error_type in _CANNOT_RUN:
            report(_failure(request, error))
        return error_response(translated)
    except DisconnectedError:
        raise
    except Exception:
        if request.has_begun:
            raise
        _log.exception("request %s failed", request.request_id)
        message = "samlocal failed, its log has the reason"
        return error_response(LambdaApiError(error_types.SERVICE, message))


def _check_host(request: Request, check: HostCheck) -> None:
    """Check who made a request.

    Raises:
        LambdaApiError: The host or the origin is not allowed.
    """
    if request.has_address:
        refused = check.find_refused(request.header(b"host"), request.header(b"origin"))
        if refused:
            raise LambdaApiError(error_types.FORBIDDEN_HOST, refused.message)


def _failure(request: Request, error: SamlocalError) -> Diagnostic:
    """Return a diagnostic with the error of a request, and the function that it was for."""
    operation = find_operation(request.method, request.raw_path)
    function = operation.parameters[0] if operation and operation.parameters else None
    return error_diagnostic(error, function=function)


async def _perform(request: Request, handlers: Mapping[str, Handler]) -> Response | None:
    operation = find_operation(request.method, request.raw_path)
    if operation is None:
        path = request.raw_path.decode("latin-1")
        message = f"`{request.method} {path}` is not an operation of Lambda's API"
        if _CONNECTIONS in unquote(path):
            message += ": no WebSocket API is served here (`samlocal local start-api` serves them)"
        raise LambdaApiError(error_types.UNKNOWN_OPERATION, message)
    handler = handlers.get(operation.name)
    if handler is None:
        raise LambdaApiError(
            error_types.UNSUPPORTED_OPERATION,
            f"samlocal does not implement {operation.name}: its functions are those of the template",
        )
    return await handler(request, *operation.parameters)
