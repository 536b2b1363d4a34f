"""The interface of a stack to the resolver: types only, for modules below the resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues
    from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
    from samlocal.diagnostics import Diagnostic
    from samlocal.documents.node import Node


class Scope(Protocol):
    """The names in one stack."""

    context: StackContext
    external: ExternalValues

    def reference(self, name: str, at: Node) -> Node:
        """Return the value of a parameter or pseudo parameter, or a resource's name."""

    def attribute(self, logical_id: str, attribute: str, at: Node) -> Node:
        """Return what `Fn::GetAtt` gives."""

    def condition(self, name: str, at: Node) -> bool:
        """Return whether a condition is true."""

    def mapping(self, name: str) -> Node | None:
        """Return a mapping of the `Mappings` section; None if there is none of that name."""

    def include(self, location: str, at: Node) -> Node:
        """Return the content of a file that `AWS::Include` names."""

    def add_diagnostic(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic about the value that is being computed."""


class NodeResolver(Protocol):
    """The part of `Resolver` that transforms need."""

    @property
    def scope(self) -> Scope: ...

    def reduce(self, node: Node) -> Node: ...

    def resolve(self, node: Node) -> Node: ...
