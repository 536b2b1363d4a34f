"""What people at the terminal are told about a request whose client only gets a status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.project.apis import UnsupportedIntegration

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.errors import Place
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Integration


class RequestReports:
    """Gives `report` a message about a request, in one line: what its client sends must not disturb the terminal."""

    def __init__(self, report: Callable[[Diagnostic], None]) -> None:
        self._report = report

    def __call__(
        self,
        request: HttpRequest,
        message: str,
        *,
        hint: str | None = None,
        place: Place | None = None,
    ) -> None:
        """Report what is wrong with a request, or with the answer to it."""
        text = f"{request.method} {request.path}: {message}"
        self._report(Diagnostic(message=_printable(text), place=place, hint=hint))

    def refusal(self, request: HttpRequest, integration: Integration | None, otherwise: str) -> str:
        """Report why a request cannot be answered, and return it: what is not supported, or `otherwise`."""
        if not isinstance(integration, UnsupportedIntegration):
            self(request, otherwise)
            return otherwise
        self._report(integration.diagnostic)
        return integration.diagnostic.message


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
