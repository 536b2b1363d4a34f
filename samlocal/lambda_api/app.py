"""The endpoint as an ASGI app: from a request to the response of its operation.

It has no framework: routers compare decoded paths, in which the name of a function may have a `/`, and
layers around each request cost more than the rest of Invoke.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from samlocal.errors import SamlocalError
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError, api_error
from samlocal.lambda_api.host_check import HostCheck
from samlocal.lambda_api.operations import find_operation
from samlocal.lambda_api.recursion import RecursiveInvocationError
from samlocal.lambda_api.request import DisconnectedError, Request
from samlocal.lambda_api.responses import error_response
from samlocal.lambda_api.routes import operation_handlers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from samlocal.lambda_api.asgi import ASGIApp, Receive, Scope, Send
    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.invocations import Events
    from samlocal.lambda_api.responses import Response
    from samlocal.lambda_api.routes import Handler

_log: Final = logging.getLogger("samlocal.endpoint")


def lambda_app(functions: Functions, events: Events, *, allowed_hosts: Collection[str]) -> ASGIApp:
    """Return the app that serves Lambda's API for the functions of a project.

    Requests that name a host other than this machine and `allowed_hosts` are refused: see `HostCheck`.
    """
    handlers = operation_handlers(functions, events)
    check_host = HostCheck(allowed_hosts)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"`{scope['type']}` is not served")
        request = Request(scope, receive, send)
        try:
            response = await _answer(request, handlers, check_host)
            if response:
                await request.respond(response)
        except DisconnectedError:
            return

    return app


async def _answer(
    request: Request, handlers: Mapping[str, Handler], check_host: HostCheck
) -> Response | None:
    try:
        check_host(request)
        return await _perform(request, handlers)
    except LambdaApiError as error:
        return error_response(error)
    except RecursiveInvocationError as error:
        return error_response(LambdaApiError(error_types.RECURSIVE_INVOCATION, error.message))
    except SamlocalError as error:
        return error_response(api_error(error))
    except DisconnectedError:
        raise
    except Exception:
        if request.has_begun:
            raise
        _log.exception("request %s failed", request.request_id)
        message = "samlocal failed, its log has the reason"
        return error_response(LambdaApiError(error_types.SERVICE, message))


async def _perform(request: Request, handlers: Mapping[str, Handler]) -> Response | None:
    operation = find_operation(request.method, request.raw_path)
    if operation is None:
        path = request.raw_path.decode("latin-1")
        raise LambdaApiError(
            error_types.UNKNOWN_OPERATION,
            f"`{request.method} {path}` is not an operation of Lambda's API",
        )
    handler = handlers.get(operation.name)
    if handler is None:
        raise LambdaApiError(
            error_types.UNSUPPORTED_OPERATION,
            f"samlocal does not implement {operation.name}: its functions are those of the template",
        )
    return await handler(request, *operation.parameters)
