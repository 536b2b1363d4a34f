"""YAML and JSON files as nodes that know where they stand.

Events come from libyaml and are composed here, in a loop. `yaml.compose` recurses in C: a file of a
hundred thousand brackets takes the process down with it, and it is twice as slow.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import yaml

from samlocal.documents.node import MAX_DEPTH, DuplicateKey, Node, NoValue
from samlocal.documents.scalars import parse_scalar
from samlocal.documents.syntax_errors import before_libyamls_limit, syntax_error, unreadable
from samlocal.errors import Place, TemplateError, TemplateNotFoundError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from samlocal.documents.node import Scalar, Value

    # What an unquoted word means.
    Schema = Callable[[str], Scalar]

MAX_BYTES: Final = 10 * 1024 * 1024  # ten times what CloudFormation takes
MAX_NODES: Final = 2_000_000  # aliases counted as often as they are used

_CORE_TAG: Final = "tag:yaml.org,2002:"
_PARSED_TAGS: Final = {f"{_CORE_TAG}{name}" for name in ("int", "float", "bool", "null")}
_COLLECTION_TAGS: Final = {"!", f"{_CORE_TAG}map", f"{_CORE_TAG}seq"}
_Tagged = yaml.ScalarEvent | yaml.CollectionStartEvent


class _Merge(NoValue):
    """The key `<<`."""


_MERGE: Final = _Merge()


@frozen
class Document:
    """One file, composed."""

    path: Path
    root: Node
    duplicate_keys: tuple[DuplicateKey, ...] = ()


def load(path: Path, *, schema: Schema = parse_scalar) -> Document:
    """Read and compose a file, whose unquoted words mean what `schema` says: in YAML 1.1, as in templates.

    Raises:
        TemplateNotFoundError: there is no such file.
        TemplateError: it can't be read, or isn't YAML or JSON.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # not more, whatever it is: a device has no size
    except FileNotFoundError as exc:
        raise TemplateNotFoundError(f"no template at `{path}`") from exc
    except OSError as exc:
        raise TemplateError(f"can't read `{path}`: {exc.strerror}") from exc
    if len(data) > MAX_BYTES:
        raise TemplateError(
            f"`{path}` has more than {MAX_BYTES // 2**20} MiB",
            hint="CloudFormation itself takes templates of up to 1 MB",
        )
    return compose(_decode(data, path), path, schema=schema)


def compose(text: str, path: Path, *, schema: Schema = parse_scalar) -> Document:
    """Compose the one document in `text`; `path` is what its places name.

    Raises:
        TemplateError: the text isn't YAML or JSON, is empty, or nests too deeply.
    """
    collecting = gc.isenabled()
    gc.disable()  # nothing here is garbage, and looking for some takes longer than composing
    try:
        if text.lstrip()[:1] in {"{", "["} and (document := _compose_json(text, path)):
            return document
        return _Composer(path, schema).compose(text)
    except yaml.MarkedYAMLError as exc:
        if start := before_libyamls_limit(exc, text):
            return compose(start, path, schema=schema)  # which raises, at the right place
        raise syntax_error(exc, text, path) from exc
    except yaml.reader.ReaderError as exc:
        raise unreadable(exc, text, path) from exc
    finally:
        if collecting:
            gc.enable()


def _compose_json(text: str, path: Path) -> Document | None:
    from samlocal.documents import json_document  # noqa: PLC0415  # most templates are YAML

    if not json_document.is_json(text):
        return None
    root, duplicates = json_document.compose_json(text, path)
    return Document(path=path, root=root, duplicate_keys=tuple(duplicates))


def _decode(data: bytes, path: Path) -> str:
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as exc:
        before = data[: exc.start]
        column = len(before) - before.rfind(b"\n")
        raise TemplateError(
            "the file is not UTF-8",
            place=Place(path, before.count(b"\n") + 1, column),
            hint="save it in UTF-8",
        ) from exc


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
    node: Node
    height: int
    size: int


class _Composer:
    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self.schema = schema
        self.frames: list[_Frame] = []
        self.anchors: dict[str, _Anchored] = {}
        self.duplicates: list[DuplicateKey] = []
        self.root: Node | None = None

    def compose(self, text: str) -> Document:
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
                case yaml.DocumentStartEvent() as event if self.root is not None:
                    raise TemplateError("a second document starts here", place=self._place(event))
                case yaml.StreamEndEvent():
                    break
        if self.root is None:
            raise TemplateError("the file is empty", place=Place(self.path, 1, 1))
        return Document(path=self.path, root=self.root, duplicate_keys=tuple(self.duplicates))

    def _place(self, event: yaml.Event) -> Place:
        mark = cast("yaml.Mark", event.start_mark)  # libyaml's events always have one
        return Place(self.path, mark.line + 1, mark.column + 1)

    def _node(
        self, value: Value, event: yaml.Event, keys: Mapping[str, Node] | None = None
    ) -> Node:
        mark = cast("yaml.Mark", event.start_mark)
        return Node(value, self.path, mark.line, mark.column, keys)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        text, tag = event.value, event.tag
        frame = self.frames[-1] if self.frames else None
        if frame and frame.is_mapping and len(frame.children) % 2 == 0:  # a key
            is_merge = text == "<<" and tag is None and event.implicit[0]
            return self._node(_MERGE if is_merge else text, event)
        if tag is None:
            return self._node(self.schema(text) if event.implicit[0] else text, event)
        if _is_intrinsic(tag):
            return self._intrinsic(tag, self._node(text, event), event)
        if tag in {"!", f"{_CORE_TAG}str"}:
            return self._node(text, event)
        if tag in _PARSED_TAGS:
            return self._node(self.schema(text), event)
        raise self._unsupported(tag, event)

    def _intrinsic(self, tag: str, argument: Node, event: _Tagged) -> Node:
        name = tag[1:]
        key = name if name in {"Ref", "Condition"} else f"Fn::{name}"
        return self._node({key: argument}, event)

    def _unsupported(self, tag: str, event: _Tagged) -> TemplateError:
        name = tag.replace(_CORE_TAG, "!!")
        return TemplateError(f"the tag `{name}` is not supported", place=self._place(event))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.frames) >= MAX_DEPTH:
            raise self._too_deep(event)
        self.frames.append(_Frame(event))

    def _too_deep(self, event: yaml.Event) -> TemplateError:
        return TemplateError(
            f"values nest more than {MAX_DEPTH} levels deep", place=self._place(event)
        )

    def _close(self) -> None:
        frame = self.frames.pop()
        event = frame.event
        node = self._mapping(frame) if frame.is_mapping else self._sequence(frame)
        if event.tag is not None and _is_intrinsic(event.tag):
            node = self._intrinsic(event.tag, node, event)
        elif event.tag is not None and event.tag not in _COLLECTION_TAGS:
            raise self._unsupported(event.tag, event)
        self._add(node, event.anchor, frame.height, frame.size)

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchored = self.anchors.get(event.anchor or "")
        if anchored is None:
            inside = any(frame.event.anchor == event.anchor for frame in self.frames)
            problem = "stands inside the value it names" if inside else "names no earlier anchor"
            raise TemplateError(f"`*{event.anchor}` {problem}", place=self._place(event))
        if len(self.frames) + anchored.height > MAX_DEPTH:
            raise self._too_deep(event)
        if anchored.size + sum(frame.size for frame in self.frames) > MAX_NODES:
            raise TemplateError(
                f"the aliases expand to more than {MAX_NODES:,} values", place=self._place(event)
            )
        self._add(anchored.node, None, anchored.height, anchored.size)

    def _add(self, node: Node, anchor: str | None, height: int = 1, size: int = 1) -> None:
        if anchor is not None:
            self.anchors[anchor] = _Anchored(node, height, size)
        if not self.frames:
            self.root = node
            return
        parent = self.frames[-1]
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
        for source in merged:
            for name, value in source.entries("what `<<` merges").items():
                entries.setdefault(name, value)
        return self._node(entries, frame.event, keys)


def _is_intrinsic(tag: str) -> bool:
    return tag[0] == "!" and len(tag) > 1
