"""`${env:NAME}`: a variable of the shell or of a `.env` file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_environment(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the value of a variable, which may be empty."""
    value = variables.environment.get(request.required_name("env:NAME"))
    return None if value is None else request.node.with_value(value)
