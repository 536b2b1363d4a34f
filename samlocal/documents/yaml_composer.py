"""YAML as nodes with their places; the base for every kind of YAML file.

libyaml yields events, and this module composes them in a loop. `yaml.compose` recurses in C: a file of a
hundred thousand brackets crashes the process, and it is twice as slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import yaml

from samlocal.documents.node import MAX_DEPTH, DuplicateKey, Node, NoValue
from samlocal.errors import Place, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.documents.node import Value
    from samlocal.documents.scalars import Schema

MAX_NODES: Final = 2_000_000  # each use of an alias counts
CORE_TAG: Final = "tag:yaml.org,2002:"
_WORD_TAGS: Final = frozenset(f"{CORE_TAG}{name}" for name in ("int", "float", "bool", "null"))
_COLLECTION_TAGS: Final = frozenset({"!", f"{CORE_TAG}map", f"{CORE_TAG}seq"})


class _Merge(NoValue):
    """The key `<<`."""


_MERGE: Final = _Merge()


class _Frame:
    """A sequence or mapping whose end has not been read yet; `height` and `size` include aliases."""

    __slots__ = ("children", "event", "height", "is_mapping", "size")

    def __init__(self, event: yaml.CollectionStartEvent) -> None:
        self.event = event
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.children: list[Node] = []
        self.height = 1
        self.size = 1


class _Anchored(NamedTuple):
    """A node with an anchor, and its height and size."""

    node: Node
    height: int
    size: int


class YamlComposer:
    """Composes the one document of a file whose unquoted words mean what `schema` says.

    `duplicates` are the repeated keys of mappings: the later entry applies. A mapping's own entries
    override those that `<<` merges; the first of several merged mappings applies.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self.schema = schema
        self.duplicates: list[DuplicateKey] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._extents: dict[int, _Anchored] = {}
        self._root: Node | None = None

    def compose(self, text: str) -> Node | None:
        """Return the root of the document in `text`, or None if it is empty.

        Raises:
            TemplateError: the text is not YAML, has an unsupported tag, or nests too deeply.
        """
        try:
            return self._compose(text)
        except yaml.reader.ReaderError as exc:
            from samlocal.documents.syntax_errors import unreadable  # noqa: PLC0415  # most files are YAML

            raise unreadable(exc, text, self.path) from exc
        except yaml.MarkedYAMLError as exc:
            raise self._syntax_error(exc, text) from exc

    def _syntax_error(self, exc: yaml.MarkedYAMLError, text: str) -> TemplateError:
        from samlocal.documents.syntax_errors import before_libyamls_limit, syntax_error  # noqa: PLC0415  # as above

        if start := before_libyamls_limit(exc, text):
            self._frames.clear()
            self._root = None
            self._compose(start)  # which raises, at the right place
        return syntax_error(exc, text, self.path)

    def _compose(self, text: str) -> Node | None:
        parser = yaml.CBaseLoader(text)
        while True:
            match parser.get_event():
                case yaml.ScalarEvent() as event:
                    self._add(self._scalar(event), event.anchor)
                case yaml.CollectionStartEvent() as event:
                    self._open(event)
                case yaml.CollectionEndEvent():
                    self._close()
                case yaml.AliasEvent() as event:
                    self._alias(event)
                case yaml.DocumentStartEvent() as event if self._root is not None:
                    raise self.error("a second document starts here", event)
                case yaml.StreamEndEvent():
                    return self._root

    def _node(
        self, value: Value, event: yaml.Event, keys: Mapping[str, Node] | None = None
    ) -> Node:
        mark = cast("yaml.Mark", event.start_mark)
        return Node(value, self.path, mark.line, mark.column, keys)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        text, tag = event.value, event.tag
        frame = self._frames[-1] if self._frames else None
        if frame and frame.is_mapping and len(frame.children) % 2 == 0:  # a key
            is_merge = text == "<<" and tag is None and event.implicit[0]
            return self._node(_MERGE if is_merge else text, event)
        if tag is None:
            return self._node(self.schema(text) if event.implicit[0] else text, event)
        return self._node(self.tagged_scalar(tag, text, event), event)

    def tagged_scalar(self, tag: str, text: str, event: yaml.ScalarEvent) -> Value:
        """Return the value of a scalar with a tag."""
        if tag in {"!", f"{CORE_TAG}str"}:
            return text
        if tag in _WORD_TAGS:
            return self.schema(text)
        raise self.unsupported(tag, event)

    def tagged_collection(
        self, tag: str, collection: Node, event: yaml.CollectionStartEvent
    ) -> Node:
        """Return the value of a sequence or a mapping with a tag."""
        if tag in _COLLECTION_TAGS:
            return collection
        raise self.unsupported(tag, event)

    def unsupported(self, tag: str, event: yaml.Event) -> TemplateError:
        return self.error(f"the tag `{short_tag(tag)}` is not supported", event)

    def error(self, message: str, event: yaml.Event) -> TemplateError:
        mark = cast("yaml.Mark", event.start_mark)  # libyaml's events always have one
        return TemplateError(message, place=Place(self.path, mark.line + 1, mark.column + 1))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._frames) >= MAX_DEPTH:
            raise self._too_deep(event)
        self._frames.append(_Frame(event))

    def _too_deep(self, event: yaml.Event) -> TemplateError:
        return self.error(f"values nest more than {MAX_DEPTH} levels deep", event)

    def _close(self) -> None:
        frame = self._frames.pop()
        event = frame.event
        node = self._mapping(frame) if frame.is_mapping else self._sequence(frame)
        if event.tag is not None:
            node = self.tagged_collection(event.tag, node, event)
        self._add(node, event.anchor, frame.height, frame.size)

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchored = self._anchors.get(event.anchor or "")
        if anchored is None:
            inside = any(frame.event.anchor == event.anchor for frame in self._frames)
            problem = (
                "is inside the value that it refers to"
                if inside
                else "does not refer to an earlier anchor"
            )
            raise self.error(f"`*{event.anchor}` {problem}", event)
        if len(self._frames) + anchored.height > MAX_DEPTH:
            raise self._too_deep(event)
        if anchored.size + sum(frame.size for frame in self._frames) > MAX_NODES:
            message = f"the aliases expand to more than {MAX_NODES:,} values"
            raise self.error(message, event)
        self._add(anchored.node, None, anchored.height, anchored.size)

    def _add(self, node: Node, anchor: str | None, height: int = 1, size: int = 1) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchored(node, height, size)
        if not self._frames:
            self._root = node
            return
        parent = self._frames[-1]
        parent.children.append(node)
        parent.size += size
        if height >= parent.height:
            parent.height = height + 1

    def _sequence(self, frame: _Frame) -> Node:
        return self._node(tuple(frame.children), frame.event)

    def _mapping(self, frame: _Frame) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        merged: list[Node] = []
        children = iter(frame.children)
        for key, value in zip(children, children, strict=True):
            name = key.value
            if not isinstance(name, str):
                if name is not _MERGE:
                    raise TemplateError(f"a key must be a string, not {key.kind}", place=key.place)
                merged += value.value if isinstance(value.value, tuple) else (value,)
                continue
            if name in entries:
                earlier = keys[name].place
                self.duplicates.append(DuplicateKey(key=name, place=key.place, earlier=earlier))
            entries[name] = value
            keys[name] = key
        node = self._node(entries, frame.event, keys)
        if merged:
            self._merge(merged, entries, keys)
            frame.height, frame.size = self._extent(node)
        return node

    def _merge(self, sources: list[Node], entries: dict[str, Node], keys: dict[str, Node]) -> None:
        for source in sources:
            for name, value in source.entries("the value of `<<`").items():
                if name not in entries:
                    entries[name] = value
                    keys[name] = (source.keys or {}).get(name, source)

    def _extent(self, node: Node) -> tuple[int, int]:
        """Return the height and size of a node; repeatedly merged nodes count once."""
        if id(node) not in self._extents:
            value = node.value
            children = value if isinstance(value, tuple) else ()
            if isinstance(value, dict):
                children = tuple(value.values())
            extents = [self._extent(child) for child in children]
            height = 1 + max((height for height, _ in extents), default=0)
            size = 1 + sum(size for _, size in extents)
            self._extents[id(node)] = _Anchored(node, height, size)  # the node keeps its id
        _, height, size = self._extents[id(node)]
        return height, size


def short_tag(tag: str) -> str:
    return tag.replace(CORE_TAG, "!!")
