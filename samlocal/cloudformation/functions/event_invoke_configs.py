"""How asynchronous invocations of a function are handled: retries, destinations, the dead letter queue.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventinvokeconfig.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventinvokeconfiguration.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.stack.globals import declared_properties
from samlocal.cloudformation.stack.qualifiers import resources_of
from samlocal.errors import TemplateError
from samlocal.function import EventInvokeConfig
from samlocal.qualifier import LATEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.stack.stack import Stack

_TYPE: Final = "AWS::Lambda::EventInvokeConfig"
_PROPERTY: Final = "EventInvokeConfig"
_DEFAULTS: Final = EventInvokeConfig()
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
_RETRIES: Final = (0, 2)
_AGE_SECONDS: Final = (60, 21_600)
_DESTINATION_TYPES: Final = ("SQS", "SNS", "EventBridge", "Lambda", "S3Bucket")
# The destinations that SAM creates where the template names none, and the ends of their logical ids.
_GENERATED: Final[Mapping[str, str]] = {"SQS": "Queue", "SNS": "Topic"}
_QUEUE_TYPES: Final = ("SQS", "SNS")


def read_event_invoke_configs(
    stack: Stack, logical_id: str, properties: Properties, alias: str | None
) -> dict[str, EventInvokeConfig]:
    """Return the configurations by qualifier; that of a SAM function belongs to `alias`, if it has one.

    Raises:
        TemplateError: a value is one that Lambda refuses, or a qualifier has two configurations.
    """
    configs = {}
    if own := properties.mapping(_PROPERTY):
        made = f"{logical_id}{_PROPERTY}"
        config = replace(
            _read(own),
            on_success=_sam_destination(stack, own, made, "OnSuccess"),
            on_failure=_sam_destination(stack, own, made, "OnFailure"),
            place=properties.node.place_of(_PROPERTY),
        )
        configs[alias or LATEST] = config
    for name in resources_of(stack, logical_id, _TYPE):
        if stack.exists(name) is False:
            continue
        declared = Properties(declared_properties(stack, name), stack.resolver, properties.missing)
        qualifier = declared.text("Qualifier") or LATEST
        place = stack.place_of(name)
        if other := configs.get(qualifier):
            raise TemplateError(
                f"`{name}` is the second `{_PROPERTY}` for `{qualifier}` of `{logical_id}`",
                place=place,
                hint=f"the first is at {other.place}",
            )
        configs[qualifier] = replace(
            _read(declared),
            on_success=_destination(declared, "OnSuccess"),
            on_failure=_destination(declared, "OnFailure"),
            place=place,
        )
    return configs


def read_dead_letter(properties: Properties) -> str | None:
    """Return the ARN of a function's dead letter queue; None if it has none, or it is not known locally.

    Raises:
        TemplateError: it is incomplete, or no ARN.
    """
    if config := properties.mapping("DeadLetterConfig"):
        return _arn(config, "TargetArn")
    config = properties.mapping("DeadLetterQueue")
    if config is None:
        return None
    for name in ("Type", "TargetArn"):
        if not config.resolver.may_have_value(config.entries.get(name)):
            raise TemplateError(
                f"`DeadLetterQueue` needs a `{name}`",
                place=properties.node.place_of("DeadLetterQueue"),
                hint="write `DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}`",
            )
    config.choice("Type", _QUEUE_TYPES)
    return _arn(config, "TargetArn")


def _read(config: Properties) -> EventInvokeConfig:
    fewest, most = _RETRIES
    youngest, oldest = _AGE_SECONDS
    return EventInvokeConfig(
        max_retries=config.integer(
            "MaximumRetryAttempts", _DEFAULTS.max_retries, least=fewest, most=most
        ),
        max_age_seconds=config.integer(
            "MaximumEventAgeInSeconds", _DEFAULTS.max_age_seconds, least=youngest, most=oldest
        ),
    )


def _destination_of(config: Properties, event: str) -> Properties | None:
    destinations = config.mapping("DestinationConfig")
    return destinations.mapping(event) if destinations else None


def _destination(config: Properties, event: str) -> str | None:
    destination = _destination_of(config, event)
    return _arn(destination, "Destination") if destination else None


def _sam_destination(stack: Stack, config: Properties, made: str, event: str) -> str | None:
    """Return the ARN of a destination; SAM creates the queue or the topic that the template does not name."""
    destination = _destination_of(config, event)
    if destination is None:
        return None
    kind = destination.choice("Type", _DESTINATION_TYPES)
    if kind is None and "Type" not in destination.entries:
        raise TemplateError(
            f"`{event}` needs a `Type`",
            place=destination.node.place,
            hint=f"one of {', '.join(_DESTINATION_TYPES)}",
        )
    if destination.resolver.may_have_value(destination.entries.get("Destination")):
        return _arn(destination, "Destination")
    if kind is None:
        return None
    if kind not in _GENERATED:
        raise TemplateError(
            f"`{event}` needs a `Destination`, the ARN that events go to",
            place=destination.node.place,
            hint="SAM creates a destination of the types SQS and SNS only",
        )
    return stack.context.arn(kind.lower(), f"{made}{event}{_GENERATED[kind]}")


def _arn(config: Properties, name: str) -> str | None:
    arn = config.text(name)
    if arn and not arn.startswith("arn:"):
        raise TemplateError(
            f"`{name}` must be an ARN, not `{arn}`",
            place=config.node.place_of(name),
            hint="refer to a resource with `!GetAtt NAME.Arn`",
        )
    return arn or None
