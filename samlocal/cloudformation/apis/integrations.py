"""What answers a method: `x-amazon-apigateway-integration`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from samlocal.cloudformation.apis.cdk_preflights import read_origins
from samlocal.cloudformation.apis.function_targets import is_streaming_uri
from samlocal.cloudformation.apis.header_texts import (
    body_templates,
    header_text,
    header_texts,
    parameter_texts,
)
from samlocal.cloudformation.apis.settings import (
    mappings_of,
    payload_version,
    required_text,
    texts_by_name,
    unquoted,
)
from samlocal.diagnostics import Diagnostic
from samlocal.errors import TemplateError
from samlocal.project.apis import (
    ApiKind,
    CustomFunctionIntegration,
    FunctionIntegration,
    FunctionTarget,
    HttpIntegration,
    IntegrationResponse,
    MockIntegration,
    UnsupportedIntegration,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.errors import Place
    from samlocal.project.apis import Integration, Passthrough, PayloadVersion

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
REST_TIMEOUT_MS: Final = 29_000
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
HTTP_TIMEOUT_MS: Final = 30_000
_LEAST_TIMEOUT_MS: Final = 50
_STREAMING_TIMEOUT_MS: Final = 900_000
# The default of each kind of API, and the most that it takes:
# https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html
_TIMEOUTS_MS: Final[Mapping[ApiKind, tuple[int, int]]] = {
    ApiKind.REST: (REST_TIMEOUT_MS, _STREAMING_TIMEOUT_MS),
    ApiKind.HTTP: (HTTP_TIMEOUT_MS, HTTP_TIMEOUT_MS),
    ApiKind.WEBSOCKET: (REST_TIMEOUT_MS, REST_TIMEOUT_MS),
}
_PASSTHROUGHS: Final = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_STREAM: Final = "STREAM"
_TYPES: Final = ("aws_proxy", "aws", "http_proxy", "http", "mock")
_HEADER: Final = "method.response.header."
_DEFAULT: Final = "default"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-integration-async.html
_INVOCATION_TYPE: Final = "integration.request.header.x-amz-invocation-type"
# Velocity's directives, and the variables that only a mapping template has:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_VELOCITY: Final = re.compile(
    r"#(?:set|if|elseif|else|end|foreach|macro|define|evaluate)\b|\$!?\{?(?:input|util)\b"
)


class IntegrationReader:
    """Reads the integrations of one API, each for a method that messages call by `name`."""

    def __init__(
        self,
        kind: ApiKind,
        stack: Stack,
        targets: FunctionTargets,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._kind = kind
        self._stack = stack
        self._targets = targets
        self._variables = variables or {}

    def read(self, settings: Properties, name: str, method: str) -> Integration:
        """Return an integration; one that does not work locally says why.

        Raises:
            TemplateError: it is malformed.
        """
        kind = required_text(settings, "type", f"the integration of `{name}`").lower()
        place = settings.node.place
        if kind not in _TYPES:
            raise TemplateError(
                f"`type` must be one of {', '.join(_TYPES)}, not `{kind}`", place=place
            )
        if (subtype := settings.text("integrationSubtype")) is not None:
            return unsupported(f"`{name}` calls `{subtype}`, which is not emulated", place)
        if kind == "aws_proxy":
            return self._function(settings, name)
        return self._with_responses(settings, name, method, kind)

    def _with_responses(
        self, settings: Properties, name: str, method: str, kind: str
    ) -> Integration:
        """Return an integration that has responses of its own, and may have mapping templates."""
        responses = _responses(settings.mapping("responses"))
        templates = texts_by_name(settings.mapping("requestTemplates"))
        if kind == "aws":
            return self._custom_function(settings, name, templates, responses)
        if refusal := refuse_velocity(name, settings.node.place, templates, responses):
            return refusal
        if kind == "mock":
            return MockIntegration(
                request_templates=templates, responses=responses, passthrough=_passthrough(settings)
            )
        return self._http(settings, (name, method), templates, responses)

    def _custom_function(
        self,
        settings: Properties,
        name: str,
        templates: Mapping[str, str],
        responses: tuple[IntegrationResponse, ...],
    ) -> Integration:
        """Return the integration with a function that gets the body of a request.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html
        """
        place = settings.node.place
        if _is_asynchronous(settings):
            return unsupported(
                f"`{name}` calls its function asynchronously, which is not emulated",
                place,
                hint="use the type `aws_proxy`, in Serverless no `async: true`: then the client waits for the function",
            )
        if self._kind is not ApiKind.REST or _has_velocity(templates, responses):
            return unsupported(
                f"`{name}` has an integration of type `aws`: mapping templates (VTL) are not emulated",
                place,
                hint="use the type `aws_proxy`, in Serverless `integration: lambda-proxy`",
            )
        target = self.function_of(_uri_node(settings, name))
        if isinstance(target, Diagnostic):
            return UnsupportedIntegration(diagnostic=target)
        return CustomFunctionIntegration(
            target=target,
            timeout_ms=timeout_ms(settings, "timeoutInMillis", self._kind),
            templates=templates,
            passthrough=_passthrough(settings),
            responses=responses,
        )

    def _function(self, settings: Properties, name: str) -> Integration:
        node = _uri_node(settings, name)
        target = self.function_of(node)
        if isinstance(target, Diagnostic):
            return UnsupportedIntegration(diagnostic=target)
        streams = (
            is_streaming_uri(self._stack, node) or settings.text("responseTransferMode") == _STREAM
        )
        return FunctionIntegration(
            target=target,
            payload=self._payload(settings),
            timeout_ms=timeout_ms(settings, "timeoutInMillis", self._kind, streams=streams),
            streams=streams,
            parameters=self._request_parameters(settings),
            response_parameters=self._response_parameters(settings),
        )

    def _request_parameters(self, settings: Properties) -> dict[str, str]:
        """Return what an HTTP API changes of the request to a function."""
        if self._kind is not ApiKind.HTTP:
            return {}
        return parameter_texts(settings.mapping("requestParameters"))

    def _response_parameters(self, settings: Properties) -> dict[str, dict[str, str]]:
        """Return what an HTTP API changes of responses, by their status."""
        by_status = settings.mapping("responseParameters")
        if by_status is None or self._kind is not ApiKind.HTTP:
            return {}
        return {status: _response_changes(each) for status, each in mappings_of(by_status)}

    def function_of(self, uri: Node) -> FunctionTarget | Diagnostic:
        """Return the function of an integration's or an authorizer's URI, or why there is none."""
        return self._targets.of_uri(self._stack, uri, self._variables)

    def _payload(self, settings: Properties) -> PayloadVersion:
        if self._kind is ApiKind.REST:
            return "1.0"
        return payload_version(settings, "payloadFormatVersion", "1.0")

    def _http(
        self,
        settings: Properties,
        route: tuple[str, str],
        templates: Mapping[str, str],
        responses: tuple[IntegrationResponse, ...],
    ) -> Integration:
        name, method = route
        url = required_text(settings, "uri", f"the integration of `{name}`")
        if not url.startswith(("http://", "https://")):
            return unsupported(
                f"`{name}` is sent to `{url}`, which is not an HTTP URL", settings.node.place
            )
        is_proxy = (settings.text("type") or "").lower() == "http_proxy"
        return HttpIntegration(
            url=url,
            method=(settings.text("httpMethod") or method).upper(),
            timeout_ms=timeout_ms(settings, "timeoutInMillis", self._kind),
            parameters=parameter_texts(settings.mapping("requestParameters")),
            templates={} if is_proxy else templates,
            passthrough="WHEN_NO_MATCH" if is_proxy else _passthrough(settings),
            responses=responses,
            is_proxy=is_proxy,
            response_parameters=self._response_parameters(settings),
        )


def _is_asynchronous(settings: Properties) -> bool:
    """Return whether an integration does not wait for its function, or lets the client choose that."""
    parameters = parameter_texts(settings.mapping("requestParameters"))
    kinds = [value for key, value in parameters.items() if key.lower() == _INVOCATION_TYPE]
    return any(unquoted(each) != "RequestResponse" for each in kinds)


def _uri_node(settings: Properties, name: str) -> Node:
    node = settings.entries.get("uri")
    if node is None:
        raise TemplateError(f"the integration of `{name}` needs `uri`", place=settings.node.place)
    return node


def _response_changes(settings: Properties) -> dict[str, str]:
    """Return changes of OpenAPI, or those that a resource of CloudFormation lists.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-integration-responseparameter.html
    """
    if "ResponseParameters" not in settings.entries:
        return parameter_texts(settings)
    found = {}
    for each in settings.mappings("ResponseParameters", "a response parameter"):
        destination = required_text(each, "Destination", "a response parameter")
        source = header_text(each, "Source") if "Source" in each.entries else ""
        if source is not None:
            found[destination] = source
    return found


def timeout_ms(settings: Properties, name: str, kind: ApiKind, *, streams: bool = False) -> int:
    """Return the time limit of an integration in milliseconds.

    For REST APIs AWS raises it above the default on request.

    Raises:
        TemplateError: it is not a number that API Gateway takes.
    """
    default, most = _TIMEOUTS_MS[kind]
    if streams:
        default = _STREAMING_TIMEOUT_MS
    return settings.integer(name, default, least=_LEAST_TIMEOUT_MS, most=most)


def unsupported(message: str, place: Place, *, hint: str | None = None) -> UnsupportedIntegration:
    """Return the integration that refuses requests with a message."""
    return UnsupportedIntegration(diagnostic=Diagnostic(message=message, place=place, hint=hint))


def refuse_velocity(
    name: str,
    place: Place,
    templates: Mapping[str, str],
    responses: Iterable[IntegrationResponse],
) -> UnsupportedIntegration | None:
    """Return the refusal of an integration that has a template in Velocity; None if it has none."""
    if not _has_velocity(templates, responses):
        return None
    return unsupported(f"`{name}` has a mapping template (VTL), which is not emulated", place)


def _has_velocity(templates: Mapping[str, str], responses: Iterable[IntegrationResponse]) -> bool:
    texts = [*templates.values(), *(text for each in responses for text in each.templates.values())]
    return any(map(_VELOCITY.search, texts))


def _passthrough(settings: Properties) -> Passthrough:
    node = settings.get("passthroughBehavior")
    text = node.text("`passthroughBehavior`").upper() if node else None
    if node and text not in _PASSTHROUGHS:
        raise TemplateError(
            f"`passthroughBehavior` must be one of {', '.join(_PASSTHROUGHS)}, not `{text}`",
            place=node.place,
        )
    return cast("Passthrough", text or _PASSTHROUGHS[0])


def _responses(settings: Properties | None) -> tuple[IntegrationResponse, ...]:
    if settings is None:
        return ()
    return tuple(
        IntegrationResponse(
            status=response.integer("statusCode", 200, least=100, most=599),
            pattern=None if pattern == _DEFAULT else pattern,
            headers=header_texts(response.mapping("responseParameters"), _HEADER),
            templates=dict.fromkeys(templates, "") if origins else templates,
            origins=origins,
        )
        for pattern, response in mappings_of(settings)
        for templates in (body_templates(response.mapping("responseTemplates")),)
        for origins in (read_origins(templates),)
    )
