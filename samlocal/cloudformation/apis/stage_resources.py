"""The stages of APIs that are resources of their own, and the paths that custom domains map to them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-stage.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-basepathmapping.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-apimapping.html
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_resources import settings_of
from samlocal.cloudformation.apis.rate_limits import (
    StageLimits,
    read_method_limits,
    read_route_limits,
)
from samlocal.cloudformation.apis.settings import texts_by_name
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import DEFAULT_STAGE, ApiKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.cloudformation.apis.api_resources import ApiResources
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.intrinsics.missing_values import MissingValues

_REST_STAGE: Final = "AWS::ApiGateway::Stage"
_DEPLOYMENT: Final = "AWS::ApiGateway::Deployment"
_STAGE: Final = "AWS::ApiGatewayV2::Stage"
_BASE_PATH_MAPPING: Final = "AWS::ApiGateway::BasePathMapping"
_API_MAPPING: Final = "AWS::ApiGatewayV2::ApiMapping"
_NO_STAGE: Final = {ApiKind.REST: "Prod", ApiKind.HTTP: DEFAULT_STAGE, ApiKind.WEBSOCKET: "Prod"}
_NO_LIMITS: Final = StageLimits()
_NO_PATH: Final = (
    "(none)"  # https://docs.aws.amazon.com/apigateway/latest/api/API_BasePathMapping.html
)


@frozen
class StageResource:
    """A stage of an API, its variables, and the limits of its routes."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: StageLimits = _NO_LIMITS


def read_stages(
    resources: ApiResources, api: Resource, kind: ApiKind, missing: MissingValues
) -> tuple[StageResource, ...]:
    """Return the stages of an API, at least one: one that the template does not have is called as in SAM."""
    is_rest = kind is ApiKind.REST
    found = _stages(resources, api, missing, is_rest=is_rest)
    stages = {stage.name: stage for stage in found}
    return tuple(stages.values()) or (StageResource(name=_NO_STAGE[kind]),)


def _stages(
    resources: ApiResources, api: Resource, missing: MissingValues, *, is_rest: bool
) -> Iterator[StageResource]:
    if not is_rest:
        for resource in resources.owned(_STAGE, "ApiId", api):
            settings = settings_of(resource, missing)
            yield StageResource(
                name=settings.text("StageName") or _NO_STAGE[ApiKind.HTTP],
                variables=texts_by_name(settings.mapping("StageVariables")),
                limits=read_route_limits(settings),
            )
        return
    for resource in resources.owned(_DEPLOYMENT, "RestApiId", api):
        settings = settings_of(resource, missing)
        description = settings.mapping("StageDescription")
        if name := settings.text("StageName"):
            variables = texts_by_name(description.mapping("Variables") if description else None)
            limits = (
                read_method_limits(description, all_methods=description) if description else None
            )
            yield StageResource(name=name, variables=variables, limits=limits or _NO_LIMITS)
    for resource in resources.owned(_REST_STAGE, "RestApiId", api):
        settings = settings_of(resource, missing)
        yield StageResource(
            name=settings.text("StageName") or resource.logical_id,
            variables=texts_by_name(settings.mapping("Variables")),
            limits=read_method_limits(settings),
        )


def base_paths(
    resources: ApiResources, api: Resource, stage: str, missing: MissingValues
) -> tuple[str, ...]:
    """Return the base paths of custom domains that lead to a stage of an API, without the root of a domain."""
    return tuple(dict.fromkeys(_base_paths(resources, api, stage, missing)))


def _base_paths(
    resources: ApiResources, api: Resource, stage: str, missing: MissingValues
) -> Iterator[str]:
    for kind, owner, name in (
        (_BASE_PATH_MAPPING, "RestApiId", "BasePath"),
        (_API_MAPPING, "ApiId", "ApiMappingKey"),
    ):
        for mapping in resources.owned(kind, owner, api):
            settings = settings_of(mapping, missing)
            if settings.text("Stage") not in {None, stage}:
                continue
            path = settings.text(name)
            if path and path != _NO_PATH:
                yield path.strip("/")
