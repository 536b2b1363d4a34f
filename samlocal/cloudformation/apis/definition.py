"""The definition of an API: what an OpenAPI document or the events of functions say, before it becomes routes."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, Literal

from samlocal.diagnostics import Diagnostic
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import (
    ANY_METHOD,
    DEFAULT_ROUTE,
    Route,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from samlocal.errors import Place
    from samlocal.project.apis import (
        Authorizer,
        Cors,
        GatewayResponse,
        Integration,
        RequestValidation,
    )

OPTIONS: Final = "OPTIONS"
NO_AUTHORIZER: Final = "NONE"  # the name in templates for none at all, not even the default one
AWS_IAM: Final = "AWS_IAM"
UNKNOWN: Final = "(unknown)"  # the name of what guards an operation, if that cannot be resolved


@frozen
class Operation:
    """One method of one path.

    `integration` is None as long as nothing answers. `authorizer` is a name, `NO_AUTHORIZER`, or None for the
    default of the API. `scopes` and `needs_api_key` are None where the defaults of the authorizer and of the API
    apply. `inherits_security` is false if the operation says itself that it has none.
    """

    method: str
    path: str
    place: Place
    integration: Integration | None = None
    authorizer: str | None = None
    scopes: tuple[str, ...] | None = None
    needs_api_key: bool | None = None
    operation_name: str | None = None
    validation: RequestValidation | None = None
    inherits_security: bool = True

    @property
    def name(self) -> str:
        """The operation in words for people: `GET /items`."""
        return self.path if self.path == DEFAULT_ROUTE else f"{self.method} {self.path}"


@frozen
class Security:
    """What `security` asks for: an authorizer by name, its scopes, an API key; None where it says nothing."""

    authorizer: str | None = None
    scopes: tuple[str, ...] | None = None
    needs_api_key: bool | None = None


@frozen
class Definition:
    """All that a definition says about an API.

    `security` is for operations that say nothing. `default_scopes` are those of authorizers, by name.
    `broken` are the methods and paths of operations that have an error: they refuse all requests, which no other one
    gets. `unplaced` are about operations whose method or path is unknown. `ignored_schemes` are names that `security` may
    have and that API Gateway does not know as authorizers.
    """

    operations: tuple[Operation, ...] = ()
    broken: Mapping[tuple[str, str], Diagnostic] = field(default_factory=dict)
    unplaced: tuple[Diagnostic, ...] = ()
    security: Security = field(default_factory=Security)
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    default_scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored_schemes: frozenset[str] = frozenset()
    name: str | None = None
    binary_types: tuple[str, ...] = ()
    cors: Cors | None = None
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    minimum_compression_bytes: int | None = None
    failures: tuple[Diagnostic, ...] = ()

    def with_unknown_guard(self, diagnostic: Diagnostic) -> Definition:
        """Return the definition with an authorizer `UNKNOWN`, which refuses all requests."""
        unknown = UnsupportedAuthorizer(name=UNKNOWN, diagnostic=diagnostic)
        return replace(self, authorizers={**self.authorizers, UNKNOWN: unknown})

    def find(self, operation: Operation) -> Operation | None:
        """Return the operation of the same method and path; None if there is none."""
        key = (operation.method, operation.path)
        return next((each for each in self.operations if (each.method, each.path) == key), None)

    def without(self, broken: Mapping[tuple[str, str], Diagnostic]) -> Definition:
        """Return the definition with operations of some methods and paths that refuse all requests."""
        kept = (each for each in self.operations if (each.method, each.path) not in broken)
        return replace(self, operations=tuple(kept), broken={**self.broken, **broken})

    def with_operations(self, operations: Iterable[Operation]) -> Definition:
        """Return the definition with other operations, which replace those of the same method and path.

        One that is broken stays out, unless it is given an authorizer: nothing is known of who may call it.
        """
        merged = {(each.method, each.path): each for each in self.operations}
        merged |= {(each.method, each.path): each for each in operations}
        kept = (
            each
            for key, each in merged.items()
            if key not in self.broken or each.authorizer is not None
        )
        return replace(self, operations=tuple(kept))


def routes_of(definition: Definition) -> tuple[tuple[Route, ...], tuple[Diagnostic, ...]]:
    """Return the routes of a definition, and diagnostics for operations that nothing answers.

    What has an error is a route that refuses requests, which would reach a less specific route otherwise, such as
    `/{proxy+}`: that may be open to all.
    """
    routes: list[Route] = []
    unanswered: list[Diagnostic] = []
    for operation in definition.operations:
        secured = _with_security(definition, operation)
        if secured.integration is not None:
            routes.append(_route(definition, secured, secured.integration))
            continue
        unanswered.append(_unanswered(operation))
        routes.append(closed_route(operation.method, operation.path, unanswered[-1]))
    taken = {(each.method, each.path) for each in routes}
    broken = definition.broken
    routes += (
        closed_route(method, path, diagnostic)
        for (method, path), diagnostic in broken.items()
        if (method, path) not in taken
        and (method == ANY_METHOD or (ANY_METHOD, path) not in broken)
    )
    safe, unsafe = without_open_catch_alls(routes, definition.unplaced)
    return safe, (*unanswered, *unsafe)


def without_open_catch_alls(
    routes: Iterable[Route], unplaced: Sequence[Diagnostic]
) -> tuple[tuple[Route, ...], tuple[Diagnostic, ...]]:
    """Return routes of which those refuse requests that are open, and may get those of operations without a known path.

    `unplaced` are about such operations. The diagnostics are about the routes that refuse requests.
    """
    safe: list[Route] = []
    said: list[Diagnostic] = []
    for route in routes:
        if unplaced and _may_take_others(route):
            said.append(_unsafe(route, unplaced[0]))
            refusal = UnsupportedIntegration(diagnostic=said[-1])
            safe.append(replace(route, integration=refusal))
        else:
            safe.append(route)
    return tuple(safe), tuple(said)


def closed_route(method: str, path: str, diagnostic: Diagnostic) -> Route:
    """Return a route that refuses all requests with the words of a diagnostic."""
    integration = UnsupportedIntegration(diagnostic=diagnostic)
    return Route(method=method, path=path, integration=integration, place=diagnostic.place)


def _unanswered(operation: Operation) -> Diagnostic:
    return Diagnostic(
        message=f"requests to `{operation.name}` are refused: it has no integration",
        place=operation.place,
        hint="add `x-amazon-apigateway-integration`",
    )


def _route(definition: Definition, operation: Operation, integration: Integration) -> Route:
    return Route(
        method=operation.method,
        path=operation.path,
        integration=integration,
        authorizer=_authorizer(definition, operation),
        scopes=_scopes(definition, operation),
        needs_api_key=operation.needs_api_key or False,
        operation_name=operation.operation_name,
        validation=operation.validation,
        place=operation.place,
    )


def _may_take_others(route: Route) -> bool:
    """Return whether a route is open, and gets the requests of operations that are not there."""
    if route.authorizer is not None or route.needs_api_key:
        return False
    return route.path == DEFAULT_ROUTE or "+}" in route.path


def _unsafe(route: Route, unplaced: Diagnostic) -> Diagnostic:
    name = route.path if route.path == DEFAULT_ROUTE else f"{route.method} {route.path}"
    return Diagnostic(
        message=f"requests to `{name}` are refused, as they may be for another route:"
        f" {unplaced.message}",
        place=unplaced.place,
        hint=unplaced.hint,
    )


def _with_security(definition: Definition, operation: Operation) -> Operation:
    """Return an operation with the security of the whole definition, where it has none of its own."""
    shared = definition.security
    if not operation.inherits_security or operation.authorizer is not None:
        return operation
    needs_api_key = operation.needs_api_key
    return replace(
        operation,
        authorizer=shared.authorizer,
        scopes=shared.scopes,
        needs_api_key=shared.needs_api_key if needs_api_key is None else needs_api_key,
    )


def _authorizer(definition: Definition, operation: Operation) -> Authorizer | None:
    name = operation.authorizer
    if name is None or name == NO_AUTHORIZER:
        return None
    if name in definition.authorizers:
        return definition.authorizers[name]
    if name in definition.ignored_schemes:
        return None
    diagnostic = Diagnostic(
        message=f"`{operation.name}` needs the authorizer `{name}`, which the API does not have",
        place=operation.place,
        hint=did_you_mean(name, definition.authorizers),
    )
    return UnsupportedAuthorizer(name=name, diagnostic=diagnostic)


def _scopes(definition: Definition, operation: Operation) -> tuple[str, ...]:
    if operation.scopes is not None:
        return operation.scopes
    return definition.default_scopes.get(operation.authorizer or "", ())
