"""Sections of a configuration that may be one mapping, or a list of mappings that are merged."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeGuard

from samlocal.documents.node import NoValue
from samlocal.errors import ProjectError
from samlocal.serverless.template.merging import merge_deeply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.documents.node import Node
    from samlocal.errors import Place
    from samlocal.serverless.variables.variables import Variables


class Section:
    """`functions`, `layers` or `resources` of a service, of which only what is asked for is resolved.

    What cannot be read of a section that `is_optional` is missing, and `errors` has the reasons.

    https://www.serverless.com/framework/docs/providers/aws/guide/functions
    """

    def __init__(self, variables: Variables, *path: str, is_optional: bool = False) -> None:
        self._variables = variables
        self._path = path
        self._is_optional = is_optional
        self.errors: list[ProjectError] = []

    @property
    def _name(self) -> str:
        return ".".join(self._path)

    @cached_property
    def _roots(self) -> tuple[tuple[tuple[str, ...], Node], ...]:
        """The paths of the mappings that make up the section, and their nodes.

        Raises:
            TemplateError: the section is something else.
        """
        node = self._at(*self._path)
        if node is None or node.value is None:
            return ()
        if isinstance(node.value, tuple):
            paths = [(*self._path, str(index)) for index in range(len(node.value))]
            nodes = [(path, self._at(*path)) for path in paths]
        else:
            nodes = [(self._path, node)]
        roots = tuple((path, each) for path, each in nodes if each is not None and each.value)
        for _, each in roots:
            each.entries(f"`{self._name}`")
        return roots

    def _at(self, *path: str) -> Node | None:
        try:
            return self._variables.at(*path)
        except ProjectError as error:
            if not self._is_optional:
                raise
            self.errors.append(error)
            return None

    @cached_property
    def declared(self) -> Mapping[str, Node]:
        """The last value of each key, as it is written: perhaps the text of a variable."""
        found: dict[str, Node] = {}
        for _, root in self._roots:
            found |= root.entries(f"`{self._name}`")
        return found

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the section whose value is not null, in the order of the configuration."""
        return tuple(key for key, node in self.declared.items() if node.value is not None)

    def place_of(self, key: str) -> Place:
        """Return the place of a key; it must be one of the section."""
        return next(root.place_of(key) for _, root in self._roots if root.get(key))

    @cached_property
    def _roots_by_key(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """The paths of the mappings that have a key: of hundreds, a function is in one."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for path, root in self._roots:
            for key in root.entries(f"`{self._name}`"):
                found.setdefault(key, []).append(path)
        return {key: tuple(paths) for key, paths in found.items()}

    def _roots_with(self, path: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        return self._roots_by_key.get(path[0], ()) if path else [root for root, _ in self._roots]

    def node(self, *path: str) -> Node | None:
        """Return the value at a path, merged; variables inside of it are not resolved."""
        nodes = (self._variables.at(*root, *path) for root in self._roots_with(path))
        return merge_deeply([node for node in nodes if node is not None])

    def value(self, *path: str) -> Node | None:
        """Return the resolved value at a path; None if it is missing or null."""
        nodes = [self._variables.at(*root, *path) for root in self._roots_with(path)]
        resolved = [self._variables.resolve(node) for node in nodes if node is not None]
        return present(merge_deeply(resolved))


def present(node: Node | None) -> Node | None:
    """Return the node, None if it is null."""
    return None if node is None or node.value is None or isinstance(node.value, NoValue) else node


def is_set(node: Node | None) -> TypeGuard[Node]:
    """Return whether a value is one that JavaScript takes for true, which overrides a default."""
    return node is not None and node.value not in (None, False, 0, "")
