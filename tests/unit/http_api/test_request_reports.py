"""Messages about requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.http_api.request_reports import RequestReports
from tests.unit.http_api.requests import http_request

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic


def test_message() -> None:
    """A message names the request, and has an escape for each character that would disturb a line."""
    said: list[Diagnostic] = []
    RequestReports(said.append)(http_request("/items"), "grüße\nfrom \x1b[31mhere", hint="none")
    (only,) = said
    assert only.message == r"GET /items: grüße\nfrom \x1b[31mhere"
    assert (only.hint, only.place) == ("none", None)
