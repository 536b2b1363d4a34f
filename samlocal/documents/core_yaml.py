"""YAML as another way to write JSON: the core schema of YAML 1.2, with aliases and merge keys.

PyYAML types scalars by YAML 1.1, where `NO` is a boolean and `2024-01-01` a date; here both are
strings: https://yaml.org/spec/1.2.2/#103-core-schema. Depth, size and cycles are bounded.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Protocol

import yaml

from samlocal.documents.syntax_errors import before_libyamls_limit
from samlocal.errors import Place
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.documents.input_files import Source
    from samlocal.errors import SamlocalError

MAX_DEPTH = 100

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


class Mark(Protocol):
    """A position as PyYAML and libyaml give it: both count from 0."""

    line: int
    column: int


class _CoreLoader(yaml.CSafeLoader):
    pass


_CoreLoader.yaml_implicit_resolvers = {}


for _type, _pattern, _first in (
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
    ("merge", r"<<$", ["<"]),
):
    _CoreLoader.add_implicit_resolver(_TAG + _type, re.compile(_pattern), _first)


def compose(text: str, source: Source) -> yaml.Node | None:
    """Return the root node of the one document in `text`, or None where it is empty."""
    try:
        _refuse_deep_nesting(text, source)
        loader = _CoreLoader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as exc:
        if start := before_libyamls_limit(exc, text):
            return compose(start, source)  # which raises, at the right place
        mark = exc.problem_mark or exc.context_mark
        problem = ", ".join(part for part in (exc.context, exc.problem) if part)
        raise _error_at_mark(f"invalid YAML: {problem}", mark, source) from exc
    except yaml.reader.ReaderError as exc:
        before = text.encode()[: exc.position].decode(errors="ignore")
        raise source.error_at(
            f"invalid YAML: the character U+{ord(text[len(before)]):04X} isn't allowed",
            text,
            len(before),
        ) from exc


def _refuse_deep_nesting(text: str, source: Source) -> None:
    """Parsing is a loop, but composing recurses, and in libyaml a full stack ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            message = f"invalid YAML: nested more than {MAX_DEPTH} levels deep"
            raise _error_at_mark(message, event.start_mark, source)


def _error_at_mark(message: str, mark: Mark | None, source: Source) -> SamlocalError:
    if mark is None:
        return source.error(message)
    return source.error(message, line=mark.line + 1, column=mark.column + 1)


def node_error(message: str, node: yaml.Node, source: Source) -> SamlocalError:
    """Return the error for the place where `node` starts."""
    return _error_at_mark(message, node.start_mark, source)


def place_of(node: yaml.Node, source: Source) -> Place:
    """Return the place where `node` starts."""
    mark = node.start_mark
    return Place(source.path, mark.line + 1, mark.column + 1) if mark else Place(source.path, 1, 1)


def written(node: yaml.Node) -> str | None:
    """Return a scalar as it is written, the empty string for null, or None for a collection."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    return "" if node.tag == _TAG + "null" else str(node.value)


def to_json(text: str, source: Source, *, max_characters: int) -> str:
    """Return the YAML document `text` as JSON, refusing what JSON has no word for."""
    node = compose(text, source)
    return "null" if node is None else _JsonWriter(source, max_characters).write(node)


class _JsonWriter:
    """Writes nodes as JSON, each node once however many aliases it has."""

    def __init__(self, source: Source, max_characters: int) -> None:
        self._source = source
        self._max_characters = max_characters
        self._mappings = Mappings(source)
        self._written: dict[int, str] = {}
        self._open: set[int] = set()

    def write(self, node: yaml.Node) -> str:
        if id(node) in self._written:
            return self._written[id(node)]
        if id(node) in self._open:
            raise node_error("invalid YAML: an alias contains itself", node, self._source)
        self._open.add(id(node))
        text = self._write(node)
        self._open.discard(id(node))
        if len(text) > self._max_characters:
            message = f"Longer than {self._max_characters:,} characters as JSON"
            raise node_error(message, node, self._source)
        return self._written.setdefault(id(node), text)

    def _write(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, self._source)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return "[" + ", ".join(self.write(item) for item in node.value) + "]"
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            entries = self._mappings.entries(node)
            pairs = (f"{_string(name)}: {self.write(e.value)}" for name, e in entries.items())
            return "{" + ", ".join(pairs) + "}"
        raise _no_json(node, self._source)


@frozen
class Entry:
    """The key and the value of one entry of a mapping."""

    key: yaml.Node
    value: yaml.Node


class Mappings:
    """Reads mappings, `<<` resolved: own entries win over merged ones, of several the first."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read: dict[int, Mapping[str, Entry]] = {}
        self._open: set[int] = set()

    def entries(self, node: yaml.MappingNode) -> Mapping[str, Entry]:
        """Return the entries of a mapping by the text of their key."""
        if id(node) in self._open:
            raise node_error("invalid YAML: `<<` merges a mapping into itself", node, self._source)
        if id(node) not in self._read:
            self._open.add(id(node))
            self._read[id(node)] = {**self._merged(node), **self._own(node)}
            self._open.discard(id(node))
        return self._read[id(node)]

    def _own(self, node: yaml.MappingNode) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise node_error("invalid YAML: a key must be a scalar", key, self._source)
            if key.value in own:
                raise node_error(f"invalid YAML: `{key.value}` is given twice", key, self._source)
            own[key.value] = Entry(key=key, value=value)
        return own

    def _merged(self, node: yaml.MappingNode) -> dict[str, Entry]:
        merged: dict[str, Entry] = {}
        for value in (value for key, value in node.value if key.tag == _MERGE):
            for mapping in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(mapping, yaml.MappingNode):
                    raise node_error("invalid YAML: `<<` merges mappings", mapping, self._source)
                for name, entry in self.entries(mapping).items():
                    merged.setdefault(name, entry)
        return merged


def _scalar(node: yaml.ScalarNode, source: Source) -> str:
    text: str = node.value
    if node.tag == _TAG + "str":
        return _string(text)
    if node.tag == _TAG + "null":
        return "null"
    if node.tag == _TAG + "bool" and text.lower() in {"true", "false"}:
        return text.lower()
    if node.tag in {_TAG + "int", _TAG + "float"}:
        return _number(node, source)
    raise _no_json(node, source)


def _number(node: yaml.ScalarNode, source: Source) -> str:
    text: str = node.value
    if _JSON_NUMBER.fullmatch(text):
        return text
    try:
        if node.tag == _TAG + "int":
            return str(int(text, 0 if text.startswith(("0x", "0o")) else 10))
        return json.dumps(float(text), allow_nan=False)
    except ValueError as exc:
        raise _no_json(node, source) from exc


def _no_json(node: yaml.Node, source: Source) -> SamlocalError:
    tag = node.tag.replace(_TAG, "!!")
    what = f"`{tag} {node.value}`" if isinstance(node, yaml.ScalarNode) else f"`{tag}`"
    return node_error(f"{what} can't be said in JSON", node, source)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
