"""`${s3:bucket/key}`: the text of an object in S3.

https://www.serverless.com/framework/docs/guides/variables/s3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.serverless.variables.sources.stored_values import find_value

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def read_object(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the text of an object."""
    name = request.required_name("s3:bucket/key").removeprefix("s3://")
    bucket, slash, key = name.partition("/")
    if not (bucket and slash and key):
        raise request.error(f"`{name}` is not an object", hint="write `s3:bucket/key`")
    reference = Reference(service="s3", name=f"s3://{name}", region=variables.region)
    return find_value(request, variables, reference, key=name)
