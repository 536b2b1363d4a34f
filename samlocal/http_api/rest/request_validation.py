"""Request validators: required parameters, and bodies with a JSON schema.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.media_types import media_type_of
from samlocal.http_api.rest.gateway_errors import (
    BAD_REQUEST_BODY,
    BAD_REQUEST_PARAMETERS,
    GatewayError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from samlocal.http_api.authorization import Event
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Route

_PARAMETER_PREFIX: Final = "method.request."
_PLACES: Final[Mapping[str, str]] = {
    "header": "headers",
    "path": "pathParameters",
    "querystring": "queryStringParameters",
}
# Models are of this version, whatever they say:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
_DIALECT: Final = "http://json-schema.org/draft-04/schema#"
_ANY_TYPE: Final = "$default"


class RequestValidator:
    """What the requests of one method must have."""

    def __init__(self, route: Route, *, report: Callable[[Diagnostic], None]) -> None:
        validation = route.validation
        self._route = route
        self._parameters = sorted(validation.parameters) if validation else []
        self._schemas = dict(validation.bodies) if validation else {}
        self._report = report
        self._checks: dict[str, Callable[[Any], object] | None] = {}

    def check(self, request: HttpRequest, event: Event) -> None:
        """Check a request and its event.

        Raises:
            GatewayError: It lacks a parameter, or its body is not of the schema for its type.
        """
        if missing := [*self._missing(event)]:
            message = f"Missing required request parameters: [{', '.join(missing)}]"
            hint = "names of parameters are compared with their case, as in API Gateway"
            raise GatewayError(BAD_REQUEST_PARAMETERS, message=message, reason=message, hint=hint)
        if self._schemas:
            self._check_body(request)

    def _missing(self, event: Event) -> Iterator[str]:
        """Yield the names of the parameters that a request lacks, or that are blank."""
        for parameter in self._parameters:
            kind, _, name = parameter.removeprefix(_PARAMETER_PREFIX).partition(".")
            values = event.get(_PLACES.get(kind, "")) or {}
            if kind in _PLACES and not (values.get(name) or "").strip():
                yield name

    def _check_body(self, request: HttpRequest) -> None:
        media_type = media_type_of(request.header("content-type"))
        schema_type = media_type if media_type in self._schemas else _ANY_TYPE
        if schema_type not in self._schemas:
            return
        if schema_type not in self._checks:
            self._checks[schema_type] = self._compile(schema_type)
        check = self._checks[schema_type]
        if check is None:
            return
        try:
            check(json.loads(request.body or b"{}"))
        except (ValueError, RecursionError) as error:
            # jsonschema's errors are of this class, too.
            raise GatewayError(
                BAD_REQUEST_BODY, details=f"[{error}]", reason=f"the body is not valid: {error}"
            ) from error

    def _compile(self, media_type: str) -> Callable[[Any], object] | None:
        """Return what checks a body; None if the schema cannot be used, which is said."""
        try:
            return _compile_schema(self._schemas[media_type])
        except Exception as error:  # noqa: BLE001  # what a schema may have wrong is open-ended
            route = self._route
            self._report(
                Diagnostic(
                    message=f"bodies of `{route.method} {route.path}` are not checked:"
                    f" their schema cannot be used: {error}",
                    place=route.place,
                )
            )
            return None


def _compile_schema(schema: object) -> Callable[[Any], object]:
    import fastjsonschema  # noqa: PLC0415  # few APIs have request validators

    content = json.loads(schema) if isinstance(schema, str) else schema
    if not isinstance(content, dict):
        raise TypeError("it is not an object")
    handlers = dict.fromkeys(("", "file", "http", "https", "urn"), _refuse_reference)
    check: Callable[[Any], object] = fastjsonschema.compile(
        {**content, "$schema": _DIALECT}, handlers=handlers, use_default=False
    )
    return check


def _refuse_reference(uri: str) -> object:
    raise ValueError(f"the reference `{uri}` leads out of it")
