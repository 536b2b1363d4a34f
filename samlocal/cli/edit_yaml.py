"""Changes single keys in the text of a YAML file, and leaves all the rest of it as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.cli.config_file import ConfigValue


def edit_yaml(text: str, table: Sequence[str], values: Mapping[str, ConfigValue]) -> str:
    """Return the text with these values in nested mappings; None takes a key out.

    A value stays at its place; a new one is the last of its mapping, as is a new mapping.

    Raises:
        yaml.YAMLError: The text is no YAML.
    """
    for key, value in values.items():
        text = _put(text, (*table, key), value)
    return text


def _put(text: str, path: tuple[str, ...], value: ConfigValue) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return text if value is None else f"{text}{_block(path, value, indent=0)}"
    return _in_mapping(text, root, path, value)


def _in_mapping(
    text: str, mapping: yaml.MappingNode, path: tuple[str, ...], value: ConfigValue
) -> str:
    name, *rest = path
    for key, node in mapping.value:
        if key.value != name:
            continue
        if rest and isinstance(node, yaml.MappingNode):
            return _in_mapping(text, node, tuple(rest), value)
        if value is None:
            return text if rest else _without(text, key, node)
        return f"{text[: key.end_mark.index]}: {_nested(rest, value)}{text[_end(text, node) :]}"
    if value is None:
        return text
    return _with(text, mapping, path, value)


def _with(text: str, mapping: yaml.MappingNode, path: tuple[str, ...], value: ConfigValue) -> str:
    """Return the text with a new key at the end of a mapping."""
    if mapping.flow_style:
        end = mapping.end_mark.index - 1
        new = f"{path[0]}: {_nested(path[1:], value)}"
        gap = ", " if mapping.value else ""
        return f"{text[:end].rstrip()}{gap}{new}{text[end:]}"
    end = text.find("\n", _end(text, mapping))
    end = len(text) if end < 0 else end
    new = _block(path, value, indent=mapping.value[0][0].start_mark.column)
    return f"{text[:end]}\n{new.rstrip()}{text[end:] or chr(10)}"


def _without(text: str, key: yaml.Node, value: yaml.Node) -> str:
    """Return the text without the lines of a key."""
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    end = text.find("\n", _end(text, value))
    return text[:start] + (text[end + 1 :] if end >= 0 else "")


def _end(text: str, node: yaml.Node) -> int:
    """Return where a node's text ends; the parser's own mark may be at what follows."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(node, yaml.MappingNode) else last)
    return len(text[: node.end_mark.index].rstrip())


def _block(path: Sequence[str], value: ConfigValue, *, indent: int) -> str:
    """Return lines of a mapping in each other, and a value in the innermost."""
    lines = [f"{' ' * (indent + 2 * depth)}{name}:" for depth, name in enumerate(path)]
    return "\n".join(lines) + f" {_written(value)}\n"


def _nested(path: Sequence[str], value: ConfigValue) -> str:
    """Return mappings in each other on one line, and a value in the innermost."""
    for name in reversed(path):
        value = {name: value}
    return _written(value)


def _written(value: ConfigValue) -> str:
    """Return a value in JSON, which is YAML as well."""
    return json.dumps(value, ensure_ascii=False)
