"""`${sls:stage}` and `${sls:instanceId}`: values of the command itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_instance(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the stage, or the identifier of this run."""
    match request.required_name("sls:stage"):
        case "stage":
            return request.node.with_value(variables.stage)
        case "instanceId":
            return request.node.with_value(variables.instance_id)
        case name:
            hint = did_you_mean(name, ("stage", "instanceId"))
            raise request.error(
                f"`{name}` is not a value of `sls`",
                hint=hint or "it has `sls:stage` and `sls:instanceId`",
            )
