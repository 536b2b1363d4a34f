"""What HTTP and WebSocket APIs of plain CloudFormation have in common: routes, integrations and authorizers.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_names import api_identifier, full_path
from samlocal.cloudformation.apis.api_resources import declared_property, settings_of
from samlocal.cloudformation.apis.authorizer_resources import (
    authorizer_key,
    key_of,
    read_authorizer,
)
from samlocal.cloudformation.apis.definition import (
    AWS_IAM,
    Definition,
    Operation,
    closed_route,
    routes_of,
)
from samlocal.cloudformation.apis.integration_resources import read_integration_resource
from samlocal.cloudformation.apis.integrations import IntegrationReader, unsupported
from samlocal.cloudformation.apis.rate_limits import with_limits
from samlocal.cloudformation.apis.settings import flag, guarding, refused, required_text
from samlocal.cloudformation.apis.stage_resources import StageResource, base_paths, read_stages
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import ANY_METHOD, Api, ApiKind, HttpIntegration, IamAuthorizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from samlocal.cloudformation.apis.api_resources import ApiResources
    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place
    from samlocal.project.apis import Authorizer, Integration

API: Final = "AWS::ApiGatewayV2::Api"
ROUTE: Final = "AWS::ApiGatewayV2::Route"
OWNER: Final = "ApiId"
_AUTHORIZER: Final = "AWS::ApiGatewayV2::Authorizer"
_CONNECT: Final = "$connect"
INTEGRATION: Final = "AWS::ApiGatewayV2::Integration"
INTEGRATION_RESPONSE: Final = "AWS::ApiGatewayV2::IntegrationResponse"
_AUTHORIZATION_TYPES: Final = ("CUSTOM", "JWT")


class V2ApiReader:
    """Reads one API; `split` gives method and path of a route's key."""

    def __init__(
        self,
        resources: ApiResources,
        api: Resource,
        kind: ApiKind,
        targets: FunctionTargets,
        split: Callable[[str, Place], tuple[str, str]],
    ) -> None:
        self.api = api
        self.targets = targets
        self.missing = MissingValues()
        self.settings = settings_of(api, self.missing)
        self._resources = resources
        self._kind = kind
        self._split = split

    @cached_property
    def stages(self) -> tuple[StageResource, ...]:
        """The stages of the API."""
        return read_stages(self._resources, self.api, self._kind, self.missing)

    def read(self, stage: StageResource, declared: Definition | None = None) -> Api:
        """Return the API in one of its stages; `declared` is what its own properties say.

        Raises:
            ProjectError: A setting of the whole API has an error.
        """
        declared = declared or Definition()
        authorizers: dict[str, Authorizer] = {AWS_IAM: IamAuthorizer(), **declared.authorizers}
        for resource in self._resources.owned(_AUTHORIZER, OWNER, self.api):
            authorizers[key_of(resource)] = read_authorizer(
                resource, self._kind, self.targets, self.missing, stage.variables
            )
        failures: list[Diagnostic] = []
        broken: dict[tuple[str, str], Diagnostic] = {}
        unplaced = [*self._resources.unreadable(ROUTE)]
        operations = tuple(self._operations(stage.variables, failures, broken, unplaced))
        definition = declared.with_operations(operations).without(broken)
        unplaced = [*definition.unplaced, *unplaced]
        routes, unanswered = routes_of(
            replace(definition, authorizers=authorizers, unplaced=tuple(unplaced))
        )
        if (
            unplaced
            and self._kind is ApiKind.WEBSOCKET
            and not any(each.path == _CONNECT for each in routes)
        ):
            routes = (*routes, closed_route(ANY_METHOD, _CONNECT, unplaced[0]))
        stack = self.api.stack
        path = full_path(stack, self.api.logical_id)
        name = self.settings.text("Name") or declared.name
        mapped = base_paths(self._resources, self.api, stage.name, self.missing)
        self.missing.check()
        said = (*declared.failures, *failures, *unanswered, *self.missing.diagnostics)
        api = Api(
            kind=self._kind,
            full_path=path,
            identifier=api_identifier(path),
            stage=stage.name,
            routes=routes,
            name=name,
            variables=stage.variables,
            cors=declared.cors,
            base_paths=mapped,
            has_other_stages=len(self.stages) > 1,
            failures=tuple(dict.fromkeys(said)),
            place=stack.place_of(self.api.logical_id),
        )
        return with_limits(api, stage.limits)

    def _operations(
        self,
        variables: Mapping[str, str],
        failures: list[Diagnostic],
        broken: dict[tuple[str, str], Diagnostic],
        unplaced: list[Diagnostic],
    ) -> Iterator[Operation]:
        for route in self._resources.owned(ROUTE, OWNER, self.api):
            try:
                yield self._operation(route, variables)
            except ProjectError as error:
                failures.append(refused(f"`{route.logical_id}`", error))
                if key := self._broken_key(route):
                    broken[key] = failures[-1]
                else:
                    unplaced.append(failures[-1])

    def _broken_key(self, route: Resource) -> tuple[str, str] | None:
        """Return method and path of a route that has an error; None if they are unknown."""
        node = declared_property(route, "RouteKey")
        key = route.stack.optional_text(node)
        if node is None or key is None:
            return None
        try:
            return self._split(key, node.place)
        except ProjectError:
            return None

    def _integration(
        self, target: Resource, reader: IntegrationReader, key: str, method: str
    ) -> Integration:
        responses = self._resources.owned(INTEGRATION_RESPONSE, "IntegrationId", target)
        settings = settings_of(target, self.missing)
        integration = read_integration_resource(
            settings,
            reader,
            key,
            method,
            responses=[settings_of(each, self.missing) for each in responses],
        )
        if self._kind is ApiKind.WEBSOCKET and isinstance(integration, HttpIntegration):
            message = f"`{key}` is sent to `{integration.url}`: HTTP integrations of WebSocket APIs are not emulated"
            return unsupported(message, settings.node.place)
        return integration

    def _operation(self, route: Resource, variables: Mapping[str, str]) -> Operation:
        settings = settings_of(route, self.missing)
        key = required_text(settings, "RouteKey", f"`{route.logical_id}`")
        method, path = self._split(key, settings.node.place_of("RouteKey"))
        target = self._resources.referred(route.stack, settings.entries.get("Target"), INTEGRATION)
        if target is not None:
            reader = IntegrationReader(self._kind, target.stack, self.targets, variables)
            integration = self._integration(target, reader, key, method)
        else:
            is_wrong = "Target" in settings.entries
            raise TemplateError(
                "`Target` is not an integration of this project"
                if is_wrong
                else f"`{key}` has no `Target`",
                place=settings.node.place_of("Target") if is_wrong else settings.node.place,
                hint="write `Target: !Sub integrations/${NAME}`",
            )
        guarding(settings, "AuthorizationType", "AuthorizationScopes", "ApiKeyRequired")
        scopes = settings.texts("AuthorizationScopes")
        return Operation(
            method=method,
            path=path,
            place=route.stack.place_of(route.logical_id),
            integration=integration,
            authorizer=authorizer_key(
                self._resources,
                route,
                settings,
                resource_type=_AUTHORIZER,
                types=_AUTHORIZATION_TYPES,
            ),
            scopes=scopes or None,
            needs_api_key=flag(settings, "ApiKeyRequired"),
            operation_name=settings.text("OperationName"),
        )
