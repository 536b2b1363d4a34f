"""Resources of plain CloudFormation that belong to an API of SAM: gateway responses, base paths, usage plans.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-gatewayresponse.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-basepathmapping.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_resources import settings_of
from samlocal.cloudformation.apis.gateway_responses import read_resource_response
from samlocal.cloudformation.apis.stage_resources import base_paths
from samlocal.cloudformation.apis.usage_plans import read_usage_plans

if TYPE_CHECKING:
    from samlocal.cloudformation.apis.api_resources import ApiResources
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.project.apis import Api

_GATEWAY_RESPONSE: Final = "AWS::ApiGateway::GatewayResponse"


def with_additions(
    api: Api, resource: Resource, resources: ApiResources, missing: MissingValues
) -> Api:
    """Return an API with what other resources say about it; `missing` gets reports of values that are left out.

    Raises:
        TemplateError: one of them is malformed.
    """
    responses = dict(api.gateway_responses)
    for each in resources.owned(_GATEWAY_RESPONSE, "RestApiId", resource):
        kind, response = read_resource_response(settings_of(each, missing), each.logical_id)
        responses[kind] = response
    paths = (*api.base_paths, *base_paths(resources, resource, api.stage, missing))
    plans = read_usage_plans(resources, resource, api.stage, missing)
    return replace(
        api,
        gateway_responses=responses,
        base_paths=tuple(dict.fromkeys(paths)),
        usage_plans=(*api.usage_plans, *plans),
    )
