"""An invocation of a served function, as its caller asks for it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from datetime import datetime


@frozen
class FunctionCall:
    """One invocation of a function in a project.

    `function` is its full path. The payload is JSON; the caller has checked it, and the client context, which
    is a JSON text. `qualifier` is a version or an alias. Without one the version is `$LATEST`, and the ARN that
    the function sees has no qualifier. `trace_id` is a whole X-Ray header; None means a new trace. `domain_name` is as
    in `Invocation`, and has no effect for a function that reaches no endpoint.
    """

    function: str
    payload: bytes = field(repr=False)
    request_id: str
    qualifier: str | None = None
    trace_id: str | None = None
    client_context: str | None = None
    tenant_id: str | None = None
    domain_name: str | None = None


@frozen
class CodeFacts:
    """What Lambda's API tells about a function's code.

    `size_bytes` is the size of all its files, or of the archive. `sha256` is in base64, as `CodeSha256`.
    `last_modified` is aware.
    """

    size_bytes: int
    sha256: str
    last_modified: datetime
