"""An API of SAM that is being read: its settings, and what REST and HTTP APIs have in common."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.bodies import BodyProperties, read_body
from samlocal.cloudformation.apis.definition import UNKNOWN, Definition
from samlocal.cloudformation.apis.settings import flag, guarding_mapping, refused
from samlocal.diagnostics import Diagnostic
from samlocal.errors import ProjectError
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import ApiKind, UnsupportedIntegration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from samlocal.cloudformation.apis.definition import Operation
    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.apis.sam_events import ApiEvent, LostEvents
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.errors import Place
    from samlocal.project.apis import Integration

_BODY: Final = "DefinitionBody"
_URI: Final = "DefinitionUri"


@frozen
class ApiAuth:
    """What an API says about its callers: `Auth`, whose `default` authorizer is `UNKNOWN` if it has an error.

    `refusal` is that error. Preflight requests need no authorizer with `opens_preflights`, and no API key with
    `opens_preflights_without_key`.
    """

    settings: Properties | None = None
    default: str | None = None
    needs_api_key: bool = False
    opens_preflights: bool = False
    opens_preflights_without_key: bool = False
    refusal: Diagnostic | None = None


@frozen
class SamResource:
    """A resource of SAM that makes an API, or an implicit API; `settings` have `Globals` merged in."""

    stack: Stack
    logical_id: str
    settings: Properties
    events: tuple[ApiEvent, ...]
    lost_events: LostEvents
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
        definition = found or Definition()
        if not self.takes_events(kind):
            return definition
        lost = self.lost_events
        unplaced = (*definition.unplaced, *lost.unplaced)
        return replace(definition.without(lost.broken), unplaced=unplaced)

    def takes_events(self, kind: ApiKind) -> bool:
        """Whether SAM adds events to the definition of an API of a kind."""
        if kind is ApiKind.HTTP:
            return not self.has_definition_file
        return self.is_managed or flag(self.settings, "MergeDefinitions") is True

    def auth(self) -> ApiAuth:
        """Return what the API says about its callers."""
        try:
            return _read_auth(self.settings)
        except ProjectError as error:
            return ApiAuth(default=UNKNOWN, refusal=refused(f"`{self.logical_id}`", error))

    def base_paths(self) -> tuple[str, ...]:
        """Return the base paths of the API's custom domain, without the domain's root.

        SAM leaves out characters other than letters and digits, unless `NormalizeBasePath` is false.
        """
        domain = self.settings.mapping("Domain")
        if domain is None:
            return ()
        is_kept = flag(domain, "NormalizeBasePath") is False
        paths = (
            path.strip("/") if is_kept else re.sub("[^0-9a-zA-Z]", "", path)
            for path in domain.texts("BasePath")
        )
        return tuple(dict.fromkeys(filter(None, paths)))


def _read_auth(settings: Properties) -> ApiAuth:
    auth = guarding_mapping(settings, "Auth", "DefaultAuthorizer", "ApiKeyRequired")
    if auth is None:
        return ApiAuth()
    auth.mapping("Authorizers")
    return ApiAuth(
        settings=auth,
        default=auth.text("DefaultAuthorizer"),
        needs_api_key=flag(auth, "ApiKeyRequired") is True,
        opens_preflights=flag(auth, "AddDefaultAuthorizerToCorsPreflight") is False,
        opens_preflights_without_key=flag(auth, "AddApiKeyRequiredToCorsPreflight") is False,
    )


def read_operations(
    definition: Definition,
    events: Iterable[ApiEvent],
    read: Callable[[ApiEvent], Operation],
    *,
    path_of: Callable[[str], str] = str,
) -> tuple[Definition, tuple[Operation, ...], tuple[Diagnostic, ...]]:
    """Return the operations of events, and diagnostics for those that have an error or come twice.

    `path_of` returns the path of an operation for that of an event. Operations of the definition whose events have an
    error refuse all requests, as the events may guard them.
    """
    found: dict[tuple[str, str], Operation] = {}
    failures: list[Diagnostic] = []
    broken: dict[tuple[str, str], Diagnostic] = {}
    for event in events:
        try:
            operation = read(event)
        except ProjectError as error:
            failures.append(refused(f"`{event.method} {event.path}` of `{event.owner}`", error))
            broken[event.method, path_of(event.path)] = failures[-1]
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
