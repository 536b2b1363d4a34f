"""The definition of an API: what an OpenAPI document or the events of functions say, before it becomes routes."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, Literal

from samlocal.diagnostics import Diagnostic
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import DEFAULT_ROUTE, Route, UnsupportedAuthorizer
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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
    `broken` are the methods and paths of operations that have an error. `ignored_schemes` are names that `security` may have and that API Gateway does not know as authorizers.
    """

    operations: tuple[Operation, ...] = ()
    broken: frozenset[tuple[str, str]] = frozenset()
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

    def find(self, operation: Operation) -> Operation | None:
        """Return the operation of the same method and path; None if there is none."""
        key = (operation.method, operation.path)
        return next((each for each in self.operations if (each.method, each.path) == key), None)

    def without(self, broken: Collection[tuple[str, str]]) -> Definition:
        """Return the definition without the operations of some methods and paths."""
        kept = (each for each in self.operations if (each.method, each.path) not in broken)
        return replace(self, operations=tuple(kept), broken=self.broken.union(broken))

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
    """Return the routes of a definition, and diagnostics for operations that nothing answers."""
    failures = tuple(
        Diagnostic(
            message=f"skipping `{each.name}`: it has no integration",
            place=each.place,
            hint="add `x-amazon-apigateway-integration`",
        )
        for each in definition.operations
        if each.integration is None
    )
    secured = (_with_security(definition, each) for each in definition.operations)
    routes = tuple(
        Route(
            method=each.method,
            path=each.path,
            integration=each.integration,
            authorizer=_authorizer(definition, each),
            scopes=_scopes(definition, each),
            needs_api_key=each.needs_api_key or False,
            operation_name=each.operation_name,
            validation=each.validation,
            place=each.place,
        )
        for each in secured
        if each.integration is not None
    )
    return routes, failures


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
