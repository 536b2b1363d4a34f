"""HTTP APIs of SAM: `AWS::Serverless::HttpApi`, and the implicit one of `HttpApi` events.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-httpapi.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.cors_settings import read_cors
from samlocal.cloudformation.apis.definition import AWS_IAM, OPTIONS, Operation, routes_of
from samlocal.cloudformation.apis.integrations import timeout_ms
from samlocal.cloudformation.apis.rate_limits import read_route_limits, with_limits
from samlocal.cloudformation.apis.sam_authorizers import SamAuthorizers
from samlocal.cloudformation.apis.sam_resource import (
    event_auth,
    event_integration,
    merged,
    not_in_definition,
    own_scopes,
    read_operations,
    with_authorizer,
)
from samlocal.cloudformation.apis.settings import payload_version, texts_by_name
from samlocal.cloudformation.functions.properties import Properties
from samlocal.project.apis import (
    DEFAULT_STAGE,
    Api,
    ApiKind,
    Cors,
    FunctionIntegration,
    FunctionTarget,
    IamAuthorizer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.cloudformation.apis.definition import Definition
    from samlocal.cloudformation.apis.sam_events import ApiEvent
    from samlocal.cloudformation.apis.sam_resource import ApiAuth, SamResource
    from samlocal.diagnostics import Diagnostic
    from samlocal.project.apis import Integration

_ANY_ORIGIN: Final = "*"


def read_http_api(resource: SamResource) -> Api:
    """Return an HTTP API with its routes; what has an error is in its `failures`.

    SAM adds the events of functions to the definition where that has no integration for them.

    Raises:
        ProjectError: a setting of the whole API has an error.
    """
    settings = resource.settings
    variables = texts_by_name(settings.mapping("StageVariables"))
    definition = resource.definition(ApiKind.HTTP, variables)
    auth = resource.auth()
    definition, failures = _with_events(resource, definition, auth)
    definition = _with_auth(resource, definition, auth)
    routes, unanswered = routes_of(definition)
    path = full_path(resource.stack, resource.logical_id)
    stage = settings.get("StageName", default=DEFAULT_STAGE)
    api = Api(
        kind=ApiKind.HTTP,
        full_path=path,
        identifier=api_identifier(path),
        stage=stage.text("`StageName`") if stage else DEFAULT_STAGE,
        routes=routes,
        name=settings.text("Name") or definition.name,
        variables=variables,
        cors=_read_cors(settings, definition.cors),
        base_paths=resource.base_paths(),
        failures=(
            *definition.failures,
            *failures,
            *unanswered,
            *((auth.refusal,) if auth.refusal else ()),
        ),
        place=resource.place,
    )
    return with_limits(api, read_route_limits(settings))


def _with_events(
    resource: SamResource, definition: Definition, auth: ApiAuth
) -> tuple[Definition, tuple[Diagnostic, ...]]:
    """Return the definition with the events of functions, and diagnostics for those that are not part of it."""
    reader = _EventReader(auth.default)
    definition, operations, failures = read_operations(definition, resource.events, reader.read)
    if resource.has_definition_file:
        hint = "add it there: SAM adds events to a `DefinitionBody` only"
        missing = (
            not_in_definition(each, resource.logical_id, hint)
            for each in operations
            if definition.find(each) is None
        )
        return definition, (*failures, *missing)
    changed = (_adapted(definition.find(each), each, resource.events) for each in operations)
    return definition.with_operations(changed), failures


def _adapted(own: Operation | None, operation: Operation, events: Iterable[ApiEvent]) -> Operation:
    """Return the definition's own operation with the settings of its event, or else that of the event."""
    if own is None or own.integration is None:
        return merged(own, operation)
    if own.authorizer is None and operation.authorizer is not None:
        own = replace(own, authorizer=operation.authorizer, scopes=operation.scopes)
    given = operation.integration
    if not isinstance(own.integration, FunctionIntegration) or not isinstance(
        given, FunctionIntegration
    ):
        return own
    settings = next(each.settings.entries for each in events if each.place == operation.place)
    integration = own.integration
    if "TimeoutInMillis" in settings:
        integration = replace(integration, timeout_ms=given.timeout_ms)
    if "PayloadFormatVersion" in settings:
        integration = replace(integration, payload=given.payload)
    return replace(own, integration=integration)


def _read_cors(settings: Properties, declared: Cors | None) -> Cors | None:
    """Return the CORS configuration, whose own settings win over those of the definition; `true` is any origin."""
    node = settings.get("CorsConfiguration")
    if node is None or node.value is False:
        return declared
    if not isinstance(node.value, dict):
        is_on = (node.optional_text() or "").lower() == "true"
        origins = (_ANY_ORIGIN,) if is_on else settings.texts("CorsConfiguration")
        return replace(declared or Cors(), origins=origins)
    own = read_cors(Properties(node, settings.resolver, settings.missing))
    if declared is None:
        return own
    return Cors(
        origins=own.origins or declared.origins,
        methods=own.methods or declared.methods,
        headers=own.headers or declared.headers,
        exposed_headers=own.exposed_headers or declared.exposed_headers,
        allows_credentials=own.allows_credentials or declared.allows_credentials,
        max_age_seconds=(
            declared.max_age_seconds if own.max_age_seconds is None else own.max_age_seconds
        ),
    )


class _EventReader:
    """Reads events; `default` is the authorizer of those whose `Auth` names none."""

    def __init__(self, default: str | None) -> None:
        self._default = default

    def read(self, event: ApiEvent) -> Operation:
        auth = event_auth(event)
        return Operation(
            method=event.method,
            path=event.path,
            place=event.place,
            integration=event_integration(event, _integration),
            authorizer=(auth.text("Authorizer") or self._default) if auth else None,
            scopes=own_scopes(auth) or None,
        )


def _integration(event: ApiEvent) -> Integration:
    return FunctionIntegration(
        target=cast("FunctionTarget", event.target),
        payload=payload_version(event.settings, "PayloadFormatVersion", "2.0"),
        timeout_ms=timeout_ms(event.settings, "TimeoutInMillis", ApiKind.HTTP),
    )


def _with_auth(resource: SamResource, definition: Definition, auth: ApiAuth) -> Definition:
    own = SamAuthorizers(auth.settings, resource.stack, resource.targets, is_rest=False)
    if auth.refusal is not None:
        definition = definition.with_unknown_guard(auth.refusal)
    return replace(
        definition,
        authorizers={AWS_IAM: IamAuthorizer(), **definition.authorizers, **own.authorizers},
        default_scopes={**definition.default_scopes, **own.scopes},
        operations=tuple(
            with_authorizer(definition.operations, auth.default, skips=frozenset({OPTIONS}))
        ),
    )
