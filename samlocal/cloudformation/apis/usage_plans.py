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
from samlocal.cloudformation.apis.settings import mappings_of, skipped
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.errors import ProjectError
from samlocal.project.apis import RateLimit, UsagePlan

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
            settings = settings_of(plan, missing)
            own = _stage_of(resources, plan, settings, (api, stage))
            if own is not None:
                keys = tuple(_keys_of(resources, plan))
                name = full_path(plan.stack, plan.logical_id)
                found.append(_read(settings, name, keys, own.mapping("Throttle")))
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


def _read(
    settings: Properties, name: str, keys: tuple[str, ...], methods: Properties | None = None
) -> UsagePlan:
    throttle, quota = settings.mapping("Throttle"), settings.mapping("Quota")
    limits = ((key, _rate_limit(each)) for key, each in (mappings_of(methods) if methods else ()))
    period = quota.choice("Period", _PERIODS) if quota else None
    return UsagePlan(
        name=name,
        keys=keys,
        rate=_rate_limit(throttle) if throttle else None,
        methods={key: limit for key, limit in limits if limit},
        quota=quota.optional_integer("Limit", least=0) if quota else None,
        quota_period=cast("QuotaPeriod", period or "DAY"),
    )


def _rate_limit(throttle: Properties) -> RateLimit | None:
    if "RateLimit" not in throttle.entries:
        return None
    return RateLimit(
        rate=throttle.number("RateLimit", 0, least=0, most=_MOST),
        burst=throttle.optional_integer("BurstLimit", least=0),
    )


def _stage_of(
    resources: ApiResources, plan: Resource, settings: Properties, stage: tuple[Resource, str]
) -> Properties | None:
    """Return what a plan says about a stage of an API; a stage whose name is unknown is any."""
    api, name = stage
    for each in settings.mappings("ApiStages", "a stage"):
        if resources.referred(plan.stack, each.entries.get("ApiId")) == api:
            own = plan.stack.optional_text(each.entries.get("Stage"))
            if own in {None, name}:
                return each
    return None


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
