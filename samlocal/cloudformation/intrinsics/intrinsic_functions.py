"""CloudFormation's intrinsic functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import binascii
import json
import re
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import ACCOUNT_HINT
from samlocal.cloudformation.intrinsics.conditions import evaluate_condition
from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.cloudformation.intrinsics.missing_values import combined
from samlocal.cloudformation.intrinsics.pseudo_parameters import availability_zones
from samlocal.cloudformation.intrinsics.resolver import UnknownValueError
from samlocal.documents.node import NO_VALUE, Node, Unknown
from samlocal.errors import TemplateError
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.cloudformation.intrinsics.resolver import Intrinsic, Resolver

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]+")


def _arguments(argument: Node, name: str, *counts: int) -> tuple[Node, ...]:
    items = argument.items(f"the argument of `{name}`")
    if len(items) not in counts:
        expected = " or ".join(str(count) for count in counts)
        raise TemplateError(
            f"`{name}` takes {expected} arguments, not {len(items)}", place=argument.place
        )
    return items


def _ref(resolver: Resolver, argument: Node, at: Node) -> Node:
    name = resolver.text(argument, "the argument of `Ref`")
    return at.with_value(NO_VALUE) if name == "AWS::NoValue" else resolver.scope.reference(name, at)


def _get_att(resolver: Resolver, argument: Node, at: Node) -> Node:
    if isinstance(argument.value, tuple):
        resource, attribute = _arguments(argument, "Fn::GetAtt", 2)
        name = resolver.text(attribute, "an attribute")
        return resolver.scope.attribute(resolver.text(resource, "a resource"), name, at)
    logical_id, dot, name = argument.text("the argument of `Fn::GetAtt`").partition(".")
    if not dot:
        raise TemplateError(
            f"`Fn::GetAtt` needs an attribute: `{logical_id}.…`", place=argument.place
        )
    return resolver.scope.attribute(logical_id, name, at)


def _sub(resolver: Resolver, argument: Node, at: Node) -> Node:
    template, variables = argument, dict[str, Node]()
    if isinstance(argument.value, tuple):
        template, given = _arguments(argument, "Fn::Sub", 2)
        variables = dict(given.entries("the variables of `Fn::Sub`"))

    unknowns: list[Unknown] = []

    def replace(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        node = variables.get(name) or _variable(resolver, name, template)
        try:
            return resolver.text(node, f"`${{{name}}}`")
        except UnknownValueError as exc:
            unknowns.append(exc.unknown)
            return ""

    text = _VARIABLE.sub(replace, template.text("the text of `Fn::Sub`"))
    return at.with_value(combined(unknowns) if unknowns else text)


def _variable(resolver: Resolver, name: str, at: Node) -> Node:
    if not _VARIABLE_NAME.fullmatch(name):
        raise TemplateError(
            f"`${{{name}}}` is not a valid reference in `Fn::Sub`",
            place=at.place,
            hint=f"to keep the text, write `${{!{name}}}`",
        )
    logical_id, dot, attribute = name.partition(".")
    if dot:
        return resolver.scope.attribute(logical_id, attribute, at)
    return resolver.scope.reference(name, at)


def _join(resolver: Resolver, argument: Node, at: Node) -> Node:
    delimiter, values = _arguments(argument, "Fn::Join", 2)
    items = resolver.known(values).items("the values of `Fn::Join`")
    texts = [item.text("a value of `Fn::Join`") for item in items]
    return at.with_value(delimiter.text("the delimiter of `Fn::Join`").join(texts))


def _split(resolver: Resolver, argument: Node, at: Node) -> Node:
    delimiter, source = _arguments(argument, "Fn::Split", 2)
    separator = delimiter.text("the delimiter of `Fn::Split`")
    if not separator:
        raise TemplateError("the delimiter of `Fn::Split` is empty", place=delimiter.place)
    return at.with_data(resolver.text(source, "the text of `Fn::Split`").split(separator))


def _select(resolver: Resolver, argument: Node, at: Node) -> Node:
    index_node, values = _arguments(argument, "Fn::Select", 2)
    index = resolver.text(index_node, "the index of `Fn::Select`")
    resolved = resolver.resolve(values)
    if isinstance(resolved.value, Unknown):
        return at.with_value(resolved.value)
    items = resolved.items("the list of `Fn::Select`")
    if not index.isdecimal() or int(index) >= len(items):
        raise TemplateError(
            f"`Fn::Select` has {len(items)} values and none at index `{index}`",
            place=index_node.place,
        )
    return items[int(index)]


def _base64(resolver: Resolver, argument: Node, at: Node) -> Node:
    text = resolver.text(argument, "the argument of `Fn::Base64`")
    return at.with_value(binascii.b2a_base64(text.encode(), newline=False).decode())


def _find_in_map(resolver: Resolver, argument: Node, at: Node) -> Node:
    map_name, *keys = _arguments(argument, "Fn::FindInMap", 3, 4)
    default = keys.pop().get("DefaultValue") if len(keys) == 3 else None  # noqa: PLR2004
    map_name, *keys = resolver.all_known((map_name, *keys))
    name = map_name.text("the map of `Fn::FindInMap`")
    node = resolver.scope.mapping(name)
    path = [name]
    for key_node in keys:
        key = key_node.text("a key of `Fn::FindInMap`")
        known = node.entries(f"`{'.'.join(path)}`") if node else {}
        node = known.get(key)
        path.append(key)
        if node is None and default is None:
            _refuse_placeholder(resolver, key, path)
            raise TemplateError(
                f"the mappings have no `{'.'.join(path)}`",
                place=key_node.place,
                hint=did_you_mean(key, known),
            )
    return node or resolver.reduce(default or at)


def _refuse_placeholder(resolver: Resolver, key: str, path: Sequence[str]) -> None:
    """Raise if the missing key is the placeholder for an unknown account."""
    context = resolver.scope.context
    if context.account is None and context.account_id in key:
        raise UnknownValueError(
            Unknown(
                reason=f"the mappings have no `{'.'.join(path)}`,"
                f" and {context.account_id} is a placeholder for the account",
                hint=ACCOUNT_HINT,
            )
        )


def _if(resolver: Resolver, argument: Node, at: Node) -> Node:
    """Return the chosen branch; the other one is not evaluated."""
    condition, then, otherwise = _arguments(argument, "Fn::If", 3)
    if isinstance(condition.value, str):
        taken = resolver.scope.condition(condition.value, condition)
    else:
        taken = evaluate_condition(condition, resolver)
    del at
    return resolver.reduce(then if taken else otherwise)


def _condition(resolver: Resolver, argument: Node, at: Node) -> Node:
    del argument
    return at.with_value(evaluate_condition(at, resolver))


def _import_value(resolver: Resolver, argument: Node, at: Node) -> Node:
    name = resolver.text(argument, "the argument of `Fn::ImportValue`")
    return at.with_value(resolver.scope.external.get(Reference(service="exports", name=name)))


def _get_azs(resolver: Resolver, argument: Node, at: Node) -> Node:
    region = resolver.known(argument)
    text = "" if region.value is None else region.text("the argument of `Fn::GetAZs`")
    return at.with_data(availability_zones(text or resolver.scope.context.region))


def _cidr(resolver: Resolver, argument: Node, at: Node) -> Node:
    from samlocal.cloudformation.intrinsics.cidr import divide  # noqa: PLC0415  # `ipaddress` is slow to import

    texts = [
        resolver.text(node, "an argument of `Fn::Cidr`")
        for node in _arguments(argument, "Fn::Cidr", 3)
    ]
    try:
        return at.with_data(divide(texts[0], int(texts[1]), int(texts[2])))
    except ValueError as exc:
        raise TemplateError(f"`Fn::Cidr`: {exc}", place=argument.place) from exc


def _length(resolver: Resolver, argument: Node, at: Node) -> Node:
    resolved = resolver.resolve(argument)
    if isinstance(resolved.value, Unknown):
        raise UnknownValueError(resolved.value)
    return at.with_value(len(resolved.items("the argument of `Fn::Length`")))


def _to_json_string(resolver: Resolver, argument: Node, at: Node) -> Node:
    data = resolver.known(argument).plain()
    if not isinstance(data, list | dict):
        raise TemplateError(
            f"`Fn::ToJsonString` takes a mapping or a list, not {argument.kind}",
            place=argument.place,
        )
    return at.with_value(json.dumps(data, separators=(",", ":"), ensure_ascii=False))


INTRINSICS: Final[Mapping[str, Intrinsic]] = {
    "Ref": _ref,
    "Fn::And": _condition,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _condition,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::GetAZs": _get_azs,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _condition,
    "Fn::Or": _condition,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
}
