"""Methods without a back end.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.http_api.rest.gateway_errors import API_CONFIGURATION_ERROR, GatewayError
from samlocal.http_api.rest.integration_responses import (
    choose_response,
    map_response,
    render_request,
)

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpResponse, ResponseWriter
    from samlocal.http_api.rest.routed_request import RoutedRequest
    from samlocal.project.apis import MockIntegration

# The CDK writes `{ statusCode: 200 }`, which is not JSON, and which API Gateway takes:
# https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-apigateway/lib/resource.ts
_LOOSE_STATUS: Final = re.compile(r"""\{\s*(['"]?)statusCode\1\s*:\s*(['"]?)(\d+)\2\s*[,}]""")


class MockMethod:
    """A method whose request template says which response it has."""

    def __init__(self, integration: MockIntegration) -> None:
        self._integration = integration

    async def answer(self, routed: RoutedRequest, _writer: ResponseWriter) -> HttpResponse:
        """Return the response for the status in the request template."""
        integration = self._integration
        body = render_request(integration.request_templates, integration.passthrough, routed)
        status = _read_status(body.decode(errors="replace"))
        response = choose_response(integration.responses, str(status))
        return map_response(response, routed, with_trace=False)


def _read_status(text: str) -> int:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        loose = _LOOSE_STATUS.search(text)
        content = {"statusCode": int(loose[3])} if loose else None
    status = content.get("statusCode") if isinstance(content, dict) else None
    if not isinstance(status, int):
        raise GatewayError(
            API_CONFIGURATION_ERROR,
            reason="the request template of the mock integration gives no number for `statusCode`",
            hint="it is chosen by the Content-Type of the request, `application/json` without one",
        )
    return status
