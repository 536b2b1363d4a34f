"""Versions and aliases of a function, and what happens to its asynchronous invocations, as resources.

https://www.serverless.com/framework/docs/providers/aws/guide/functions#versioning-deployed-functions
https://www.serverless.com/framework/docs/providers/aws/guide/functions#destinations
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.serverless.template.logical_ids import function_id
from samlocal.serverless.template.resource_nodes import ResourceBuilder
from samlocal.serverless.template.sections import is_set

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.template.service import Service

_VERSION: Final = "AWS::Lambda::Version"
_ALIAS: Final = "AWS::Lambda::Alias"
_EVENT_INVOKE_CONFIG: Final = "AWS::Lambda::EventInvokeConfig"
# The settings that make Serverless add an alias, its name, and the end of its logical id.
_ALIASES: Final = {
    "provisionedConcurrency": ("provisioned", "ProvConcLambdaAlias"),
    "snapStart": ("snapstart", "SnapStartLambdaAlias"),
}
_EVENTS: Final = {"onSuccess": "OnSuccess", "onFailure": "OnFailure"}


def compile_versions(service: Service, key: str) -> dict[str, Node]:
    """Return the version of a function, and the alias that it may have, by logical id."""
    logical_id = function_id(key)
    at = service.functions.node(key) or service.root
    own = service.functions.value(key, "versionFunction")
    versions = own if own is not None else service.value("provider", "versionFunctions")
    alias = read_alias(service, key)
    if versions is not None and not versions.value and alias is None:
        return {}
    version_id = f"{logical_id.removesuffix('Function')}Version"
    version = ResourceBuilder(_VERSION, at)
    version.add_data("FunctionName", {"Ref": logical_id})
    compiled = {version_id: version.node()}
    if alias:
        name, end = alias
        resource = ResourceBuilder(_ALIAS, at)
        resource.add_data("FunctionName", {"Ref": logical_id})
        resource.add_data("FunctionVersion", {"Fn::GetAtt": [version_id, "Version"]})
        resource.add_text("Name", name)
        compiled[f"{logical_id.removesuffix('LambdaFunction')}{end}"] = resource.node()
    return compiled


def read_alias(service: Service, key: str) -> tuple[str, str] | None:
    """Return the alias that Serverless makes for a function: its name, and the end of its logical id."""
    for prop, (name, end) in _ALIASES.items():
        setting = service.functions.value(key, prop)
        if is_set(setting):
            own = setting.get("alias")
            return (own.text("an alias") if is_set(own) else name, end)
    return None


def compile_event_invoke_config(service: Service, key: str) -> dict[str, Node]:
    """Return the handling of asynchronous invocations, by logical id; empty if a function has none.

    Serverless gives it to the function's alias, if it has one.
    """
    destinations = service.functions.value(key, "destinations")
    age = service.functions.value(key, "maximumEventAge")
    retries = service.functions.value(key, "maximumRetryAttempts")
    at = next((node for node in (destinations, age, retries) if node is not None), None)
    if at is None:
        return {}
    resource = ResourceBuilder(_EVENT_INVOKE_CONFIG, at)
    resource.add_data("FunctionName", {"Ref": function_id(key)})
    if alias := read_alias(service, key):
        resource.add_text("Qualifier", alias[0])
    if is_set(age):
        resource.add("MaximumEventAgeInSeconds", age)
    resource.add("MaximumRetryAttempts", retries)
    if destinations is not None:
        entries = destinations.entries("`destinations`")
        config = {
            target: {"Destination": _destination(service, entries[own])}
            for own, target in _EVENTS.items()
            if is_set(entries.get(own))
        }
        resource.add_data("DestinationConfig", config)
    return {f"{function_id(key).removesuffix('Function')}EvConf": resource.node()}


def _destination(service: Service, node: Node) -> Node:
    """Return the ARN of a destination, which may be the key of a function."""
    if isinstance(node.value, dict):
        return node.get("arn") or node
    text = node.text("a destination")
    if text in service.functions.keys:
        return node.with_data({"Fn::GetAtt": [function_id(text), "Arn"]})
    return node
