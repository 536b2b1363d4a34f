"""The events of SAM functions that APIs answer: `Api` and `HttpApi`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-httpapi.html
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.openapi import check_path, resource_path
from samlocal.cloudformation.apis.settings import (
    guarding_mapping,
    known,
    refused,
    required_text,
    skipped,
)
from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.stack.globals import declared_properties
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError, TemplateError
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import ANY_METHOD, DEFAULT_ROUTE
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.documents.node import Node
    from samlocal.errors import Place
    from samlocal.project.apis import FunctionTarget

FUNCTION: Final = "AWS::Serverless::Function"
STATE_MACHINE: Final = "AWS::Serverless::StateMachine"
# The property that names an event's API, and the API that SAM generates for events without it.
_API_OF: Final = {"Api": "RestApiId", "HttpApi": "ApiId"}
IMPLICIT: Final = {"Api": "ServerlessRestApi", "HttpApi": "ServerlessHttpApi"}
_METHODS: Final = {
    **{
        name: name
        for name in ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", ANY_METHOD)
    },
    "X-AMAZON-APIGATEWAY-ANY-METHOD": ANY_METHOD,
}


@frozen
class ApiEvent:
    """An event of a function or a state machine.

    `target` is None for a state machine. `api` is the logical id of the API that answers it.
    """

    owner: str
    method: str
    path: str
    target: FunctionTarget | Diagnostic | None
    settings: Properties
    place: Place


@frozen
class LostEvents:
    """The events of an API that cannot be read: by method and path, or `unplaced` if these are unknown."""

    broken: Mapping[tuple[str, str], Diagnostic] = field(default_factory=dict)
    unplaced: tuple[Diagnostic, ...] = ()


@frozen
class _LostEvent:
    """An event that cannot be read; `kind` or `api` None: any, `path` None: unknown."""

    diagnostic: Diagnostic
    kind: str | None = None
    api: str | None = None
    method: str = ANY_METHOD
    path: str | None = None


class _ForeignApiError(TemplateError):
    """The API of an event is not in its template, or does not exist."""


class SamEvents:
    """The events of a stack by the logical ids of their APIs, in the order of the template.

    `diagnostics` are about those that cannot be read.
    """

    def __init__(self, stack: Stack, targets: FunctionTargets, missing: MissingValues) -> None:
        self._stack = stack
        self._targets = targets
        self._missing = missing
        self.by_api: dict[str, list[ApiEvent]] = {}
        self.diagnostics: list[Diagnostic] = []
        self._lost: list[_LostEvent] = []
        for logical_id in stack.resources:
            if stack.resource_type(logical_id) not in {FUNCTION, STATE_MACHINE}:
                continue
            if stack.exists(logical_id) is False:
                continue
            try:
                self._read_all(logical_id)
            except ProjectError as error:
                self._lose(_LostEvent(diagnostic=refused(f"the events of `{logical_id}`", error)))

    def _read_all(self, logical_id: str) -> None:
        stack = self._stack
        properties = Properties(
            declared_properties(stack, logical_id), stack.resolver, self._missing
        )
        events = guarding_mapping(properties, "Events")
        for name in events.entries if events else ():
            said = f"the event `{name}` of `{logical_id}`"
            try:
                event = guarding_mapping(events, name, "Type") if events else None
                kind = event.text("Type") if event else None
            except ProjectError as error:
                self._lose(_LostEvent(diagnostic=refused(said, error)))
                continue
            if event is None or kind is None or kind not in _API_OF:
                self._check_type(said, event, kind)
                continue
            api = None
            try:
                api = self._api_of(event, kind)
                place = event.node.place if events is None else events.node.place_of(name)
                self.by_api.setdefault(api, []).append(
                    self._read(logical_id, properties, event, kind, place)
                )
            except _ForeignApiError as error:
                self.diagnostics.append(skipped(said, error))
            except ProjectError as error:
                method, path = self._place(event, kind)
                self._lose(
                    _LostEvent(
                        diagnostic=refused(said, error),
                        kind=kind,
                        api=api,
                        method=method,
                        path=path,
                    )
                )

    def _lose(self, event: _LostEvent) -> None:
        self.diagnostics.append(event.diagnostic)
        self._lost.append(event)

    def _place(self, event: Properties, kind: str) -> tuple[str, str | None]:
        """Return what is known of the method and the path of an event that has an error."""
        try:
            settings = event.without_diagnostics().mapping("Properties")
        except ProjectError:
            settings = None
        if settings is None:
            return ANY_METHOD, None
        path = _known_text(settings, "Path")
        if path is not None and path.removeprefix("/") == DEFAULT_ROUTE and kind == "HttpApi":
            path = DEFAULT_ROUTE
        elif path is not None:
            path = f"/{path.removeprefix('/')}"
        method = _known_text(settings, "Method") or ""
        return _METHODS.get(method.upper(), ANY_METHOD), path

    def _check_type(self, said: str, event: Properties | None, kind: str | None) -> None:
        """Report an event whose type looks like one of an API, and is not."""
        if event is not None and kind and (hint := did_you_mean(kind, _API_OF)):
            message = f"skipping {said}: SAM has no events of the type `{kind}`"
            place = event.node.place_of("Type")
            self.diagnostics.append(Diagnostic(message=message, place=place, hint=hint))

    def _api_of(self, event: Properties, kind: str) -> str:
        """Return the logical id of the API of an event.

        Raises:
            _ForeignApiError: the template has no such API.
            TemplateError: it is unknown.
        """
        name = _API_OF[kind]
        settings = event.mapping("Properties")
        node = settings.entries.get(name) if settings else None
        if node is None:
            return IMPLICIT[kind]
        api = self._resource_of(node)
        if api is None or api == "AWS::NoValue":
            return IMPLICIT[kind]
        if api not in self._stack.resources and api != IMPLICIT[kind]:
            raise _ForeignApiError(
                f"`{name}` must be `!Ref` of an API in the same template",
                place=node.place,
                hint=did_you_mean(api, self._stack.resources),
            )
        if api in self._stack.resources and self._stack.exists(api) is False:
            raise _ForeignApiError(f"the condition of `{api}` is false", place=node.place)
        return api

    def _resource_of(self, node: Node) -> str | None:
        reference = node.get("Ref")
        if reference is not None:
            return reference.optional_text()
        return known(self._stack.resolver.resolve(node)).optional_text()

    def _read(
        self, logical_id: str, properties: Properties, event: Properties, kind: str, place: Place
    ) -> ApiEvent:
        settings = guarding_mapping(event, "Properties")
        if settings is None:
            settings = Properties(event.node.with_value({}), properties.resolver, self._missing)
        method, path = "", ""
        if kind == "HttpApi" and not settings.entries.keys() & {"Path", "Method"}:
            method, path = ANY_METHOD, DEFAULT_ROUTE
        else:
            owner = f"an event of the type {kind}"
            path = required_text(settings, "Path", owner)
            if kind == "HttpApi" and path.removeprefix("/") == DEFAULT_ROUTE:
                path = DEFAULT_ROUTE
            check_path(path, settings.entries["Path"].place)
            method = self._method(settings, required_text(settings, "Method", owner))
        is_function = self._stack.resource_type(logical_id) == FUNCTION
        return ApiEvent(
            owner=logical_id,
            method=method,
            path=path,
            target=self._target(logical_id, properties) if is_function else None,
            settings=settings,
            place=place,
        )

    def _method(self, settings: Properties, text: str) -> str:
        if (method := _METHODS.get(text.upper())) is not None:
            return method
        raise TemplateError(
            f"`Method` must be a method of HTTP or `any`, not `{text}`",
            place=settings.entries["Method"].place,
            hint=did_you_mean(text, _METHODS),
        )

    def _target(self, logical_id: str, properties: Properties) -> FunctionTarget | Diagnostic:
        return sam_target(self._stack, self._targets, logical_id, properties)

    def of(self, api: str) -> tuple[ApiEvent, ...]:
        """Return the events of an API by its logical id."""
        return tuple(self.by_api.get(api, ()))

    def lost(self, api: str, kind: str) -> LostEvents:
        """Return the events that cannot be read and may be of an API; `kind` is the type of its events."""
        lost = [
            each for each in self._lost if each.kind in {None, kind} and each.api in {None, api}
        ]
        path_of = resource_path if kind == "Api" else str
        return LostEvents(
            broken={
                (each.method, path_of(each.path)): each.diagnostic
                for each in lost
                if each.path is not None
            },
            unplaced=tuple(each.diagnostic for each in lost if each.path is None),
        )


def _known_text(settings: Properties, name: str) -> str | None:
    try:
        return settings.text(name)
    except ProjectError:
        return None


def sam_target(
    stack: Stack, targets: FunctionTargets, logical_id: str, properties: Properties
) -> FunctionTarget | Diagnostic:
    """Return what events of a SAM function call: its `AutoPublishAlias`, or else the function."""
    alias = properties.without_diagnostics().get("AutoPublishAlias")
    name = f"{logical_id}.Alias" if alias else logical_id
    at = stack.resources[logical_id]
    return targets.of_reference(stack, at.with_data({"Ref": name}))
