"""The gateway of a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.aws_account import resource_arn
from samlocal.http_api.authorization import Refused
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.function_back_end import STREAM_HINT, Failure, FunctionBackEnd
from samlocal.http_api.load_balancers.events import build_event
from samlocal.http_api.load_balancers.fixed_responses import fixed_response
from samlocal.http_api.load_balancers.results import error_page, read_result
from samlocal.http_api.load_balancers.rules import RuleTable
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.result_members import WrongResultError
from samlocal.project.apis import FunctionIntegration, MockIntegration

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.authorization import Authorizers
    from samlocal.http_api.exchange import HttpRequest, ResponseWriter
    from samlocal.http_api.functions import Functions
    from samlocal.project.apis import Api, Integration

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
MAX_BODY_BYTES: Final = 1024 * 1024

_BAD_REQUEST: Final = 400
_TOO_LARGE: Final = 413
_NOT_IMPLEMENTED: Final = 501
# Also for a provider of identities that the load balancer cannot ask:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
_NOT_AUTHENTICATED: Final = 500
_BAD_GATEWAY: Final = 502
_UNAVAILABLE: Final = 503


class LoadBalancerGateway:
    """Answers the requests of one load balancer by the rules of its listeners.

    Health checks are not sent. `report` gets what was wrong where the client only gets a status.
    """

    max_body_bytes = MAX_BODY_BYTES

    def __init__(
        self,
        api: Api,
        functions: Functions,
        authorizers: Authorizers,
        *,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._api = api
        self._functions = functions
        self._authorizers = authorizers
        self._tell = RequestReports(report)
        self._rules = RuleTable(api.routes)
        self._back_end = FunctionBackEnd(functions)

    async def refuse_body(self, _request: HttpRequest) -> HttpResponse:
        """Return the answer to a request whose body is larger than 1 MiB."""
        return error_page(_TOO_LARGE)

    async def answer(self, request: HttpRequest, _writer: ResponseWriter) -> HttpResponse:
        """Return the response to a request."""
        route = self._rules.find(request)
        if route is None:
            self._tell(request, "no rule matches, and the listener has no default action here")
            return error_page(_UNAVAILABLE)
        integration = route.integration
        if route.authorizer is not None:
            verdict = await self._authorizers.check(self._api, route, request, {}, "")
            if isinstance(verdict, Refused):
                self._tell(request, verdict.reason or "it is refused", place=verdict.place)
                return error_page(_NOT_AUTHENTICATED)
        if isinstance(integration, FunctionIntegration):
            return await self._forward(request, integration)
        if isinstance(integration, MockIntegration):
            return fixed_response(integration, request)
        return self._refuse(request, integration)

    def _refuse(self, request: HttpRequest, integration: Integration) -> HttpResponse:
        message = "functions behind a load balancer are served, and fixed responses and redirects"
        message = self._tell.refusal(request, integration, message)
        text = ("Content-Type", "text/plain; charset=utf-8")
        return HttpResponse(status=_NOT_IMPLEMENTED, headers=[text], body=message.encode())

    async def _forward(
        self, request: HttpRequest, integration: FunctionIntegration
    ) -> HttpResponse:
        if request.header("upgrade") is not None:
            self._tell(request, "functions behind a load balancer take no WebSockets")
            return error_page(_BAD_REQUEST)
        if len(request.body) > MAX_BODY_BYTES:
            return error_page(_TOO_LARGE)
        return await self._call(request, integration)

    async def _call(self, request: HttpRequest, integration: FunctionIntegration) -> HttpResponse:
        target = integration.target
        event = build_event(
            request,
            integration.target_group or await self._target_group(target.function),
            multi_value_headers=integration.multi_value_headers,
        )
        result = await self._back_end.call(target, event, request)
        if isinstance(result, Failure):
            self._tell(request, result.message, hint=result.hint)
            return error_page(_BAD_GATEWAY)
        try:
            return read_result(result.payload, multi_value_headers=integration.multi_value_headers)
        except WrongResultError as error:
            hint = STREAM_HINT if result.mode == "streaming" else None
            message = f"the result of `{target.function}` is not a response: {error}"
            self._tell(request, message, hint=hint)
            return error_page(_BAD_GATEWAY)

    async def _target_group(self, function: str) -> str:
        """Return an ARN like the one that the target group of a function would have."""
        region, account_id = await self._functions.region_and_account()
        name = function.rpartition("/")[2][:32]
        resource = f"targetgroup/{name}/{self._api.identifier}"
        return resource_arn("elasticloadbalancing", resource, region=region, account_id=account_id)
