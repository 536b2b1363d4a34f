"""REST APIs of SAM: `AWS::Serverless::Api`, and the implicit one of `Api` events.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.definition import (
    AWS_IAM,
    NO_AUTHORIZER,
    OPTIONS,
    Operation,
    routes_of,
)
from samlocal.cloudformation.apis.gateway_responses import read_sam_responses
from samlocal.cloudformation.apis.integrations import timeout_ms
from samlocal.cloudformation.apis.openapi import resource_path
from samlocal.cloudformation.apis.rate_limits import read_method_limits, with_limits
from samlocal.cloudformation.apis.rest_settings import read_rest_settings, unapplied_policy
from samlocal.cloudformation.apis.sam_authorizers import SamAuthorizers
from samlocal.cloudformation.apis.sam_cors import rest_preflights
from samlocal.cloudformation.apis.sam_resource import (
    event_auth,
    event_integration,
    merged,
    not_in_definition,
    own_scopes,
    read_operations,
    with_authorizer,
)
from samlocal.cloudformation.apis.sam_validation import ModelReader
from samlocal.cloudformation.apis.settings import flag, texts_by_name
from samlocal.cloudformation.apis.usage_plans import read_sam_plan
from samlocal.diagnostics import Diagnostic
from samlocal.project.apis import (
    Api,
    ApiKind,
    FunctionIntegration,
    FunctionTarget,
    IamAuthorizer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.cloudformation.apis.definition import Definition
    from samlocal.cloudformation.apis.sam_events import ApiEvent
    from samlocal.cloudformation.apis.sam_resource import ApiAuth, SamResource
    from samlocal.project.apis import Integration

_IMPLICIT_STAGE: Final = "Prod"
_STREAMS: Final = frozenset({"RESPONSE_STREAM", "STREAM"})
_NEEDS_BODY: Final = ("Auth", "Cors", "GatewayResponses", "Models")


def read_rest_api(resource: SamResource) -> Api:
    """Return a REST API with its routes; what has an error is in its `failures`.

    Raises:
        ProjectError: a setting of the whole API has an error.
    """
    settings = resource.settings
    variables = texts_by_name(settings.mapping("Variables"))
    auth = resource.auth()
    definition = resource.definition(ApiKind.REST, variables)
    definition, failures = _with_events(resource, definition)
    cors = settings.get("Cors")
    if cors is not None:
        preflights = rest_preflights(settings, cors, definition.operations)
        definition = definition.with_operations(preflights)
    definition = _with_auth(resource, definition, auth)
    routes, unanswered = routes_of(definition)
    path = full_path(resource.stack, resource.logical_id)
    stage = settings.get("StageName", default=_IMPLICIT_STAGE)
    plan = read_sam_plan(auth.settings, resource.stack, resource.logical_id)
    common = read_rest_settings(settings, definition)
    api = Api(
        kind=ApiKind.REST,
        full_path=path,
        identifier=api_identifier(path),
        stage=stage.text("`StageName`") if stage else _IMPLICIT_STAGE,
        routes=routes,
        name=settings.text("Name") or definition.name,
        variables=variables,
        binary_types=common.binary_types,
        is_edge_optimized=common.is_edge_optimized,
        gateway_responses={
            **definition.gateway_responses,
            **read_sam_responses(settings.mapping("GatewayResponses")),
        },
        base_paths=resource.base_paths(),
        api_key_source=common.api_key_source,
        usage_plans=(plan,) if plan else (),
        minimum_compression_bytes=common.minimum_compression_bytes,
        failures=(
            *definition.failures,
            *failures,
            *unanswered,
            *((auth.refusal,) if auth.refusal else ()),
            *unapplied_policy(auth.settings, "ResourcePolicy"),
            *_refused_settings(resource),
        ),
        place=resource.place,
    )
    return with_limits(api, read_method_limits(settings))


def _refused_settings(resource: SamResource) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each setting that SAM refuses beside a definition in a file."""
    if not resource.has_definition_file:
        return
    for name in _NEEDS_BODY:
        own = resource.settings.entries.get(name)
        if resource.stack.resolver.may_have_value(own):
            yield Diagnostic(
                message=f"`{name}` of `{resource.logical_id}` applies here, but AWS refuses it"
                " beside `DefinitionUri`",
                place=resource.settings.node.place_of(name),
                hint="include the file: `DefinitionBody: {Fn::Transform: {Name: AWS::Include, …}}`",
            )


def _with_events(
    resource: SamResource, definition: Definition
) -> tuple[Definition, tuple[Diagnostic, ...]]:
    """Return the definition with the events of functions, and diagnostics for those that are not part of it.

    SAM adds events to an API without a definition of its own, or with `MergeDefinitions`.
    """
    reader = _EventReader(resource)
    definition, operations, failures = read_operations(
        definition, resource.events, reader.read, path_of=resource_path
    )
    if resource.takes_events(ApiKind.REST):
        return definition.with_operations(
            merged(definition.find(each), each) for each in operations
        ), failures
    overriding = {
        (each.method, resource_path(each.path)) for each in resource.events if _overrides(each)
    }
    changed: list[Operation] = []
    missing: list[Diagnostic] = []
    for operation in operations:
        own = definition.find(operation)
        if own is None and (operation.method, operation.path) in definition.broken:
            continue
        if own is None:
            hint = "add it there, or set `MergeDefinitions: true`"
            missing.append(not_in_definition(operation, resource.logical_id, hint))
        elif (operation.method, operation.path) in overriding:
            changed.append(_with_own_auth(own, operation))
    return definition.with_operations(changed), (*failures, *missing)


def _overrides(event: ApiEvent) -> bool:
    auth = event_auth(event)
    return auth is not None and flag(auth, "OverrideApiAuth") is True


def _with_own_auth(own: Operation, event: Operation) -> Operation:
    needs_api_key = own.needs_api_key if event.needs_api_key is None else event.needs_api_key
    own = replace(own, needs_api_key=needs_api_key)
    if event.authorizer is None:
        return own
    return replace(own, authorizer=event.authorizer, scopes=event.scopes)


class _EventReader:
    def __init__(self, resource: SamResource) -> None:
        self._models = ModelReader(resource.settings.mapping("Models"))

    def read(self, event: ApiEvent) -> Operation:
        auth = event_auth(event)
        return Operation(
            method=event.method,
            path=resource_path(event.path),
            place=event.place,
            integration=event_integration(event, _integration),
            authorizer=auth.text("Authorizer") if auth else None,
            scopes=own_scopes(auth),
            needs_api_key=flag(auth, "ApiKeyRequired") if auth else None,
            validation=self._models.read(event.settings),
        )


def _integration(event: ApiEvent) -> Integration:
    streams = event.settings.text("ResponseTransferMode") in _STREAMS
    return FunctionIntegration(
        target=cast("FunctionTarget", event.target),
        payload="1.0",
        timeout_ms=timeout_ms(event.settings, "TimeoutInMillis", ApiKind.REST, streams=streams),
        streams=streams,
    )


def _with_auth(resource: SamResource, definition: Definition, auth: ApiAuth) -> Definition:
    own = SamAuthorizers(auth.settings, resource.stack, resource.targets, is_rest=True)
    definition = replace(
        definition,
        authorizers={AWS_IAM: IamAuthorizer(), **definition.authorizers, **own.authorizers},
        default_scopes={**definition.default_scopes, **own.scopes},
    )
    operations: Iterable[Operation] = definition.operations
    if auth.refusal is not None:
        definition = definition.with_unknown_guard(auth.refusal)
        operations = map(_with_unknown_key, operations)
    operations = with_authorizer(
        operations,
        auth.default,
        skips=frozenset({OPTIONS} if auth.opens_preflights else ()),
    )
    if auth.needs_api_key:
        skips_preflight = auth.opens_preflights_without_key
        operations = _with_api_key(operations, skips_preflight=skips_preflight)
    return replace(definition, operations=tuple(operations))


def _with_unknown_key(operation: Operation) -> Operation:
    """Return an operation without authorizer as one that says nothing: the API may ask for an API key."""
    if operation.authorizer == NO_AUTHORIZER and operation.needs_api_key is None:
        return replace(operation, authorizer=None)
    return operation


def _with_api_key(operations: Iterable[Operation], *, skips_preflight: bool) -> Iterator[Operation]:
    for operation in operations:
        if skips_preflight and operation.method == OPTIONS:
            yield replace(operation, needs_api_key=False)
        elif operation.needs_api_key is None:
            yield replace(operation, needs_api_key=True)
        else:
            yield operation
