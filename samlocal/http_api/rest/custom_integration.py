"""Methods that call a function with the body of a request, and whose response has its result (`AWS`).

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html

Recorded on AWS, as `test_lambda_aws_integration` and `test_lambda_selection_patterns`:
https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.http_api.function_back_end import Failure
from samlocal.http_api.request_reports import RequestReports
from samlocal.http_api.rest.gateway_errors import failure_error
from samlocal.http_api.rest.integration_responses import (
    choose_response,
    map_response,
    render_request,
)
from samlocal.http_api.result_members import WrongResultError, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import HttpResponse, ResponseWriter
    from samlocal.http_api.function_back_end import FunctionBackEnd
    from samlocal.http_api.rest.routed_request import RoutedRequest
    from samlocal.project.apis import CustomFunctionIntegration

_JSON: Final = ("Content-Type", "application/json")
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax
_FUNCTION_ERROR: Final = ("X-Amz-Function-Error", "Unhandled")
_EMPTY_EVENT: Final = b"{}"


class CustomFunctionMethod:
    """A method whose function gets a body as its event; `report` gets what the function has failed with."""

    def __init__(
        self,
        integration: CustomFunctionIntegration,
        back_end: FunctionBackEnd,
        *,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._integration = integration
        self._back_end = back_end
        self._tell = RequestReports(report)

    async def answer(self, routed: RoutedRequest, _writer: ResponseWriter) -> HttpResponse:
        """Run the function, and return the integration response for its result or for its error.

        An error without a pattern that matches its message gets the default response, such as 200.
        """
        integration, request = self._integration, routed.request
        body = render_request(integration.templates, integration.passthrough, routed)
        event = body if body.strip() else _EMPTY_EVENT
        try:
            parse_json(event)
        except WrongResultError as error:
            return self._refuse(routed, error)
        result = await self._back_end.call(
            integration.target, event, request, timeout_ms=integration.timeout_ms
        )
        if not isinstance(result, Failure):
            chosen = choose_response(integration.responses, None)
            return map_response(
                chosen, routed, body=result.payload, headers=[_JSON], with_trace=True
            )
        if result.function_error is None:
            raise failure_error(result)
        self._tell(request, result.message, hint=result.hint)
        payload = result.function_error.payload
        message = _error_message(payload)
        chosen = choose_response(integration.responses, message, what="the error")
        headers = [_JSON, _FUNCTION_ERROR]
        return map_response(chosen, routed, body=payload, headers=headers, with_trace=True)

    def _refuse(self, routed: RoutedRequest, error: WrongResultError) -> HttpResponse:
        """Return Lambda's refusal of an event that is not JSON, which is a response like others.

        https://github.com/serverless/serverless/issues/2270
        """
        fault = str(error.__cause__)  # what is wrong with the JSON
        self._tell(
            routed.request,
            f"the event of `{self._integration.target.function}` is not JSON: {fault}",
            hint="without a mapping template it is the body of the request",
        )
        message = (
            f"Could not parse request body into json: Could not parse payload into json: {fault}"
        )
        body = json.dumps({"Type": "User", "message": message}).encode()
        chosen = choose_response(self._integration.responses, None)
        return map_response(chosen, routed, body=body, headers=[_JSON], with_trace=True)


def _error_message(payload: bytes) -> str | None:
    """Return the `errorMessage` of a function's error; None if it has none."""
    try:
        content = parse_json(payload)
    except WrongResultError:
        return None
    message = content.get("errorMessage") if isinstance(content, dict) else None
    return message if isinstance(message, str) else None
