"""Actions of a load balancer's listener that need no target: fixed responses and redirects.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-elasticloadbalancingv2-listener-action.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.header_texts import needed_header_text
from samlocal.cloudformation.apis.settings import required_text
from samlocal.errors import TemplateError
from samlocal.project.apis import IntegrationResponse, MockIntegration

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties

_FIXED: Final = "FixedResponseConfig"
_REDIRECT: Final = "RedirectConfig"
_STATUS: Final = re.compile("[245][0-9][0-9]")
_REDIRECTS: Final = {"HTTP_301": 301, "HTTP_302": 302}


def read_fixed_response(action: Properties) -> MockIntegration:
    """Return the response of an action `fixed-response`.

    Raises:
        TemplateError: It has no status, or a wrong one, or a header that cannot be sent.
    """
    config = _config(action, _FIXED)
    text = required_text(config, "StatusCode", f"`{_FIXED}`")
    if not _STATUS.fullmatch(text):
        raise TemplateError(
            f"`StatusCode` must be 2XX, 4XX or 5XX, not `{text}`",
            place=config.node.place_of("StatusCode"),
        )
    media_type = needed_header_text(config, "ContentType") or "text/plain"
    body = config.text("MessageBody") or ""
    response = IntegrationResponse(
        status=int(text), headers={"Content-Type": media_type}, templates={media_type: body}
    )
    return MockIntegration(request_templates={}, responses=(response,))


def read_redirect(action: Properties) -> MockIntegration:
    """Return the response of an action `redirect`, in whose `Location` `#{host}` and others are the request's.

    Raises:
        TemplateError: It has no status, or a wrong one, or a header that cannot be sent.
    """
    config = _config(action, _REDIRECT)
    status = required_text(config, "StatusCode", f"`{_REDIRECT}`")
    if status not in _REDIRECTS:
        raise TemplateError(
            f"`StatusCode` must be HTTP_301 or HTTP_302, not `{status}`",
            place=config.node.place_of("StatusCode"),
        )
    protocol, host, port, path, query = (
        needed_header_text(config, name) for name in ("Protocol", "Host", "Port", "Path", "Query")
    )
    if "Query" not in config.entries:
        query = "#{query}"
    protocol = (protocol or "#{protocol}").lower()
    host, port, path = host or "#{host}", port or "#{port}", path or "/#{path}"
    location = f"{protocol}://{host}:{port}{path}" + (f"?{query}" if query else "")
    response = IntegrationResponse(status=_REDIRECTS[status], headers={"Location": location})
    return MockIntegration(request_templates={}, responses=(response,))


def _config(action: Properties, name: str) -> Properties:
    config = action.mapping(name)
    if config is None:
        raise TemplateError(f"the action needs `{name}`", place=action.node.place)
    return config
