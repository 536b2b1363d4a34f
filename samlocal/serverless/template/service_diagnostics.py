"""Diagnostics of a service that do not depend on the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from samlocal.serverless.template.service import Service
    from samlocal.serverless.template.stack import ServiceStack


def service_diagnostics(
    service: Service, stack: ServiceStack, overrides: Iterable[str]
) -> Iterator[Diagnostic]:
    """Yield what was dropped of `resources`, and the `overrides` of parameters that it does not have.

    Raises:
        ProjectError: the service cannot be read.
    """
    yield from _undeclared(service, stack, overrides)
    _ = stack.resources  # errors in them are known then
    for error in service.resources.errors:
        message = f"skipping a part of `resources`: {error.message}"
        yield Diagnostic(message=message, place=error.place, hint=error.hint)


def _undeclared(
    service: Service, stack: ServiceStack, overrides: Iterable[str]
) -> Iterator[Diagnostic]:
    for name in overrides:
        if name not in stack.parameters:
            message = f"`resources` has no parameter `{name}`"
            hint = did_you_mean(name, stack.parameters)
            yield Diagnostic(message=message, place=service.root.place, hint=hint)
