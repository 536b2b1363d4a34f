"""An OpenAPI document in a template: its parts, with references followed.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.settings import known
from samlocal.cloudformation.functions.properties import Properties
from samlocal.errors import TemplateError
from samlocal.project.apis import ANY_METHOD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node

_REF: Final = "$ref"
_MAX_REFERENCES: Final = 20  # one after the other
_OF_METHODS: Final = {
    "get": "GET",
    "put": "PUT",
    "post": "POST",
    "delete": "DELETE",
    "options": "OPTIONS",
    "head": "HEAD",
    "patch": "PATCH",
    "x-amazon-apigateway-any-method": ANY_METHOD,
}
METHODS: Final = frozenset(_OF_METHODS.values())


class OpenApiDocument:
    """An OpenAPI document of version 2 or 3; values in it may use intrinsic functions.

    `missing` gets reports of values that are left out.

    Raises:
        TemplateError: it is not a mapping, or cannot be resolved locally.
    """

    def __init__(self, node: Node, stack: Stack, missing: MissingValues) -> None:
        self.stack = stack
        self.missing = missing
        self.root = Properties(known(stack.resolver.reduce(node)), stack.resolver, missing)
        self.is_version_2 = "swagger" in self.root.entries

    def follow(self, node: Node) -> Properties:
        """Return a mapping, or the one that its `$ref` leads to.

        Raises:
            TemplateError: it is neither, or leads nowhere.
        """
        for _ in range(_MAX_REFERENCES):
            reduced = self.stack.resolver.reduce(node)
            reference = reduced.get(_REF)
            if reference is None:
                return Properties(reduced, self.stack.resolver, self.missing)
            node = self._target(reference)
        raise TemplateError(
            f"more than {_MAX_REFERENCES} references lead to one another", place=node.place
        )

    def _target(self, reference: Node) -> Node:
        """Return what a JSON pointer such as `#/components/schemas/Item` points to."""
        text = reference.text(f"`{_REF}`")
        if not text.startswith("#/"):
            raise TemplateError(
                f"`{text}` is not in this document",
                place=reference.place,
                hint="API Gateway imports one document: write `#/…`",
            )
        node: Node | None = self.root.node
        for part in text.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            node = self.stack.resolver.reduce(node) if node else None
            node = node.get(key) if node else None
        if node is None:
            raise TemplateError(f"the document has no `{text}`", place=reference.place)
        return node

    def mapping(self, *names: str) -> Properties | None:
        """Return a mapping of the document by its path; None if there is none."""
        found: Properties | None = self.root
        for name in names:
            found = found.mapping(name) if found else None
        return found

    def referred(self, settings: Properties, name: str) -> Properties | None:
        """Return the mapping under `name`, with its reference followed; None if it is absent."""
        entry = settings.mapping(name)
        return self.follow(entry.node) if entry else None

    def security_schemes(self) -> Properties | None:
        """Return the security schemes by name; None if there are none."""
        if self.is_version_2:
            return self.mapping("securityDefinitions")
        return self.mapping("components", "securitySchemes")

    def methods(self, item: Properties) -> Iterator[tuple[str, str]]:
        """Yield the methods of a path's item: their keys, and their names in upper case or `ANY`."""
        for key in item.entries:
            if (method := _OF_METHODS.get(key.lower())) is not None:
                yield key, method
