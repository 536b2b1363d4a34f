"""The interface of a stack to its parts: types only, for modules below `Stack`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from samlocal.cloudformation.intrinsics.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.intrinsics.resolver import Resolver
    from samlocal.diagnostics import Diagnostic
    from samlocal.documents.document import Document
    from samlocal.documents.node import Node
    from samlocal.errors import Place


class SamResources(Protocol):
    """The resources that SAM generates for a stack: see `generated_resources`."""

    @property
    def resources(self) -> Mapping[str, Node]: ...

    @property
    def referable(self) -> Mapping[str, str]: ...

    def may_have(self, name: str) -> bool: ...


class ResourceScope(Scope, Protocol):
    """The resources of one stack, and the scope in which their values are resolved: see `Stack`."""

    document: Document
    path: str
    resolver: Resolver

    @property
    def transforms(self) -> tuple[Node, ...]: ...

    @property
    def resources(self) -> Mapping[str, Node]: ...

    @property
    def generated(self) -> SamResources: ...

    def with_document(self, document: Document) -> ResourceScope: ...

    def section(self, name: str) -> Node | None: ...

    def resource(self, logical_id: str) -> Node | None: ...

    def resource_type(self, logical_id: str) -> str | None: ...

    def of_type(self, resource_type: str) -> tuple[str, ...]: ...

    def properties(self, logical_id: str) -> Mapping[str, Node]: ...

    def place_of(self, logical_id: str) -> Place: ...

    def optional_text(self, node: Node | None) -> str | None: ...

    def drain_diagnostics(self) -> tuple[Diagnostic, ...]: ...
