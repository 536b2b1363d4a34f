"""An API of SAM that is being read: its settings, and what REST and HTTP APIs have in common."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.bodies import BodyProperties, read_body
from samlocal.cloudformation.apis.definition import Definition
from samlocal.cloudformation.apis.openapi import resource_path
from samlocal.cloudformation.apis.settings import flag, guarding_mapping, skipped
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import UnsupportedIntegration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from samlocal.cloudformation.apis.definition import Operation
    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.sam_events import ApiEvent
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.errors import Place
    from samlocal.project.apis import ApiKind, Integration

_BODY: Final = "DefinitionBody"
_URI: Final = "DefinitionUri"


@frozen
class SamResource:
    """A resource of SAM that makes an API, or an implicit API; `settings` have `Globals` merged in."""

    stack: Stack
    logical_id: str
    settings: Properties
    events: tuple[ApiEvent, ...]
    targets: FunctionTargets
    place: Place

    @property
    def is_managed(self) -> bool:
        """Whether the API has no definition of its own, so that it consists of events."""
        return not any(
            self.stack.resolver.may_have_value(self.settings.entries.get(name))
            for name in (_BODY, _URI)
        )

    @property
    def has_definition_file(self) -> bool:
        """Whether the definition is in a file, which SAM does not change."""
        return self.stack.resolver.may_have_value(self.settings.entries.get(_URI))

    def definition(self, kind: ApiKind, variables: Mapping[str, str]) -> Definition:
        """Return the API's own definition, without its events; one that has an error is empty."""
        found = read_body(
            self.stack,
            self.logical_id,
            self.settings,
            kind,
            targets=self.targets,
            variables=variables,
            names=BodyProperties(body=_BODY, location=_URI),
        )
        return found or Definition()

    def base_path(self) -> str | None:
        """Return the first base path of the API's custom domain; None: the domain's root.

        SAM leaves out characters other than letters and digits, unless `NormalizeBasePath` is false.
        """
        domain = self.settings.mapping("Domain")
        if domain is None:
            return None
        path = next(iter(domain.texts("BasePath")), "")
        is_kept = flag(domain, "NormalizeBasePath") is False
        path = path.strip("/") if is_kept else re.sub("[^0-9a-zA-Z]", "", path)
        return path or None


def read_operations(
    definition: Definition, events: Iterable[ApiEvent], read: Callable[[ApiEvent], Operation]
) -> tuple[Definition, tuple[Operation, ...], tuple[Diagnostic, ...]]:
    """Return the operations of events, and diagnostics for those that have an error or come twice.

    The definition loses the operations of events that have an error, as these may guard them.
    """
    found: dict[tuple[str, str], Operation] = {}
    failures: list[Diagnostic] = []
    broken: set[tuple[str, str]] = set()
    for event in events:
        try:
            operation = read(event)
        except ProjectError as error:
            failures.append(skipped(f"`{event.method} {event.path}` of `{event.owner}`", error))
            broken |= {(event.method, path) for path in (event.path, resource_path(event.path))}
            continue
        key = (operation.method, operation.path)
        if first := found.get(key):
            message = f"skipping the second `{operation.name}`, of `{event.owner}`"
            hint = f"the first is at {first.place}"
            failures.append(Diagnostic(message=message, place=event.place, hint=hint))
            continue
        found[key] = operation
    return definition.without(broken), tuple(found.values()), tuple(failures)


def event_auth(event: ApiEvent) -> Properties | None:
    """Return what an event says about its callers; None: nothing.

    Raises:
        TemplateError: a part of it is unknown.
    """
    return guarding_mapping(
        event.settings, "Auth", "Authorizer", "AuthorizationScopes", "ApiKeyRequired"
    )


def event_integration(event: ApiEvent, read: Callable[[ApiEvent], Integration]) -> Integration:
    """Return the integration of an event; `read` reads that of a function."""
    if event.target is None:
        message = f"`{event.method} {event.path}` starts the state machine `{event.owner}`, which is not emulated"
        return UnsupportedIntegration(diagnostic=Diagnostic(message=message, place=event.place))
    if isinstance(event.target, Diagnostic):
        return UnsupportedIntegration(diagnostic=event.target)
    return read(event)


def with_authorizer(
    operations: Iterable[Operation], name: str | None, *, skips: frozenset[str] = frozenset()
) -> Iterator[Operation]:
    """Yield operations with a default authorizer, except those of the methods in `skips`.

    An operation keeps its own authorizer, and has none if it says so.
    """
    for operation in operations:
        if name is None or operation.authorizer is not None or operation.method in skips:
            yield operation
        else:
            yield replace(operation, authorizer=name)


def merged(own: Operation | None, event: Operation) -> Operation:
    """Return the operation of an event with what the definition's `own` says besides."""
    if own is None:
        return event
    is_guarded = event.authorizer is not None
    return replace(
        event,
        authorizer=event.authorizer if is_guarded else own.authorizer,
        scopes=event.scopes if is_guarded else own.scopes,
        needs_api_key=own.needs_api_key if event.needs_api_key is None else event.needs_api_key,
        operation_name=own.operation_name,
        validation=event.validation or own.validation,
        inherits_security=own.inherits_security,
    )


def own_scopes(auth: Properties | None) -> tuple[str, ...] | None:
    """Return the scopes of an event; None if it has those of its authorizer."""
    if auth is None or "AuthorizationScopes" not in auth.entries:
        return None
    return auth.texts("AuthorizationScopes")


def not_in_definition(operation: Operation, api: str, hint: str) -> Diagnostic:
    """Return the diagnostic for an event that the definition of its API does not have."""
    message = f"skipping `{operation.name}`: the definition of `{api}` does not have it"
    return Diagnostic(message=message, place=operation.place, hint=hint)
