"""Collects the resources that Serverless makes of the events of functions.

https://www.serverless.com/framework/docs/providers/aws/guide/events
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.diagnostics import Diagnostic, error_diagnostic
from samlocal.documents.node import Node, Unknown
from samlocal.errors import ProjectError, TemplateError
from samlocal.frozen_dataclass import frozen
from samlocal.serverless.template.logical_ids import function_id, function_part
from samlocal.serverless.template.resource_nodes import ResourceBuilder
from samlocal.serverless.template.sections import is_set, present
from samlocal.serverless.template.versions import read_alias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.serverless.template.service import Service


# The headers that pages of other origins may send unless the service says otherwise.
CORS_HEADERS: Final = (
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
)


@frozen
class FunctionEvent:
    """One event of a function: its settings, resolved."""

    key: str
    settings: Node


class EventResources:
    """The resources of a service's events by logical id; `failures` are about events that have an error."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.resources: dict[str, Node] = {}
        self.failures: list[Diagnostic] = []
        self._events: list[tuple[str, Node]] | None = None
        self._lost: list[Node] = []

    def add(
        self, logical_id: str, resource_type: str, at: Node, properties: Mapping[str, object]
    ) -> None:
        """Add a resource at the place of a node; properties that are None are left out."""
        resource = ResourceBuilder(resource_type, at)
        for name, value in properties.items():
            if value is not None:
                resource.add_data(name, value)
        self.resources[logical_id] = resource.node()

    def fail(self, event: FunctionEvent, kind: str, error: ProjectError) -> Node:
        """Record that an event has an error, and return an unknown value for what it does not say.

        A resource with that value refuses requests, which another one would get otherwise.
        """
        diagnostic = error_diagnostic(error)
        return self._fail(
            f"skipping an event `{kind}` of `{event.key}`", diagnostic, event.settings
        )

    def closed_id(self, key: str) -> str:
        """Return a logical id for a resource that refuses requests."""
        return f"{function_part(key)}Closed{len(self.failures)}"

    def lost(self) -> Iterator[Node]:
        """Yield an unknown value for each function whose events cannot be read."""
        self._all_events()
        yield from self._lost

    def _fail(self, what: str, diagnostic: Diagnostic, at: Node) -> Node:
        place, hint = diagnostic.place or at.place, diagnostic.hint
        message = f"{what}: {diagnostic.message}"
        self.failures.append(Diagnostic(message=message, place=place, hint=hint))
        return at.with_value(Unknown(reason=diagnostic.message, place=place, hint=hint))

    def events(self, kind: str) -> Iterator[FunctionEvent]:
        """Yield the events of a kind, in the order of the functions."""
        for key, event in self._all_events():
            settings = present(event.get(kind))
            if settings is not None:
                yield FunctionEvent(key=key, settings=settings)

    def _all_events(self) -> list[tuple[str, Node]]:
        if self._events is None:
            self._events = list(self._read_events())
        return self._events

    def _read_events(self) -> Iterator[tuple[str, Node]]:
        functions = self.service.functions
        for key in functions.keys:
            try:
                node = functions.value(key, "events")
                items = node.items(f"the events of `{key}`") if node else ()
            except ProjectError as error:
                said = f"skipping the events of `{key}`"
                self._lost.append(self._fail(said, error_diagnostic(error), self.service.root))
                continue
            for item in items:
                yield key, item

    def target(self, key: str) -> object:
        """Return the ARN of a function, or of the alias that Serverless makes for it."""
        arn = {"Fn::GetAtt": [function_id(key), "Arn"]}
        alias = read_alias(self.service, key)
        return {"Fn::Join": [":", [arn, alias[0]]]} if alias else arn

    def target_of_name(self, name: str, at: Node) -> object:
        """Return the ARN of a function that a setting names by its key.

        Raises:
            TemplateError: The service does not have it.
        """
        if name not in self.service.functions.keys:
            raise TemplateError(f"the service has no function `{name}`", place=at.place)
        return self.target(name)

    def own_api(self, logical_id: str, *path: str) -> dict[str, str]:
        """Return the reference to an API: one of the service's own resources that a setting names, else `logical_id`.

        An API of another stack is not on this machine: the service's routes are served without it.
        """
        node = self.service.value("provider", *path)
        call = intrinsic_call(node) if node else None
        name = call[1].optional_text() if call and call[0] == "Ref" else None
        is_own = name is not None and self.service.resources.node("Resources", name) is not None
        return {"Ref": name if name is not None and is_own else logical_id}


def uri_of(target: object) -> object:
    """Return the URI that calls a function, in APIs that take no ARN."""
    before = ["arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"}]
    path = ":lambda:path/2015-03-31/functions/"
    return {"Fn::Join": ["", [*before, path, target, "/invocations"]]}


def setting(node: Node | None, *path: str) -> Node | None:
    """Return a setting inside of a resolved node; None if it is missing, null or false."""
    for name in path:
        node = node.get(name) if node else None
    return node if is_set(node) else None


def text_of(node: Node | None, *path: str) -> str | None:
    """Return the text of a setting; None if it is missing, null or false.

    Raises:
        TemplateError: It is not text.
    """
    found = setting(node, *path)
    return found.text(f"`{path[-1]}`") if found else None


def list_of(node: Node | None, name: str) -> list[Node] | None:
    """Return the items of a setting that may be one value or a list; None if it is missing."""
    found = setting(node, name)
    if found is None:
        return None
    return list(found.value) if isinstance(found.value, tuple) else [found]
