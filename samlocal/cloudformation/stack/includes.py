"""Parts of a template that come from other files: `AWS::Include`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.cloudformation.intrinsics.transforms import (
    INCLUDE,
    TRANSFORM,
    expand_section,
    transform_name,
)
from samlocal.documents.document import compose, load
from samlocal.documents.local_paths import local_path
from samlocal.documents.node import Node, Unknown
from samlocal.errors import TemplateError, TemplateNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues
    from samlocal.cloudformation.stack.resource_scope import ResourceScope

_REMOTE: Final = ("s3://", "https://", "http://")


def root_with_includes(stack: ResourceScope) -> Node:
    """Return a stack's template with its top-level includes; its own entries win.

    The locations of the includes are resolved in the template without them.
    """
    document = stack.document
    own = dict(document.root.entries("a template"))
    calls = [each for each in stack.transforms if each.get("Name") and _is_include(each)]
    if TRANSFORM in own:
        calls.append(own.pop(TRANSFORM))
    if not calls:
        return document.root
    own.pop("Transform", None)
    bare = stack.with_document(replace(document, root=_with_entries(document.root, own)))
    for call in calls:
        node = _with_entries(call, {TRANSFORM: call})
        own = _merged(own, expand_section(node, bare.resolver).entries("what is included"))
    for diagnostic in bare.drain_diagnostics():
        stack.add_diagnostic(diagnostic)
    return _with_entries(document.root, own)


def _is_include(call: Node) -> bool:
    return transform_name(call) == INCLUDE


def _with_entries(node: Node, entries: Mapping[str, Node]) -> Node:
    return Node(entries, node.path, node.line, node.column, node.keys)


def _merged(own: Mapping[str, Node], included: Mapping[str, Node]) -> dict[str, Node]:
    """Return the sections of both templates, and for a section in both the entries of both."""
    merged = {**included, **own}
    for name in own.keys() & included.keys():
        mine, other = own[name], included[name]
        if isinstance(mine.value, dict) and isinstance(other.value, dict):
            keys = {**(other.keys or {}), **(mine.keys or {})}
            entries = {**other.value, **mine.value}
            merged[name] = Node(entries, mine.path, mine.line, mine.column, keys)
    return merged


def read_include(
    location: str, at: Node, *, directory: Path, boundary: Path, external: ExternalValues
) -> Node:
    """Return the content of a file inside `boundary` or of an object in S3, or why it is unknown.

    Nodes from S3 have the place of `at`.

    Raises:
        TemplateError: it is not YAML or JSON, cannot be read, or is outside the project.
    """
    if location.startswith(_REMOTE):
        return _read_object(location, at, external)
    path = local_path(directory, location.removeprefix("file://"), at.place).resolve()
    if not path.is_relative_to(boundary):
        raise TemplateError(
            f"`{location}` is outside the project",
            place=at.place,
            hint=f"only files in `{boundary}` are included",
        )
    try:
        return load(path).root
    except TemplateNotFoundError as exc:
        raise TemplateError(
            f"no file at `{location}`", place=at.place, hint=f"looked for `{path}`"
        ) from exc


def _read_object(location: str, at: Node, external: ExternalValues) -> Node:
    text = external.get(Reference(service="s3", name=location))
    if isinstance(text, Unknown):
        return at.with_value(text)
    try:
        root = compose(text, at.path).root
    except TemplateError as exc:
        where = f":{exc.place.line}:{exc.place.column}" if exc.place else ""
        raise TemplateError(f"`{location}`{where}: {exc.message}", place=at.place) from exc
    return at.with_data(root.plain())
