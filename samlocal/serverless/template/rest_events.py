"""Events `http` as resources: methods of a REST API.

https://www.serverless.com/framework/docs/providers/aws/events/apigateway
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.errors import ProjectError, TemplateError
from samlocal.serverless.template.event_resources import list_of, setting, text_of, uri_of
from samlocal.serverless.template.logical_ids import REST_API, function_part, path_part
from samlocal.serverless.template.rest_authorizers import RestAuthorizers
from samlocal.serverless.template.rest_preflights import RestPreflights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.documents.node import Node
    from samlocal.serverless.template.event_resources import EventResources, FunctionEvent

_KIND: Final = "http"
_TYPES: Final = "AWS::ApiGateway::"
_MODEL: Final = f"{_TYPES}Model"
_VALIDATOR_ID: Final = "ApiGatewayRequestValidator"
_LOCATIONS: Final = {"querystrings": "querystring", "paths": "path", "headers": "header"}
# Serverless's names of integrations that differ from CloudFormation's.
_INTEGRATIONS: Final = {"LAMBDA": "AWS", "LAMBDA_PROXY": "AWS_PROXY"}
_OF_FUNCTIONS: Final = ("AWS", "AWS_PROXY")
# Serverless makes an event of its own out of a request, in Velocity:
# https://github.com/serverless/serverless/blob/v3.40.0/lib/plugins/aws/package/compile/events/api-gateway/lib/method/integration.js
_OWN_TEMPLATES: Final = {"application/json": "#define($loop) #end"}
_STREAM: Final = "STREAM"
_ASYNC: Final = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}


def compile_rest_events(made: EventResources) -> None:
    """Add the REST API of a service with its methods, if a function has such an event."""
    events = list(made.events(_KIND))
    if not events:
        return
    compiler = _Compiler(made)
    for event in events:
        try:
            compiler.add_method(event)
        except ProjectError as error:
            compiler.close_method(event, made.fail(event, _KIND, error))
    for unknown in made.lost():
        compiler.close_unknown(unknown)
    compiler.add_api(events[0].settings)


class _Compiler:
    def __init__(self, made: EventResources) -> None:
        self._made = made
        self._settings = made.service.value("provider", "apiGateway")
        self._api = made.own_api(REST_API, "apiGateway", "restApiId")
        self._authorizers = RestAuthorizers(made, self._api)
        self._preflights = RestPreflights(made, self._api)

    def add_api(self, at: Node) -> None:
        """Add the API, its stage, and the methods that answer preflights."""
        made, settings, service = self._made, self._settings, self._made.service
        self._preflights.add_all()
        stage = text_of(settings, "stage") or service.stage
        properties = {"RestApiId": self._api, "StageName": stage}
        made.add("ApiGatewayDeployment", f"{_TYPES}Deployment", at, properties)
        if self._api != {"Ref": REST_API}:
            return
        source = text_of(settings, "apiKeySourceType")
        endpoint = service.value("provider", "endpointType")
        kind = (endpoint.optional_text() or "" if endpoint else "").upper() or "EDGE"
        name = service.value("provider", "apiName")
        policy = service.value("provider", "apiGateway", "resourcePolicy")
        policy = policy or service.value("provider", "resourcePolicy")
        made.add(
            REST_API,
            f"{_TYPES}RestApi",
            at,
            {
                "Name": name or f"{service.stage}-{service.name}",
                "BinaryMediaTypes": list_of(settings, "binaryMediaTypes"),
                "MinimumCompressionSize": settings.get("minimumCompressionSize")
                if settings
                else None,
                "EndpointConfiguration": {"Types": [kind]},
                "ApiKeySourceType": source.upper() if source else None,
                "Policy": {"Statement": policy} if policy else None,
            },
        )

    def add_method(self, event: FunctionEvent) -> None:
        """Add the method of an event, the resources of its path, and what it needs.

        Raises:
            ProjectError: A setting has an error.
        """
        settings = event.settings
        method, path = _method_and_path(settings)
        part = path_part(path)
        verb = method[:1] + method[1:].lower()
        logical_id = f"ApiGatewayMethod{part}{verb}"
        resource = self._resource_of(path, settings)
        if cors := setting(settings, "cors"):
            self._preflights.note(path, method, cors, resource)
        self._made.add(
            logical_id,
            f"{_TYPES}Method",
            settings,
            {
                "RestApiId": self._api,
                "ResourceId": resource,
                "HttpMethod": method,
                "ApiKeyRequired": setting(settings, "private") is not None,
                "OperationName": setting(settings, "operationId"),
                "Integration": _integration(self._made, event, method),
                **self._authorizers.of(settings),
                **self._validation(settings, logical_id),
            },
        )

    def close_method(self, event: FunctionEvent, unknown: Node) -> None:
        """Add a method that refuses the requests of an event with an error."""
        try:
            method, path = _method_and_path(event.settings)
        except ProjectError:
            self.close_unknown(unknown, event.key)
            return
        self._made.add(
            self._made.closed_id(event.key),
            f"{_TYPES}Method",
            event.settings,
            {
                "RestApiId": self._api,
                "ResourceId": self._resource_of(path, event.settings),
                "HttpMethod": method,
                "AuthorizationType": unknown,
            },
        )

    def close_unknown(self, unknown: Node, key: str = "") -> None:
        """Add a method of which nothing is known."""
        properties = {"RestApiId": self._api, "ResourceId": unknown, "HttpMethod": unknown}
        self._made.add(self._made.closed_id(key), f"{_TYPES}Method", unknown, properties)

    def _resource_of(self, path: str, at: Node) -> object:
        """Add the resources of a path, and return the id of the last one."""
        parent: object = {"Fn::GetAtt": [self._api["Ref"], "RootResourceId"]}
        segments = path.split("/") if path else []
        for index, segment in enumerate(segments, start=1):
            logical_id = f"ApiGatewayResource{path_part('/'.join(segments[:index]))}"
            if logical_id not in self._made.resources:
                properties = {"RestApiId": self._api, "ParentId": parent, "PathPart": segment}
                self._made.add(logical_id, f"{_TYPES}Resource", at, properties)
            parent = {"Ref": logical_id}
        return parent

    def _validation(self, settings: Node, method: str) -> dict[str, object]:
        """Return what a method validates, and add the models that it needs."""
        request = setting(settings, "request")
        required = dict(_parameters(request))
        schemas = setting(request, "schemas")
        if schemas is None and not any(required.values()):
            return {}
        if _VALIDATOR_ID not in self._made.resources:
            checks = {"ValidateRequestBody": True, "ValidateRequestParameters": True}
            properties = {"RestApiId": self._api, **checks}
            self._made.add(_VALIDATOR_ID, f"{_TYPES}RequestValidator", settings, properties)
        models: dict[str, object] = {}
        for content_type, schema in schemas.entries("`schemas`").items() if schemas else ():
            name = "".join(filter(str.isalnum, content_type.title()))
            models[content_type] = {"Ref": self._add_model(schema, content_type, f"{method}{name}")}
        return {
            "RequestValidatorId": {"Ref": _VALIDATOR_ID},
            "RequestParameters": required,
            "RequestModels": models,
        }

    def _add_model(self, schema: Node, content_type: str, logical_id: str) -> str:
        """Add the model of a schema: one of the provider's, by its name, or one that the event has itself."""
        name = schema.optional_text()
        shared = setting(self._settings, "request", "schemas", name) if name else None
        logical_id = (
            f"ApiGateway{function_part(name or '')}Model" if shared else f"{logical_id}Model"
        )
        own = shared or schema
        properties = {
            "RestApiId": self._api,
            "ContentType": content_type,
            "Name": setting(own, "name"),
            "Schema": setting(own, "schema") or own,
        }
        self._made.add(logical_id, _MODEL, own, properties)
        return logical_id


def _method_and_path(settings: Node) -> tuple[str, str]:
    """Return the method in upper case, and the path without slashes at its ends.

    Raises:
        TemplateError: The event lacks one of them.
    """
    text = settings.optional_text()
    if text is not None:
        method, _, path = text.partition(" ")
    else:
        method, path = text_of(settings, "method") or "", text_of(settings, "path") or ""
    if not method or not path:
        raise TemplateError(
            "the event needs a `path` and a `method`",
            place=settings.place,
            hint="write `http: GET items`",
        )
    return method.upper().replace("*", "ANY"), path.strip().strip("/")


def _integration(made: EventResources, event: FunctionEvent, method: str) -> dict[str, object]:
    settings = event.settings
    name = (text_of(settings, "integration") or "").upper().replace("-", "_")
    kind = _INTEGRATIONS.get(name, name) or ("AWS" if setting(settings, "async") else "AWS_PROXY")
    request, response = setting(settings, "request"), setting(settings, "response")
    integration: dict[str, object] = {"Type": kind, "IntegrationHttpMethod": "POST"}
    if limit := setting(settings, "timeoutInMillis"):
        integration["TimeoutInMillis"] = limit
    if kind in _OF_FUNCTIONS:
        integration["Uri"] = uri_of(made.target(event.key))
        if kind == "AWS" and setting(settings, "async"):
            integration["RequestParameters"] = _ASYNC
        if (text_of(response, "transferMode") or "").upper() == _STREAM:
            integration["ResponseTransferMode"] = _STREAM
        if kind == "AWS":
            integration["RequestTemplates"] = _OWN_TEMPLATES
        return integration
    if kind.startswith("HTTP"):
        integration["Uri"] = setting(request, "uri")
        integration["IntegrationHttpMethod"] = (text_of(request, "method") or method).upper()
        integration["ConnectionType"] = setting(settings, "connectionType")
        names = dict(_parameters(request))
        integration["RequestParameters"] = {
            f"integration.{name.removeprefix('method.')}": name for name in names
        }
    if kind in {"HTTP", "MOCK"}:
        if templates := setting(request, "template"):
            integration["RequestTemplates"] = templates
        integration["IntegrationResponses"] = list(_responses(response))
    return {name: value for name, value in integration.items() if value is not None}


def _parameters(request: Node | None) -> Iterator[tuple[str, bool]]:
    """Yield the parameters of a request as API Gateway names them, and whether each must be there."""
    parameters = setting(request, "parameters")
    for location, name in _LOCATIONS.items():
        declared = setting(parameters, location)
        for key, node in declared.entries(f"`{location}`").items() if declared else ():
            required = node.get("required") if isinstance(node.value, dict) else node
            yield f"method.request.{name}.{key}", required is None or bool(required.value)


def _responses(response: Node | None) -> Iterator[dict[str, object]]:
    """Yield the integration responses by status; one without a pattern is for all others."""
    headers = setting(response, "headers")
    shared = dict(headers.entries("`headers`")) if headers else {}
    codes = setting(response, "statusCodes")
    declared = dict(codes.entries("`statusCodes`")) if codes else {"200": None}
    for status, config in declared.items():
        own = setting(config, "headers")
        named = {**shared, **(own.entries("`headers`") if own else {})}
        template = setting(config, "template") or setting(response, "template")
        templates: object = template
        if template is not None and template.optional_text() is not None:
            templates = {"application/json": template}
        yield {
            "StatusCode": status,
            "SelectionPattern": text_of(config, "pattern") or "",
            "ResponseParameters": {f"method.response.header.{k}": v for k, v in named.items()},
            "ResponseTemplates": templates or {},
        }
