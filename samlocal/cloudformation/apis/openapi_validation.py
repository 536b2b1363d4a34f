"""What a request to a REST API must have: request validators of OpenAPI documents.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-request-validators.html
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import flag
from samlocal.errors import TemplateError
from samlocal.project.apis import RequestValidation
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.cloudformation.apis.openapi_document import OpenApiDocument
    from samlocal.cloudformation.functions.properties import Properties

_VALIDATOR: Final = "x-amazon-apigateway-request-validator"
_VALIDATORS: Final = "x-amazon-apigateway-request-validators"
_JSON: Final = "application/json"
_LOCATIONS: Final = {"query": "querystring", "header": "header", "path": "path"}
_PREFIX: Final = "method.request."
_REF: Final = "$ref"


class ValidationReader:
    """Reads the validations of the operations of one document."""

    def __init__(self, document: OpenApiDocument) -> None:
        self._document = document

    def read(self, item: Properties, operation: Properties) -> RequestValidation | None:
        """Return what an operation of a path's `item` validates; None: nothing.

        Raises:
            TemplateError: its validator, or something that it refers to, does not exist.
        """
        name = operation.text(_VALIDATOR) or self._document.root.text(_VALIDATOR)
        if name is None:
            return None
        validators = self._document.mapping(_VALIDATORS)
        validator = validators.mapping(name) if validators else None
        if validator is None:
            raise TemplateError(
                f"the document has no request validator `{name}`",
                place=operation.node.place,
                hint=did_you_mean(name, validators.entries if validators else ()),
            )
        parameters = list(self._parameters(item, operation))
        required: tuple[str, ...] = ()
        if flag(validator, "validateRequestParameters"):
            required = tuple(
                f"{_PREFIX}{_LOCATIONS[location]}.{name}"
                for name, location, parameter in parameters
                if location in _LOCATIONS and flag(parameter, "required")
            )
        validates_body = flag(validator, "validateRequestBody")
        bodies = self._bodies(operation, parameters) if validates_body else {}
        return RequestValidation(parameters=required, bodies=bodies) if required or bodies else None

    def _parameters(
        self, item: Properties, operation: Properties
    ) -> Iterator[tuple[str, str, Properties]]:
        """Yield the name, the location and the settings of each parameter; those of the operation win."""
        found: dict[tuple[str, str], Properties] = {}
        for holder in (item, operation):
            for each in holder.mappings("parameters", "a parameter"):
                parameter = self._document.follow(each.node)
                key = parameter.text("name") or "", parameter.text("in") or ""
                found[key] = parameter
        for (name, location), parameter in found.items():
            yield name, location, parameter

    def _bodies(
        self, operation: Properties, parameters: list[tuple[str, str, Properties]]
    ) -> dict[str, object]:
        """Return the schemas of the body by content type."""
        if self._document.is_version_2:
            schemas = [p.get("schema") for _, location, p in parameters if location == "body"]
            types = operation.texts("consumes") or self._document.root.texts("consumes")
            return {
                content_type: self._complete(schema.plain())
                for schema in schemas
                if schema is not None
                for content_type in types or (_JSON,)
            }
        body = self._document.referred(operation, "requestBody")
        content = body.mapping("content") if body else None
        bodies: dict[str, object] = {}
        for content_type in content.entries if content else ():
            media = content.mapping(content_type) if content else None
            if media is not None and (schema := media.get("schema")) is not None:
                bodies[content_type] = self._complete(schema.plain())
        return bodies

    def _complete(self, schema: object) -> object:
        """Return a schema with the document's schemas beside it, if it refers to them."""
        if not isinstance(schema, dict) or not _refers(schema):
            return schema
        return {**schema, **self._shared}

    @cached_property
    def _shared(self) -> dict[str, object]:
        """The schemas that a `$ref` may lead to, where it looks for them."""
        if self._document.is_version_2:
            node = self._document.root.get("definitions")
            return {"definitions": node.plain()} if node else {}
        components = self._document.mapping("components")
        node = components.get("schemas") if components else None
        return {"components": {"schemas": node.plain()}} if node else {}


def _refers(schema: object) -> bool:
    match schema:
        case dict():
            return _REF in schema or any(map(_refers, schema.values()))
        case list():
            return any(map(_refers, schema))
    return False
