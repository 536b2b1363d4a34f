"""WebSocket APIs of SAM: `AWS::Serverless::WebSocketApi`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-websocketapi.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.definition import UNKNOWN, closed_route
from samlocal.cloudformation.apis.integrations import timeout_ms
from samlocal.cloudformation.apis.rate_limits import read_route_limits, with_limits
from samlocal.cloudformation.apis.settings import (
    flag,
    guarding,
    guarding_mapping,
    refused,
    required_text,
    texts_by_name,
)
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import (
    ANY_METHOD,
    Api,
    ApiKind,
    FunctionIntegration,
    IamAuthorizer,
    LambdaAuthorizer,
    Route,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)

if TYPE_CHECKING:
    from samlocal.cloudformation.apis.sam_resource import SamResource
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.errors import Place
    from samlocal.project.apis import Authorizer, Integration

_DEFAULT_STAGE: Final = "default"
_CONNECT: Final = "$connect"
_AUTH_TYPES: Final = ("AWS_IAM", "CUSTOM", "NONE")


def read_websocket_api(resource: SamResource) -> Api:
    """Return a WebSocket API with its routes; those that have an error are in its `failures`.

    Raises:
        ProjectError: a setting of the whole API has an error.
    """
    settings = resource.settings
    owner = f"`{resource.logical_id}`"
    routes: list[Route] = []
    failures: list[Diagnostic] = []
    declared = guarding_mapping(settings, "Routes")
    authorizer = _guard(resource, failures)
    for key in declared.entries if declared else ():
        try:
            route = guarding_mapping(declared, key) if declared else None
            if declared is None or route is None:  # removed by a condition
                continue
            place = declared.node.place_of(key)
            routes.append(_read_route(resource, key, route, place, authorizer))
        except ProjectError as error:
            failures.append(refused(f"the route `{key}` of {owner}", error))
            routes.append(closed_route(ANY_METHOD, key, failures[-1]))
    path = full_path(resource.stack, resource.logical_id)
    api = Api(
        kind=ApiKind.WEBSOCKET,
        full_path=path,
        identifier=api_identifier(path),
        stage=settings.text("StageName") or _DEFAULT_STAGE,
        routes=tuple(routes),
        name=settings.text("Name"),
        variables=texts_by_name(settings.mapping("StageVariables")),
        route_selection=required_text(settings, "RouteSelectionExpression", owner),
        base_paths=resource.base_paths(),
        failures=tuple(failures),
        place=resource.place,
    )
    return with_limits(api, read_route_limits(settings))


def _read_route(
    resource: SamResource,
    key: str,
    settings: Properties,
    place: Place,
    authorizer: Authorizer | None,
) -> Route:
    return Route(
        method=ANY_METHOD,
        path=key,
        integration=_integration(resource, settings),
        authorizer=authorizer if key == _CONNECT else None,
        needs_api_key=flag(guarding(settings, "ApiKeyRequired"), "ApiKeyRequired") or False,
        operation_name=settings.text("OperationName"),
        answers="RouteResponseSelectionExpression" in settings.entries,
        place=place,
    )


def _integration(resource: SamResource, settings: Properties) -> Integration:
    node = settings.entries.get("FunctionArn")
    if node is None:
        raise TemplateError("a route needs `FunctionArn`", place=settings.node.place)
    target = resource.targets.of_reference(resource.stack, node)
    if isinstance(target, Diagnostic):
        return UnsupportedIntegration(diagnostic=target)
    limit = timeout_ms(settings, "IntegrationTimeout", ApiKind.WEBSOCKET)
    return FunctionIntegration(target=target, payload="1.0", timeout_ms=limit)


def _guard(resource: SamResource, failures: list[Diagnostic]) -> Authorizer | None:
    try:
        return _authorizer(resource)
    except ProjectError as error:
        failures.append(refused(f"`{_CONNECT}` of `{resource.logical_id}`", error))
        return UnsupportedAuthorizer(name=UNKNOWN, diagnostic=failures[-1])


def _authorizer(resource: SamResource) -> Authorizer | None:
    """Return the authorizer of `$connect`; None if everyone may connect."""
    auth = guarding_mapping(resource.settings, "Auth", "AuthType")
    kind = auth.choice("AuthType", _AUTH_TYPES) if auth else None
    if auth is None or kind is None or kind == "NONE":
        return None
    if kind == "AWS_IAM":
        return IamAuthorizer()
    name = auth.text("Name") or f"{resource.logical_id}ConnectAuthorizer"
    node = auth.entries.get("AuthArn")
    if node is None:
        diagnostic = Diagnostic(message="`Auth` needs `AuthArn`", place=auth.node.place)
        return UnsupportedAuthorizer(name=name, diagnostic=diagnostic)
    target = resource.targets.of_reference(resource.stack, node)
    if isinstance(target, Diagnostic):
        return UnsupportedAuthorizer(name=name, diagnostic=target)
    return LambdaAuthorizer(
        name=name,
        target=target,
        kind="REQUEST",
        payload="1.0",
        identity_sources=auth.texts("IdentitySource"),
        cache_seconds=0,
    )
