"""`${ssm(REGION, raw):/path}`: a parameter of Systems Manager, or a secret.

https://www.serverless.com/framework/docs/guides/variables/ssm
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.serverless.variables.sources.stored_values import find_value

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_parameter(request: SourceRequest, variables: Variables) -> Node | None:
    """Return a parameter: a `StringList` is a list, and a `SecureString` in JSON a mapping, unless it is `raw`."""
    name = request.required_name("ssm:/path")
    words = [text for each in request.params if (text := each.optional_text())]
    regions = [word for word in words if word not in {"raw", "noDecrypt"}]
    reference = Reference(
        service="ssm",
        name=name,
        region=regions[0] if regions else variables.region,
        is_raw="raw" in words,
        is_decrypted="noDecrypt" not in words,
    )
    return find_value(request, variables, reference, key=name)
