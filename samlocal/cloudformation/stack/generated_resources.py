"""Resources that SAM generates, for references from the template.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
"""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.stack.globals import declared_properties
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from samlocal.cloudformation.stack.resource_scope import ResourceScope
    from samlocal.documents.node import Node

_HASH_LENGTH: Final = 10
_REST_STAGE: Final = "AWS::ApiGateway::Stage"
_HTTP_STAGE: Final = "AWS::ApiGatewayV2::Stage"
_RULE: Final = "AWS::Events::Rule"
_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_SCHEDULE: Final = "AWS::Scheduler::Schedule"
# The resource type that SAM generates for an event source, and the property that names it.
_EVENT_SOURCES: Final[Mapping[str, tuple[str, str | None]]] = {
    "CloudWatchEvent": (_RULE, "RuleName"),
    "CloudWatchLogs": ("AWS::Logs::SubscriptionFilter", None),
    "DocumentDB": (_MAPPING, None),
    "DynamoDB": (_MAPPING, None),
    "EventBridgeRule": (_RULE, "RuleName"),
    "IoTRule": ("AWS::IoT::TopicRule", None),
    "Kinesis": (_MAPPING, None),
    "MQ": (_MAPPING, None),
    "MSK": (_MAPPING, None),
    "SNS": ("AWS::SNS::Subscription", None),
    "SQS": (_MAPPING, None),
    "Schedule": (_RULE, "Name"),
    "ScheduleV2": (_SCHEDULE, "Name"),
    "SelfManagedKafka": (_MAPPING, None),
}
# Prefixes of generated resources that belong to no resource of the template, or to several.
_SHARED: Final = (
    "ApiGatewayDomainName",
    "DomainNameAccessAssociation",
    "RecordSetGroup",
    "ServerlessApiKey",
    "ServerlessHttpApi",
    "ServerlessRestApi",
    "ServerlessUsagePlan",
)
_DESTINATIONS: Final = {
    "SNS": ("Topic", "AWS::SNS::Topic"),
    "SQS": ("Queue", "AWS::SQS::Queue"),
}


@frozen
class GeneratedResources:
    """The resources that SAM generates from a stack's resources.

    `resources` are by logical id. `referable` has the logical ids of those with another name, such as
    `Function.Alias`. All names start with one of `origins`.
    """

    resources: dict[str, Node] = field(default_factory=dict)
    referable: dict[str, str] = field(default_factory=dict)
    origins: list[str] = field(default_factory=lambda: list(_SHARED))

    def add(self, logical_id: str, resource: Node, *, name: str | None = None) -> None:
        self.resources.setdefault(logical_id, resource)
        if name is not None:
            self.referable.setdefault(name, logical_id)

    def may_have(self, name: str) -> bool:
        """Return whether SAM may generate a resource of that name; some names have a random part."""
        return name.startswith(tuple(self.origins))


def generated_resources(stack: ResourceScope) -> GeneratedResources:
    """Return the resources that SAM generates, as far as their names are known before deployment."""
    made = GeneratedResources()
    for logical_id in stack.resources:
        resource_type = stack.resource_type(logical_id) or ""
        if resource_type.startswith("AWS::Serverless::"):
            made.origins.append(logical_id)
        if add := _MAKERS.get(resource_type):
            add(stack, logical_id, made)
    _add_implicit_apis(stack, made)
    return made


def _add_of_function(stack: ResourceScope, function: str, made: GeneratedResources) -> None:
    at = stack.resources[function]
    properties = declared_properties(stack, function)
    if properties.get("Role") is None:
        made.add(f"{function}Role", _resource(at, "AWS::IAM::Role"))
    if alias := properties.get("AutoPublishAlias"):
        _add_alias(stack, function, alias, made)
    if preference := properties.get("DeploymentPreference"):
        made.add("ServerlessDeploymentApplication", _resource(at, "AWS::CodeDeploy::Application"))
        made.add(f"{function}DeploymentGroup", _resource(at, "AWS::CodeDeploy::DeploymentGroup"))
        if preference.get("Role") is None:
            made.add("CodeDeployServiceRole", _resource(at, "AWS::IAM::Role"))
    if properties.get("FunctionUrlConfig"):
        made.add(f"{function}Url", _resource(at, "AWS::Lambda::Url"))
    if config := properties.get("EventInvokeConfig"):
        _add_destinations(stack, function, config, made)
    _add_event_sources(stack, function, properties.get("Events"), made)


def _add_alias(stack: ResourceScope, function: str, alias: Node, made: GeneratedResources) -> None:
    at = stack.resources[function]
    reference = at.with_data({"Ref": function})
    text = (stack.optional_text(alias) or "").replace("-", "D").replace("_", "U")
    made.add(
        f"{function}Alias{text}",
        _resource(at, "AWS::Lambda::Alias", FunctionName=reference, Name=alias),
        name=f"{function}.Alias",
    )
    made.add(
        f"{function}Version",
        _resource(at, "AWS::Lambda::Version", FunctionName=reference),
        name=f"{function}.Version",
    )


def _add_destinations(
    stack: ResourceScope, function: str, config: Node, made: GeneratedResources
) -> None:
    at = stack.resources[function]
    logical_id = f"{function}EventInvokeConfig"
    made.add(logical_id, _resource(at, "AWS::Lambda::EventInvokeConfig"))
    destinations = config.get("DestinationConfig")
    for event in ("OnSuccess", "OnFailure"):
        destination = destinations.get(event) if destinations else None
        if destination is None or stack.resolver.may_have_value(destination.get("Destination")):
            continue
        kind = _DESTINATIONS.get(stack.optional_text(destination.get("Type")) or "")
        if kind is not None:
            suffix, resource_type = kind
            resource = _resource(at, resource_type)
            name = f"{function}.Destination{suffix}"
            made.add(f"{logical_id}{event}{suffix}", resource, name=name)
            made.add(f"{function}{event}{suffix}", resource)  # the spelling in SAM's documentation


def _add_event_sources(
    stack: ResourceScope, logical_id: str, events: Node | None, made: GeneratedResources
) -> None:
    at = stack.resources[logical_id]
    sources = events.value if events and isinstance(events.value, dict) else {}
    for name, source in sources.items():
        event_id = f"{logical_id}{name}"
        resource_type, named_by = _EVENT_SOURCES.get(
            stack.optional_text(source.get("Type")) or "", ("", None)
        )
        settings = source.get("Properties")
        own_name = settings.get(named_by) if settings and named_by else None
        if settings and settings.get("SqsSubscription"):
            made.add(f"{event_id}Queue", _resource(at, "AWS::SQS::Queue"))
        if resource_type == _SCHEDULE and not (settings and settings.get("OmitName")):
            own_name = own_name or at.with_value(event_id)
        if resource_type:
            names = {"Name": own_name} if own_name else {}
            made.add(event_id, _resource(at, resource_type, **names))
        if resource_type == _SCHEDULE and not (settings and settings.get("RoleArn")):
            made.add(f"{event_id}Role", _resource(at, "AWS::IAM::Role"))
        if config := settings.get("DeadLetterConfig") if settings else None:
            _add_dead_letter_queue(stack, config, made, at=at, default_id=f"{event_id}Queue")


def _add_dead_letter_queue(
    stack: ResourceScope, config: Node, made: GeneratedResources, *, at: Node, default_id: str
) -> None:
    if config.get("Type") and not stack.resolver.may_have_value(config.get("Arn")):
        logical_id = stack.optional_text(config.get("QueueLogicalId")) or default_id
        made.add(logical_id, _resource(at, "AWS::SQS::Queue"))


def _add_of_state_machine(stack: ResourceScope, logical_id: str, made: GeneratedResources) -> None:
    at = stack.resources[logical_id]
    properties = stack.properties(logical_id)
    if "Role" not in properties:
        made.add(f"{logical_id}Role", _resource(at, "AWS::IAM::Role"))
    events = properties.get("Events")
    _add_event_sources(stack, logical_id, events, made)
    for name, source in (events.value if events and isinstance(events.value, dict) else {}).items():
        settings = source.get("Properties")
        if settings is None or settings.get("RoleArn") is None:
            made.add(f"{logical_id}{name}Role", _resource(at, "AWS::IAM::Role"))


def _add_of_rest_api(stack: ResourceScope, api: str, made: GeneratedResources) -> None:
    stage = stack.properties(api).get("StageName")
    if stage is not None:
        _add_stage(stack, api, stage, made, kind=_REST_STAGE)
    _add_domain(stack, api, made, "AWS::ApiGateway::DomainName", "ApiGatewayDomainName")


def _add_of_http_api(stack: ResourceScope, api: str, made: GeneratedResources) -> None:
    at = stack.resources[api]
    is_http = stack.resource_type(api) == "AWS::Serverless::HttpApi"
    default, suffix = (
        ("$default", "ApiGatewayDefaultStage") if is_http else ("default", "DefaultStage")
    )
    stage = stack.properties(api).get("StageName") or at.with_value(default)
    if stack.optional_text(stage) == default:
        resource = _resource(at, _HTTP_STAGE, StageName=stage)
        made.add(f"{api}{suffix}", resource, name=f"{api}.Stage")
    else:
        _add_stage(stack, api, stage, made, kind=_HTTP_STAGE)
    _add_domain(stack, api, made, "AWS::ApiGatewayV2::DomainName", "ApiGatewayDomainNameV2")


def _add_stage(
    stack: ResourceScope, api: str, stage: Node, made: GeneratedResources, *, kind: str
) -> None:
    """Add a stage; its logical id has a hash if the stage name is not alphanumeric."""
    resource = _resource(stack.resources[api], kind, StageName=stage)
    text = stack.optional_text(stage) or ""
    suffix = f"{text}Stage" if text.isalnum() else f"Stage{_hash(text)}"
    made.add(f"{api}{suffix}", resource, name=f"{api}.Stage")
    if isinstance(stage.value, dict):
        made.add(f"{api}Stage", resource)


def _add_domain(
    stack: ResourceScope, api: str, made: GeneratedResources, kind: str, prefix: str
) -> None:
    domain = declared_properties(stack, api).get("Domain")
    name = domain.get("DomainName") if domain else None
    if name is not None:
        resource = _resource(stack.resources[api], kind, DomainName=name)
        suffix = _hash(stack.optional_text(name) or "")
        made.add(f"{prefix}{suffix}", resource, name=f"{api}.DomainName")


def _add_implicit_apis(stack: ResourceScope, made: GeneratedResources) -> None:
    at = stack.section("Resources") or stack.document.root
    for api, kind, stage_id, stage_type, stage in (
        ("ServerlessRestApi", "AWS::ApiGateway::RestApi", "ProdStage", _REST_STAGE, "Prod"),
        (
            "ServerlessHttpApi",
            "AWS::ApiGatewayV2::Api",
            "ApiGatewayDefaultStage",
            _HTTP_STAGE,
            "$default",
        ),
    ):
        made.add(api, _resource(at, kind))
        resource = _resource(at, stage_type, StageName=at.with_value(stage))
        made.add(f"{api}{stage_id}", resource, name=f"{api}.Stage")


def _resource(at: Node, kind: str, **properties: Node) -> Node:
    return at.with_value({"Type": at.with_value(kind), "Properties": at.with_value(properties)})


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()[:_HASH_LENGTH] if text else ""  # noqa: S324


_MAKERS: Final[Mapping[str, Callable[[ResourceScope, str, GeneratedResources], None]]] = {
    "AWS::Serverless::Api": _add_of_rest_api,
    "AWS::Serverless::Function": _add_of_function,
    "AWS::Serverless::HttpApi": _add_of_http_api,
    "AWS::Serverless::StateMachine": _add_of_state_machine,
    "AWS::Serverless::WebSocketApi": _add_of_http_api,
}
