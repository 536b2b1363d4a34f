"""The sources of plugins: any type that Serverless itself does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.serverless.variables.sources import SOURCES
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_other(request: SourceRequest, _variables: Variables) -> Node | None:
    """Refuse a type that nothing is known of, whatever the fallbacks, as Serverless does."""
    raise request.error(
        f"unrecognized configuration variable source `{request.type}`",
        hint=did_you_mean(request.type, SOURCES) or f"sources: {quoted(SOURCES)}",
    )
