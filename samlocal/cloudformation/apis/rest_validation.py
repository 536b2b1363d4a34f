"""Request validators and models of REST APIs that are resources of their own.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-requestvalidator.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-model.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_resources import declared_property, settings_of
from samlocal.cloudformation.apis.marked_text import referred_resources
from samlocal.cloudformation.apis.settings import flag, known
from samlocal.errors import TemplateError
from samlocal.project.apis import RequestValidation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.cloudformation.apis.api_resources import ApiResources
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.intrinsics.missing_values import MissingValues

_VALIDATOR: Final = "AWS::ApiGateway::RequestValidator"
_MODEL: Final = "AWS::ApiGateway::Model"
# A schema refers to another model by its URL: https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
_MODEL_URL: Final = re.compile(r"https?://.*/models/(?P<name>[^/]+)")
_EVERY_MODEL: Final = "Empty"  # a model that each API has and that takes anything


class ModelReader:
    """Reads the validations of one API's methods."""

    def __init__(self, resources: ApiResources, api: Resource, missing: MissingValues) -> None:
        self._resources = resources
        self._missing = missing
        self._models = resources.owned(_MODEL, "RestApiId", api)
        self._names = dict(self._named(self._models))

    def _named(self, models: Iterable[Resource]) -> Iterator[tuple[str, Resource]]:
        for model in models:
            yield model.logical_id, model
            name = model.stack.optional_text(declared_property(model, "Name"))
            if name is not None:
                yield name, model

    def read(self, method: Resource, settings: Properties) -> RequestValidation | None:
        """Return what a method validates; None: nothing.

        Raises:
            TemplateError: Its validator or its model does not exist, or is malformed.
        """
        node = settings.entries.get("RequestValidatorId")
        if node is None or not settings.resolver.may_have_value(node):
            return None
        validator = self._resources.referred(method.stack, node, _VALIDATOR)
        if validator is None:
            raise TemplateError(
                "`RequestValidatorId` is not a validator of this project", place=node.place
            )
        chosen = settings_of(validator, self._missing)
        parameters: tuple[str, ...] = ()
        if flag(chosen, "ValidateRequestParameters"):
            required = settings.mapping("RequestParameters")
            names = required.entries if required else ()
            parameters = tuple(name for name in names if required and flag(required, name))
        bodies = {}
        if flag(chosen, "ValidateRequestBody"):
            bodies = dict(self._bodies(method, settings))
        return (
            RequestValidation(parameters=parameters, bodies=bodies)
            if parameters or bodies
            else None
        )

    def _bodies(self, method: Resource, settings: Properties) -> Iterator[tuple[str, object]]:
        models = settings.mapping("RequestModels")
        for content_type, node in models.entries.items() if models else ():
            model = next(referred_resources(method.stack, node), None)
            if model is None and models is not None:
                name = models.text(content_type)
                if name == _EVERY_MODEL:
                    continue
                model = self._names.get(name or "")
            if model is None:
                raise TemplateError("the API has no such model", place=node.place)
            yield content_type, self._schema(model)

    def _schema(self, model: Resource) -> object:
        """Return the schema of a model, with the models that it refers to among its definitions."""
        definitions: dict[str, object] = {}
        schema = self._linked(self._own_schema(model), definitions)
        if isinstance(schema, dict) and definitions:
            return {**schema, "definitions": {**schema.get("definitions", {}), **definitions}}
        return schema

    def _own_schema(self, model: Resource) -> object:
        settings = settings_of(model, self._missing)
        # The URLs of other models have the id of the API, which does not matter.
        node, _ = model.stack.external.provenance.of(settings.get, "Schema")
        if node is None:
            return {}
        if not isinstance(node.value, str):
            return known(node).plain()
        try:
            return json.loads(node.value)
        except ValueError as exc:
            raise TemplateError(
                f"the schema of `{model.logical_id}` is not JSON: {exc}", place=node.place
            ) from exc

    def _linked(self, schema: object, definitions: dict[str, object]) -> object:
        """Return a schema that refers to models among `definitions` instead of by their URLs."""
        match schema:
            case {"$ref": str(url), **rest} if match := _MODEL_URL.fullmatch(url):
                name = match["name"]
                if name not in definitions and name in self._names:
                    definitions[name] = {}  # it may refer to itself
                    own = self._own_schema(self._names[name])
                    definitions[name] = self._linked(own, definitions)
                return {**rest, "$ref": f"#/definitions/{name}"}
            case dict():
                return {key: self._linked(value, definitions) for key, value in schema.items()}
            case list():
                return [self._linked(value, definitions) for value in schema]
            case _:
                return schema
