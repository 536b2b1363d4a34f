"""`${param:NAME}`: a parameter of the stage.

https://www.serverless.com/framework/docs/guides/parameters
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_parameter(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the value of `--param`, else the stage's, else the default.

    Version 3 has them in `params.STAGE` and `params.default`, version 4 also in `stages.STAGE.params` and
    `stages.default.params`.
    """
    name = request.required_name("param:NAME")
    given = variables.context.params.get(name)
    if given is not None:
        return request.node.with_value(given)
    for stage in (variables.stage, "default"):
        for path in (("stages", stage, "params", name), ("params", stage, name)):
            found = variables.at(*path)
            if found is not None and found.value is not None:
                return found
    return None
