"""The variables of a request: `context`, `stageVariables` and the parameters of the method.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.http_api.event_values import find_context_variable, find_member

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.http_api.authorization import Event

_VARIABLE: Final = re.compile(r"\$(?:\{([a-zA-Z][\w.-]*)\}|([a-zA-Z]\w*(?:\.[\w-]+)+))")
# A directive or a comment, a call of a method, or a variable that is more than a value.
_VTL: Final = re.compile(
    r"#(?:#|\*|\{?(?:set|if|elseif|else|end|foreach|include|parse|macro|define|stop|break|evaluate)\b)"
    r"|\$!|\$\{?[\w.]+\(|\$\{?(?:input|util)\b|\$\{?context\.(?:request|response)Override\b"
)
_LITERAL: Final = re.compile(r"'(.*)'", re.DOTALL)
_PARAMETERS: Final = {
    "header": "headers",
    "querystring": "queryStringParameters",
    "path": "pathParameters",
}


class RequestVariables:
    """The values of variables by name, such as `context.identity.sourceIp` or `method.request.header.Origin`.

    `error` is what `context.error` has in gateway responses.
    """

    def __init__(self, event: Event, *, error: Mapping[str, object] | None = None) -> None:
        self._event = event
        self._error = error

    def find(self, name: str) -> str | None:
        """Return the value of a variable as text; None if it has none."""
        root, _, rest = name.partition(".")
        if root == "context":
            return self._find_context(rest)
        if root == "stageVariables":
            return _text((self._event["stageVariables"] or {}).get(rest))
        if root == "method":
            return self._find_parameter(rest)
        return None

    def _find_context(self, name: str) -> str | None:
        root, _, member = name.partition(".")
        if root == "error":
            return _text(find_member(self._error, member))
        return _text(find_context_variable(self._event, name))

    def _find_parameter(self, name: str) -> str | None:
        """Return `request.header.X`, `request.querystring.X`, `request.path.X`, or `request.body`."""
        _, _, rest = name.partition(".")
        if rest == "body":
            return _text(self._event["body"])
        kind, _, parameter = rest.partition(".")
        values = self._event.get(_PARAMETERS.get(kind, "")) or {}
        if kind == "header":
            values = {each.lower(): value for each, value in values.items()}
            parameter = parameter.lower()
        return _text(values.get(parameter))


def has_directives(template: str) -> bool:
    """Return whether a template needs VTL: it has directives, or more than plain variables."""
    return _VTL.search(template) is not None


def render(template: str, variables: RequestVariables) -> str:
    """Return a template without directives with its variables replaced; those without a value are empty."""
    if "$" not in template:
        return template
    return _VARIABLE.sub(lambda found: variables.find(found[1] or found[2]) or "", template)


def map_parameter(
    expression: str,
    variables: RequestVariables,
    find_more: Callable[[str], str | None] | None = None,
) -> str | None:
    """Return the value of a mapping expression: a literal in quotes, a variable, or other text as it is.

    `find_more` finds further variables, such as `integration.response.header.X`. The value is None if a variable
    has none.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
    """
    if literal := _LITERAL.fullmatch(expression):
        return literal[1]
    if expression.startswith(("context.", "stageVariables.", "method.request.")):
        return variables.find(expression)
    if expression.startswith("integration.response."):
        return find_more(expression) if find_more else None
    return expression


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
