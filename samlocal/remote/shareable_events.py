"""Shareable test events of a function, which Lambda's console keeps in EventBridge's schema registry.

https://docs.aws.amazon.com/lambda/latest/dg/testing-functions.html#creating-shareable-events
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from samlocal.errors import RemoteError
from samlocal.frozen_dataclass import frozen
from samlocal.remote.aws_errors import Request, translated_errors
from samlocal.remote.resource_ids import split_qualifier
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.aws_clients import AwsSession

_REGISTRY: Final = "lambda-testevent-schemas"


@frozen
class ShareableEvent:
    """The event, and the type of the invocation that it was saved with."""

    payload: bytes
    invocation_type: str | None = None


class _SchemasClient(Protocol):
    def describe_schema(self, **request: str) -> Mapping[str, Any]: ...


def read_shareable_event(
    session: AwsSession, function: str, name: str, *, region: str
) -> ShareableEvent:
    """Return a test event of a function by its name.

    Raises:
        RemoteError: There is no such event, or it cannot be read.
    """
    function = split_qualifier(function)[0].rpartition(":")[2]
    request = Request(
        action=f"read the test events of `{function}`",
        permission="schemas:DescribeSchema",
        region=region,
    )
    none = f"`{function}` has no shareable test events"
    try:
        with translated_errors(request):
            client = cast("_SchemasClient", session.client("schemas"))
            answer = client.describe_schema(
                RegistryName=_REGISTRY, SchemaName=f"_{function}-schema"
            )
    except RemoteError as error:
        if "NotFoundException" in error.message:
            raise RemoteError(
                none, hint="Lambda's console saves them; private events cannot be read"
            ) from error
        raise
    try:
        examples: dict[str, Any] = json.loads(answer["Content"])["components"]["examples"]
        example = examples.get(name)
        payload = json.dumps(example["value"], ensure_ascii=False).encode() if example else b""
        metadata = (example or {}).get("x-metadata") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RemoteError(f"the test events of `{function}` cannot be read: {error!r}") from error
    if not payload:
        raise RemoteError(
            f"`{function}` has no shareable test event `{name}`",
            hint=did_you_mean(name, examples) or f"it has {quoted(examples)}",
        )
    return ShareableEvent(payload=payload, invocation_type=metadata.get("invocationType"))
