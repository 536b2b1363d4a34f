"""YAML and JSON files as nodes with their places: templates, and sam's own files."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from samlocal.documents.read_files import note_file
from samlocal.documents.scalars import parse_scalar
from samlocal.documents.yaml_composer import YamlComposer
from samlocal.errors import Place, TemplateError, TemplateNotFoundError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import yaml

    from samlocal.documents.node import DuplicateKey, Node, Value
    from samlocal.documents.scalars import Schema

MAX_BYTES: Final = 10 * 1024 * 1024  # ten times what CloudFormation takes


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
        TemplateError: the file cannot be read, or is not YAML or JSON.
    """
    return compose(read_text(path), path, schema=schema)


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        TemplateNotFoundError: there is no such file.
        TemplateError: the file cannot be read, is too long, or is not UTF-8 or UTF-16.
    """
    note_file(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # a device has no size
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise TemplateNotFoundError(f"no template at `{path}`") from exc
    except (OSError, ValueError) as exc:  # the latter for a NUL
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise TemplateError(f"cannot read `{path}`: {reason}") from exc
    if len(data) > MAX_BYTES:
        raise TemplateError(
            f"`{path}` has more than {MAX_BYTES // 2**20} MiB",
            hint="CloudFormation itself takes templates of up to 1 MB",
        )
    return _decode(data, path)


def compose(text: str, path: Path, *, schema: Schema = parse_scalar) -> Document:
    """Compose the one document in `text`; `path` is what its places name.

    Raises:
        TemplateError: the text is not YAML or JSON, is empty, or nests too deeply.
    """
    with paused_collection():
        if text.lstrip()[:1] in {"{", "["} and (document := _compose_json(text, path)):
            return document
        composer = TemplateComposer(path, schema)
        root = composer.compose(text)
        if root is None:
            raise TemplateError("the file is empty", place=Place(path, 1, 1))
        return Document(path=path, root=root, duplicate_keys=tuple(composer.duplicates))


@contextmanager
def paused_collection() -> Iterator[None]:
    """Collect no garbage: composing creates none, and collecting it would take longer."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
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
            hint="save it as UTF-8",
        ) from exc


class TemplateComposer(YamlComposer):
    """Composes a file in which a tag may be the short form of an intrinsic function."""

    def tagged_scalar(self, tag: str, text: str, event: yaml.ScalarEvent) -> Value:
        if _is_intrinsic(tag):
            return {_intrinsic(tag): self._node(text, event)}
        return super().tagged_scalar(tag, text, event)

    def tagged_collection(
        self, tag: str, collection: Node, event: yaml.CollectionStartEvent
    ) -> Node:
        if _is_intrinsic(tag):
            return collection.with_value({_intrinsic(tag): collection})
        return super().tagged_collection(tag, collection, event)


def _is_intrinsic(tag: str) -> bool:
    return tag[0] == "!" and len(tag) > 1


def _intrinsic(tag: str) -> str:
    name = tag[1:]
    return name if name in {"Ref", "Condition"} else f"Fn::{name}"
