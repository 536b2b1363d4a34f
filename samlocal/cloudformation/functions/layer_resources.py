"""The layers of a function: local content, or ARNs.

`Ref` gives a layer of this project a local ARN. The ARN identifies the layer, also if it comes through
`Fn::If`, a parameter list or a parent stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.functions.code_location import read_content
from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.intrinsics.missing_values import unknown_diagnostic
from samlocal.cloudformation.stack.references import reference
from samlocal.diagnostics import Diagnostic
from samlocal.documents.node import Unknown
from samlocal.errors import CodeNotFoundError
from samlocal.function import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node

LAYER_TYPES: Final = frozenset({"AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"})


def local_layers(stacks: Iterable[Stack]) -> dict[str, tuple[Stack, str]]:
    """Return the stack and logical id of every layer in a project, by local ARN."""
    return {
        arn: (stack, logical_id)
        for stack in stacks
        for logical_id in stack.resources
        if stack.resource_type(logical_id) in LAYER_TYPES
        and isinstance(arn := reference(stack, logical_id, stack.resources[logical_id]), str)
    }


def read_layers(
    properties: Properties, known: Mapping[str, tuple[Stack, str]]
) -> tuple[Layer, ...]:
    """Return a function's layers in the order in which Lambda applies them.

    Layers that cannot be resolved locally are skipped, with a diagnostic.
    """
    items = properties.items("Layers", needed=True)
    return tuple(layer for item in items if (layer := _read_layer(item, known, properties.missing)))


def _read_layer(
    item: Node, known: Mapping[str, tuple[Stack, str]], missing: MissingValues
) -> Layer | None:
    if isinstance(item.value, Unknown):
        if item.value.missing:
            missing.need(item.value)
        else:
            missing.diagnostics.append(unknown_diagnostic("skipping a layer", item, item.value))
        return None
    arn = item.text("a layer")
    if arn not in known:
        return Layer(name=_name(arn), code=None, arn=arn, place=item.place)
    stack, logical_id = known[arn]
    resource = stack.resources[logical_id]
    properties = Properties(
        resource.get("Properties") or resource.with_value({}), stack.resolver, missing
    )
    place = stack.place_of(logical_id)
    try:
        code = read_content(stack, logical_id, properties)
    except CodeNotFoundError as exc:
        message = f"skipping the layer `{logical_id}`: {exc.message}"
        missing.diagnostics.append(Diagnostic(message=message, place=exc.place, hint=exc.hint))
        return None
    if code is None:
        message = f"skipping the layer `{logical_id}`: the template does not give its location"
        missing.diagnostics.append(Diagnostic(message=message, place=place))
        return None
    return Layer(
        name=logical_id,
        code=code,
        arn=None,
        place=place,
        runtimes=properties.without_diagnostics().texts("CompatibleRuntimes"),
        architectures=properties.without_diagnostics().texts("CompatibleArchitectures"),
    )


def _name(arn: str) -> str:
    """Return a layer's name from `arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION`."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else arn  # noqa: PLR2004
