"""REST APIs of plain CloudFormation, which the CDK and the Serverless Framework write.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.api_resources import (
    ApiResources,
    declared_property,
    orphans,
    settings_of,
)
from samlocal.cloudformation.apis.authorizer_resources import (
    authorizer_key,
    key_of,
    read_authorizer,
)
from samlocal.cloudformation.apis.bodies import read_body
from samlocal.cloudformation.apis.definition import (
    AWS_IAM,
    Definition,
    Operation,
    routes_of,
    without_open_catch_alls,
)
from samlocal.cloudformation.apis.gateway_responses import read_resource_response
from samlocal.cloudformation.apis.integration_resources import read_method_integration
from samlocal.cloudformation.apis.integrations import IntegrationReader
from samlocal.cloudformation.apis.rate_limits import with_limits
from samlocal.cloudformation.apis.rest_settings import read_rest_settings, unapplied_policy
from samlocal.cloudformation.apis.rest_validation import ModelReader
from samlocal.cloudformation.apis.settings import (
    flag,
    guarding,
    refused,
    required_text,
    skipped,
)
from samlocal.cloudformation.apis.stage_resources import StageResource, base_paths, read_stages
from samlocal.cloudformation.apis.usage_plans import read_usage_plans
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import ANY_METHOD, Api, ApiKind, Apis, GatewayResponse, IamAuthorizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.diagnostics import Diagnostic
    from samlocal.project.apis import Authorizer

REST_API: Final = "AWS::ApiGateway::RestApi"
SAM_API: Final = "AWS::Serverless::Api"
_AUTHORIZER: Final = "AWS::ApiGateway::Authorizer"
_GATEWAY_RESPONSE: Final = "AWS::ApiGateway::GatewayResponse"
_METHOD: Final = "AWS::ApiGateway::Method"
_RESOURCE: Final = "AWS::ApiGateway::Resource"
_API: Final = "RestApiId"
_AUTHORIZATION_TYPES: Final = ("CUSTOM", "COGNITO_USER_POOLS")
_DEEPEST: Final = 100  # resources in a path


def read_rest_resources(stacks: Sequence[Stack], targets: FunctionTargets) -> Apis:
    """Return the REST APIs of stacks, each once for each of its stages."""
    resources = ApiResources(stacks)
    apis: list[Api] = []
    diagnostics: list[Diagnostic] = []
    for api in resources.of_type(REST_API):
        try:
            apis.extend(_RestApiReader(resources, api, targets).read())
        except ProjectError as error:
            diagnostics.append(skipped(f"`{api.logical_id}`", error))
    diagnostics.extend(orphans(resources, _METHOD, _API, REST_API, SAM_API))
    return Apis(apis=tuple(apis), diagnostics=tuple(diagnostics))


def with_methods(
    api: Api, resource: Resource, resources: ApiResources, targets: FunctionTargets
) -> Api:
    """Return an API of SAM with the `AWS::ApiGateway::Method` resources that a template adds to it.

    Raises:
        ProjectError: The properties of the API cannot be read.
    """
    if not resources.owned(_METHOD, _API, resource) and not resources.unreadable(_METHOD):
        return api
    reader = _RestApiReader(resources, resource, targets)
    definition, failures = reader.read_methods(api.variables)
    added, unanswered = routes_of(definition)
    routes, unsafe = without_open_catch_alls(api.routes, definition.unplaced)
    own = {(route.method, route.path) for route in routes}
    return replace(
        api,
        routes=(*routes, *(each for each in added if (each.method, each.path) not in own)),
        failures=tuple(dict.fromkeys((*api.failures, *failures, *unanswered, *unsafe))),
    )


class _RestApiReader:
    """Reads one API."""

    def __init__(self, resources: ApiResources, api: Resource, targets: FunctionTargets) -> None:
        self._resources = resources
        self._api = api
        self._targets = targets
        self._missing = MissingValues()
        self._settings = settings_of(api, self._missing)
        self._models = ModelReader(resources, api, self._missing)
        self._paths: dict[Resource, str] = {}

    def read(self) -> Iterator[Api]:
        """Yield the API for each of its stages.

        Raises:
            ProjectError: A setting of the whole API has an error.
        """
        stages = read_stages(self._resources, self._api, ApiKind.REST, self._missing)
        for stage in stages:
            yield replace(self._read_stage(stage), has_other_stages=len(stages) > 1)

    def read_methods(
        self, variables: Mapping[str, str]
    ) -> tuple[Definition, tuple[Diagnostic, ...]]:
        """Return the definition that the API's methods make, and what is said about them."""
        definition, failures = self._with_methods(Definition(), variables)
        self._missing.check()
        return definition, (*failures, *self._missing.diagnostics)

    def _read_stage(self, stage: StageResource) -> Api:
        stack, settings = self._api.stack, self._settings
        body = read_body(
            stack,
            self._api.logical_id,
            settings,
            ApiKind.REST,
            targets=self._targets,
            variables=stage.variables,
        )
        declared = body or Definition()
        definition, failures = self._with_methods(declared, stage.variables)
        routes, unanswered = routes_of(definition)
        path = full_path(stack, self._api.logical_id)
        common = read_rest_settings(settings, declared)
        responses = {**declared.gateway_responses, **self._gateway_responses(failures)}
        self._missing.check()
        api = Api(
            kind=ApiKind.REST,
            full_path=path,
            identifier=api_identifier(path),
            stage=stage.name,
            routes=routes,
            name=settings.text("Name") or declared.name,
            variables=stage.variables,
            binary_types=common.binary_types,
            is_edge_optimized=common.is_edge_optimized,
            gateway_responses=responses,
            base_paths=base_paths(self._resources, self._api, stage.name, self._missing),
            api_key_source=common.api_key_source,
            usage_plans=read_usage_plans(self._resources, self._api, stage.name, self._missing),
            minimum_compression_bytes=common.minimum_compression_bytes,
            failures=tuple(
                dict.fromkeys(
                    (
                        *declared.failures,
                        *failures,
                        *unanswered,
                        *unapplied_policy(settings, "Policy"),
                        *self._missing.diagnostics,
                    )
                )
            ),
            place=stack.place_of(self._api.logical_id),
        )
        return with_limits(api, stage.limits)

    def _with_methods(
        self, declared: Definition, variables: Mapping[str, str]
    ) -> tuple[Definition, list[Diagnostic]]:
        operations: list[Operation] = []
        authorizers: dict[str, Authorizer] = {AWS_IAM: IamAuthorizer(), **declared.authorizers}
        failures: list[Diagnostic] = []
        broken: dict[tuple[str, str], Diagnostic] = {}
        unplaced: list[Diagnostic] = []
        for resource in self._resources.owned(_AUTHORIZER, _API, self._api):
            authorizers[key_of(resource)] = read_authorizer(
                resource, ApiKind.REST, self._targets, self._missing, variables
            )
        for method in self._resources.owned(_METHOD, _API, self._api):
            try:
                operations.append(self._method(method, variables))
            except ProjectError as error:
                failures.append(refused(f"`{method.logical_id}`", error))
                if key := self._broken_key(method):
                    broken[key] = failures[-1]
                else:
                    unplaced.append(failures[-1])
        definition = declared.with_operations(operations).without(broken)
        unplaced += self._resources.unreadable(_METHOD)
        return (
            replace(
                definition, authorizers=authorizers, unplaced=(*definition.unplaced, *unplaced)
            ),
            failures,
        )

    def _method(self, resource: Resource, variables: Mapping[str, str]) -> Operation:
        stack = resource.stack
        settings = settings_of(resource, self._missing)
        method = required_text(settings, "HttpMethod", f"`{resource.logical_id}`").upper()
        path = self._path(resource, "ResourceId") or "/"
        reader = IntegrationReader(ApiKind.REST, stack, self._targets, variables)
        guarding(settings, "AuthorizationType", "AuthorizationScopes", "ApiKeyRequired")
        scopes = settings.texts("AuthorizationScopes")
        return Operation(
            method=method,
            path=path,
            place=stack.place_of(resource.logical_id),
            integration=read_method_integration(settings, reader, f"{method} {path}", method),
            authorizer=authorizer_key(
                self._resources,
                resource,
                settings,
                resource_type=_AUTHORIZER,
                types=_AUTHORIZATION_TYPES,
            ),
            scopes=scopes or None,
            needs_api_key=flag(settings, "ApiKeyRequired"),
            operation_name=settings.text("OperationName"),
            validation=self._models.read(resource, settings),
        )

    def _broken_key(self, method: Resource) -> tuple[str, str] | None:
        """Return method and path of a resource that has an error; None if the path is unknown."""
        try:
            path = self._path(method, "ResourceId") or "/"
        except ProjectError:
            return None
        name = method.stack.optional_text(declared_property(method, "HttpMethod"))
        return (name or ANY_METHOD).upper(), path

    def _path(self, resource: Resource, name: str, depth: int = 0) -> str:
        """Return the path of the resource that a property refers to; that of the root is empty.

        Raises:
            TemplateError: The resource is not part of the API.
        """
        node = declared_property(resource, name)
        parent = self._resources.referred(resource.stack, node, _RESOURCE, REST_API, SAM_API)
        if parent == self._api:
            return ""
        if parent is None or depth > _DEEPEST:
            raise TemplateError(
                f"`{name}` is not a resource of this API",
                place=node.place if node else resource.stack.place_of(resource.logical_id),
            )
        if parent not in self._paths:
            above = self._path(parent, "ParentId", depth + 1)
            settings = settings_of(parent, self._missing)
            part = required_text(settings, "PathPart", f"`{parent.logical_id}`")
            self._paths[parent] = f"{above}/{part.strip('/')}"
        return self._paths[parent]

    def _gateway_responses(self, failures: list[Diagnostic]) -> dict[str, GatewayResponse]:
        found = {}
        for resource in self._resources.owned(_GATEWAY_RESPONSE, _API, self._api):
            try:
                settings = settings_of(resource, self._missing)
                kind, response = read_resource_response(settings, resource.logical_id)
            except ProjectError as error:
                failures.append(skipped(f"`{resource.logical_id}`", error))
            else:
                found[kind] = response
        return found
