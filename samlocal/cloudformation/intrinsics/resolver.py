"""Replaces calls of CloudFormation's intrinsic functions with their values, only where needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.missing_values import combined
from samlocal.cloudformation.intrinsics.transforms import expand, needs_expansion
from samlocal.documents.node import Node, NoValue, Unknown
from samlocal.errors import ProjectError, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from samlocal.cloudformation.intrinsics.scope import Scope

_MAX_CALLS_DEEP: Final = 100
_MAX_CHARACTERS: Final = 8 * 1024 * 1024  # source code in a template may have 4 MB


class UnknownValueError(Exception):
    """The computation depends on an unknown value. Never raised outside `samlocal.cloudformation`."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


class Resolver:
    """Resolves nodes in the scope of one stack."""

    def __init__(self, scope: Scope, intrinsics: Mapping[str, Intrinsic]) -> None:
        self.scope = scope
        self._intrinsics = intrinsics
        self._depth = 0

    def reduce(self, node: Node) -> Node:
        """Return the value of `node`; its entries or items are not resolved.

        Raises:
            TemplateError: an intrinsic function is used in a way that CloudFormation refuses.
        """
        if isinstance(node.value, dict):
            if self._depth >= _MAX_CALLS_DEEP:
                raise self._too_deep(node)
            self._depth += 1
            try:
                node = self._reduce_mapping(node)
            except UnknownValueError as exc:
                return node.with_value(exc.unknown)
            except RecursionError:
                raise self._too_deep(node) from None
            finally:
                self._depth -= 1
        if isinstance(node.value, str):
            if len(node.value) > _MAX_CHARACTERS:
                raise TemplateError(
                    f"a value here is longer than {_MAX_CHARACTERS:,} characters", place=node.place
                )
            if "{{resolve:" in node.value:
                return node.with_value(self.scope.external.fill_in(node.value))
        return node

    def _reduce_mapping(self, node: Node) -> Node:
        if needs_expansion(node):
            return self.reduce(expand(node, self))
        call = intrinsic_call(node)
        if call is None:
            return node
        name, argument = call
        if name not in self._intrinsics:
            raise UnknownValueError(Unknown(reason=f"samlocal does not support `{name}`"))
        return self._intrinsics[name](self, argument, node)

    def _too_deep(self, node: Node) -> TemplateError:
        return TemplateError(
            f"more than {_MAX_CALLS_DEEP} values refer to one another here",
            place=node.place,
            hint="check whether one of them refers to itself",
        )

    def resolve(self, node: Node) -> Node:
        """Return the value of `node`, resolved recursively, without what `AWS::NoValue` removes."""
        node = self.reduce(node)
        if isinstance(node.value, dict):
            entries = {key: self.resolve(entry) for key, entry in node.value.items()}
            present = {key: entry for key, entry in entries.items() if not _is_absent(entry)}
            return Node(present, node.path, node.line, node.column, node.keys)
        if isinstance(node.value, tuple):
            items = [self.resolve(item) for item in node.value]
            return node.with_value(tuple(item for item in items if not _is_absent(item)))
        return node

    def known(self, node: Node) -> Node:
        """Return the value of `node`, resolved recursively.

        Raises:
            UnknownValueError: a part of it is unknown.
        """
        return self.all_known((node,))[0]

    def all_known(self, nodes: Sequence[Node]) -> list[Node]:
        """Return the value of each node, resolved recursively.

        Raises:
            UnknownValueError: some are unknown; the error has all reasons.
        """
        resolved = [self.resolve(node) for node in nodes]
        unknowns = [unknown for node in resolved for unknown in _unknowns(node)]
        if unknowns:
            raise UnknownValueError(combined(unknowns))
        return resolved

    def may_have_value(self, node: Node | None) -> bool:
        """Return whether there is a value; false for `AWS::NoValue`, true for an unknown value."""
        if node is None:
            return False
        try:
            value = self.reduce(node).value
        except ProjectError:
            return True
        return value is not None and not isinstance(value, NoValue)

    def text(self, node: Node, what: str) -> str:
        """Return the text of `node`; `what` names it in the error if it is not text.

        Raises:
            UnknownValueError: it is unknown.
        """
        return self.known(node).text(what)


Intrinsic = Callable[[Resolver, Node, Node], Node]


def intrinsic_call(node: Node) -> tuple[str, Node] | None:
    """Return the name and argument if `node` is a call of an intrinsic function."""
    if not isinstance(node.value, dict) or len(node.value) != 1:
        return None
    (call,) = node.value.items()
    return call if call[0] == "Ref" or call[0].startswith("Fn::") else None


def find_unknown(node: Node) -> Unknown | None:
    """Return why a part of a resolved node is unknown; None if all of it is known."""
    unknowns = list(_unknowns(node))
    return combined(unknowns) if unknowns else None


def _unknowns(node: Node) -> Iterator[Unknown]:
    match node.value:
        case Unknown():
            yield node.value
        case dict():
            for child in node.value.values():
                yield from _unknowns(child)
        case tuple():
            for child in node.value:
                yield from _unknowns(child)


def _is_absent(node: Node) -> bool:
    return isinstance(node.value, NoValue)
