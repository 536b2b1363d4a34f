"""`${opt:NAME}`: an option of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_option(request: SourceRequest, variables: Variables) -> Node | None:
    """Return an option that was given, never a default; all of them without a name."""
    options = variables.context.options
    if request.name is None:
        return request.node.with_data(dict(options))
    value = options.get(request.name)
    return None if value is None else request.node.with_value(value)
