"""The properties of a function that only callers of Lambda's API notice.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from samlocal.cloudformation.functions.event_invoke_configs import (
    read_dead_letter,
    read_event_invoke_configs,
)

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.function import Function

_ACTIVE: Final = "Active"
# https://docs.aws.amazon.com/lambda/latest/api/API_TracingConfig.html
_MODES: Final = (_ACTIVE, "PassThrough")
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html#sam-function-tracing
_SAM_MODES: Final = (*_MODES, "Disabled")
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html
_ALLOW: Final = "Allow"
_RECURSIVE_LOOP: Final = (_ALLOW, "Terminate")


def with_api_properties(
    function: Function, stack: Stack, properties: Properties, alias: str | None
) -> Function:
    """Return the function with these properties; `alias` is its `AutoPublishAlias`.

    Description, role and tags that cannot be resolved locally are left out without a word, as they change nothing
    that runs.

    Raises:
        TemplateError: a property has a value that Lambda refuses.
    """
    return replace(
        function,
        description=stack.optional_text(properties.entries.get("Description")) or "",
        role=stack.optional_text(properties.entries.get("Role")),
        tags=_tags(stack, properties.entries.get("Tags")),
        tracing=_tracing(properties),
        reserved_concurrency=properties.optional_integer("ReservedConcurrentExecutions", least=0),
        event_invoke=read_event_invoke_configs(stack, function.logical_id, properties, alias),
        dead_letter=read_dead_letter(properties),
        allows_recursion=properties.choice("RecursiveLoop", _RECURSIVE_LOOP) == _ALLOW,
    )


def _tags(stack: Stack, node: Node | None) -> dict[str, str]:
    """Return the tags of SAM's mapping, or of CloudFormation's list of keys and values."""
    resolved = stack.optional_value(node)
    if resolved is None:
        return {}
    if isinstance(resolved.value, dict):
        pairs = [(key, value.optional_text()) for key, value in resolved.value.items()]
    else:
        items = resolved.value if isinstance(resolved.value, tuple) else ()
        pairs = [
            (text, _text(item, "Value"))
            for item in items
            if (text := _text(item, "Key")) is not None
        ]
    return {key: value for key, value in pairs if value is not None}


def _text(item: Node, name: str) -> str | None:
    node = item.get(name)
    return node.optional_text() if node else None


def _tracing(properties: Properties) -> Literal["Active", "PassThrough"]:
    config = properties.mapping("TracingConfig")
    mode = config.choice("Mode", _MODES) if config else properties.choice("Tracing", _SAM_MODES)
    return "Active" if mode == _ACTIVE else "PassThrough"
