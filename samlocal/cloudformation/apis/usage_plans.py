"""Usage plans of REST APIs, and the API keys that they have.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplan.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-usageplankey.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiusageplan.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from samlocal.cloudformation.apis.api_names import full_path
from samlocal.cloudformation.apis.api_resources import declared_property, settings_of
from samlocal.cloudformation.apis.settings import skipped
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.errors import ProjectError
from samlocal.project.apis import UsagePlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from samlocal.cloudformation.apis.api_resources import ApiResources
    from samlocal.cloudformation.apis.marked_text import Resource
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.project.apis import Api, QuotaPeriod

_PLAN: Final = "AWS::ApiGateway::UsagePlan"
_PLAN_KEY: Final = "AWS::ApiGateway::UsagePlanKey"
_KEY: Final = "AWS::ApiGateway::ApiKey"
_PERIODS: Final = ("DAY", "WEEK", "MONTH")
_MOST: Final = 10**9
_SHARED: Final = ("ServerlessUsagePlan", "ServerlessApiKey")


def read_usage_plans(
    resources: ApiResources, api: Resource, stage: str, missing: MissingValues
) -> tuple[UsagePlan, ...]:
    """Return the usage plans that are resources and have a stage of an API.

    `missing` gets reports of those that are left out because of an error.
    """
    found: list[UsagePlan] = []
    for plan in resources.of_type(_PLAN):
        try:
            if _has_stage(resources, plan, api, stage):
                keys = tuple(_keys_of(resources, plan))
                name = full_path(plan.stack, plan.logical_id)
                found.append(_read(settings_of(plan, missing), name, keys))
        except ProjectError as error:
            missing.diagnostics.append(skipped(f"`{plan.logical_id}`", error))
    return tuple(found)


def read_sam_plan(auth: Properties | None, stack: Stack, api: str) -> UsagePlan | None:
    """Return the usage plan that SAM makes for an API by its logical id; None if it makes none, or it has an error."""
    settings = auth.mapping("UsagePlan") if auth else None
    if settings is None:
        return None
    try:
        kind = settings.choice("CreateUsagePlan", ("PER_API", "SHARED", "NONE"))
        if kind in {None, "NONE"}:
            return None
        name, key = _SHARED if kind == "SHARED" else (f"{api}UsagePlan", f"{api}ApiKey")
        return _read(settings, full_path(stack, name), (key,))
    except ProjectError as error:
        settings.missing.diagnostics.append(skipped(f"the usage plan of `{api}`", error))
        return None


def with_foreign_keys(apis: Sequence[Api]) -> tuple[Api, ...]:
    """Return APIs, those that have usage plans with the keys that only other ones have."""
    keys = {key: None for api in apis for plan in api.usage_plans for key in plan.keys}
    return tuple(
        replace(api, foreign_keys=tuple(each for each in keys if each not in own))
        if api.usage_plans
        else api
        for api in apis
        for own in ({key for plan in api.usage_plans for key in plan.keys},)
    )


def _read(settings: Properties, name: str, keys: tuple[str, ...]) -> UsagePlan:
    throttle, quota = settings.mapping("Throttle"), settings.mapping("Quota")
    period = quota.choice("Period", _PERIODS) if quota else None
    has_rate = throttle is not None and "RateLimit" in throttle.entries
    return UsagePlan(
        name=name,
        keys=keys,
        rate=throttle.number("RateLimit", 0, least=0, most=_MOST)
        if throttle and has_rate
        else None,
        burst=throttle.optional_integer("BurstLimit", least=0) if throttle else None,
        quota=quota.optional_integer("Limit", least=0) if quota else None,
        quota_period=cast("QuotaPeriod", period or "DAY"),
    )


def _has_stage(resources: ApiResources, plan: Resource, api: Resource, stage: str) -> bool:
    """Return whether a plan has a stage of an API; a stage whose name is unknown is any."""
    node = declared_property(plan, "ApiStages")
    node = plan.stack.resolver.reduce(node) if node else None
    for each in node.items("`ApiStages`") if node and isinstance(node.value, tuple) else ():
        entry = plan.stack.resolver.reduce(each)
        if resources.referred(plan.stack, entry.get("ApiId")) == api:
            name = plan.stack.optional_text(entry.get("Stage"))
            if name in {None, stage}:
                return True
    return False


def _keys_of(resources: ApiResources, plan: Resource) -> Iterator[str]:
    """Yield the names of a plan's keys, and the logical ids by which a user may call them, too."""
    for link in resources.owned(_PLAN_KEY, "UsagePlanId", plan):
        node = declared_property(link, "KeyId")
        key = resources.referred(link.stack, node, _KEY)
        if key is not None:
            yield from (key.logical_id, full_path(key.stack, key.logical_id))
            if name := settings_of(key, MissingValues()).text("Name"):
                yield name
        elif text := node.get("Ref") if node else None:  # a key that SAM makes
            yield text.text("`Ref`")
