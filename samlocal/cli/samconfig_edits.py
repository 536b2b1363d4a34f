"""Changes single keys in the text of a configuration file without changing the rest.

The parsers keep comments and order. All other layout is copied from the text.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from io import StringIO
from typing import TYPE_CHECKING, Final, TypeGuard, cast

import tomlkit
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark, YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.tokens import CommentToken
from tomlkit.items import AoT, InlineTable, Null, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping, Sequence

    from tomlkit.items import Item, Key

    from samlocal.cli.samconfig import ConfigValue

_WIDER_THAN_ANY_LINE: Final = 2**31


def edit_toml(text: str, table: Sequence[str], values: Mapping[str, ConfigValue]) -> str:
    """Return the text with these values in a table; None removes a key.

    A value keeps its position and the comment after it; a new one is the last of its table.

    Raises:
        tomlkit.exceptions.TOMLKitError: The text is not TOML, or cannot be changed.
    """
    document = tomlkit.parse(text)
    inner: MutableMapping[str, object] = document
    for name in table:
        if name not in inner and isinstance(inner, InlineTable):
            inner[name] = tomlkit.inline_table()
        elif name not in inner:
            return _with_new_table(text, table, values)
        inner = cast("MutableMapping[str, object]", inner[name])
    body = inner.value.body if isinstance(inner, Table) else []
    # Comments after the last key are often about what follows: they stay after a new key.
    start = end = _end_of_keys(body)
    while end < len(body) and body[end][0] is None:
        end += 1
    comments = body[start:end]
    body[start:end] = [(None, Null())] * len(comments)
    for key, value in values.items():
        if value is None or isinstance(inner.get(key), (Table, AoT)):
            inner.pop(key, None)
        if value is not None:
            inner[key] = value
    start = _end_of_keys(body)
    body[start:start] = comments
    return tomlkit.dumps(document)


def _end_of_keys(body: Sequence[tuple[Key | None, Item]]) -> int:
    """Return the position after a table's own keys, before its sub-tables with a header."""
    return 1 + max(
        (
            index
            for index, (key, item) in enumerate(body)
            if key and (key.is_dotted() or not isinstance(item, (Table, AoT)))
        ),
        default=-1,
    )


def _with_new_table(text: str, table: Sequence[str], values: Mapping[str, ConfigValue]) -> str:
    """Return the text with a new table at the end."""
    content: dict[str, object] = {key: value for key, value in values.items() if value is not None}
    if not content:
        return text
    for name in reversed(table):
        content = {name: content}
    start = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{start}{start and chr(10)}{tomlkit.dumps(content)}"


def edit_yaml(text: str, table: Sequence[str], values: Mapping[str, ConfigValue]) -> str:
    """Return the text with these values in nested mappings; None removes a key.

    A value keeps its position and the comment after it; a new one is the last of its mapping.

    Raises:
        ruamel.yaml.error.YAMLError: The text is not YAML.
    """
    document = _yaml(text, None).load(text)
    yaml = _yaml(text, document)
    before = _dumped(yaml, document)
    parent, name = CommentedMap({"": document}), ""
    for below in table:
        if below not in parent[name]:
            break
        parent, name = parent[name], below
    # Comments after the last key are often about what follows: they stay after a new key.
    comments = _take_comments(parent, name)
    new = {key: value for key, value in values.items() if value is not None}
    for key, value in new.items():
        _put(document, table, key, value)
    for key in values.keys() - new.keys():
        _remove(document, table, key)
    _give_comments(parent, name, comments)
    after = _dumped(yaml, document)
    edited = _with_changes(text, before, after)
    return edited if _says(edited, document) else after


def _put(document: CommentedMap, table: Sequence[str], key: str, value: ConfigValue) -> None:
    mapping = document
    for name in table:
        mapping = mapping.setdefault(name, CommentedMap())
    comments = _take_comments(mapping, key) if key in mapping else ""
    mapping[key] = _quoted(value)
    _give_comments(mapping, key, comments)


def _remove(document: CommentedMap, table: Sequence[str], key: str) -> None:
    mapping = document
    for name in table:
        mapping = mapping.get(name, {})
    if key not in mapping:
        return
    comments = _take_comments(mapping, key)
    keys = list(mapping)
    following = keys[keys.index(key) + 1 :]
    del mapping[key]
    if not mapping:
        mapping.fa.set_flow_style()  # else the braces would follow the comments
    if comments and following:
        place = mapping.ca.items.setdefault(following[0], [None] * 4)
        place[1] = [_comment(comments), *(place[1] or [])]


def _take_comments(node: CommentedMap | CommentedSeq, key: str | int) -> str:
    """Remove the comment lines after a value from the tree, which attaches them to its last leaf."""
    node, key = _last_leaf(node, key)
    place = node.ca.items.get(key)
    token = place and place[_behind(node)]
    if not token:
        return ""
    own, newline, lines = token.value.partition("\n")
    token.value = own + newline
    return str(lines)


def _give_comments(node: CommentedMap | CommentedSeq, key: str | int, lines: str) -> None:
    if not lines:
        return
    node, key = _last_leaf(node, key)
    place = node.ca.items.setdefault(key, [None] * 4)
    token = place[_behind(node)]
    if token:
        token.value += lines
    else:
        place[_behind(node)] = _comment(f"\n{lines}")


def _last_leaf(
    node: CommentedMap | CommentedSeq, key: str | int
) -> tuple[CommentedMap | CommentedSeq, str | int]:
    value = node[key]
    if not _is_block(value):
        return node, key
    return _last_leaf(value, list(value)[-1] if isinstance(value, CommentedMap) else len(value) - 1)


def _behind(node: CommentedMap | CommentedSeq) -> int:
    """Return the index of the trailing comment among the comments of an entry."""
    return 2 if isinstance(node, CommentedMap) else 0


def _comment(text: str) -> CommentToken:
    return CommentToken(text, CommentMark(0), None)


def _quoted(value: ConfigValue) -> object:
    """Return a value with quoted strings, so that no reader takes them for other types."""
    if isinstance(value, str):
        return DoubleQuotedScalarString(value)
    return [_quoted(each) for each in value] if isinstance(value, list) else value


def _yaml(text: str, document: CommentedMap | None) -> YAML:
    """Return a parser that writes with the indentation of a document."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDER_THAN_ANY_LINE
    yaml.explicit_start = text.startswith("---")
    inner = list(_blocks(document)) if document else []
    for parent, child in inner[::-1]:
        indent = child.lc.col - parent.lc.col
        if isinstance(child, CommentedMap):
            yaml.map_indent = indent
        else:
            yaml.sequence_dash_offset = indent
            yaml.sequence_indent = child.lc.item(0)[1] - parent.lc.col
    return yaml


def _blocks(mapping: CommentedMap) -> Iterator[tuple[CommentedMap, CommentedMap | CommentedSeq]]:
    """Yield the block collections in a mapping, each with its parent."""
    for value in mapping.values():
        if _is_block(value):
            yield mapping, value
            if isinstance(value, CommentedMap):
                yield from _blocks(value)


def _is_block(value: object) -> TypeGuard[CommentedMap | CommentedSeq]:
    return (
        isinstance(value, (CommentedMap, CommentedSeq))
        and bool(value)
        and not value.fa.flow_style()
    )


def _dumped(yaml: YAML, document: CommentedMap) -> str:
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _with_changes(text: str, before: str, after: str) -> str:
    """Return a text with only the lines that differ between two others: the parser reformats all."""
    lines, old, new = text.splitlines(), before.splitlines(), after.splitlines()
    if len(lines) != len(old):
        return after
    edited: list[str] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        edited += lines[start:end] if kind == "equal" else new[new_start:new_end]
    return "\n".join(edited) + ("\n" if text.endswith("\n") else "")


def _says(text: str, document: CommentedMap) -> bool:
    """Tell whether a text has the same content as a document."""
    try:
        return bool(YAML().load(text) == document)
    except YAMLError:
        return False
