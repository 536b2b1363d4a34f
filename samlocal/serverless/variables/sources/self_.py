"""`${self:a.b}`: another value of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_configuration(request: SourceRequest, variables: Variables) -> Node | None:
    """Return a value of the configuration as it is written: defaults are not there."""
    if request.address is not None and request.address.value is None:
        return None  # the address itself has no value, which is not the address of everything
    name = request.name
    return variables.at(*(name.split(".") if name else ()))
