"""Values that exist only in AWS or in a plugin: those of `--resolve-file`, else the account's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.documents.node import Unknown
from samlocal.errors import UnavailableValueError

if TYPE_CHECKING:
    from samlocal.cloudformation.intrinsics.dynamic_references import Reference
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables


def find_value(
    request: SourceRequest, variables: Variables, reference: Reference, *, key: str
) -> Node | None:
    """Return a value that is stored in AWS; None if AWS has none.

    `key` is the name of the value in its section of the file of `--resolve-file`.

    Raises:
        UnavailableValueError: The file does not have the value, and AWS is not asked or does not answer.
    """
    context = variables.context
    if context.given and (found := context.given.look_up_value(reference)) is not None:
        return request.node.with_data(found)
    reason = "its value is in AWS"
    if context.remote:
        found = context.remote.look_up_value(reference)
        if not isinstance(found, Unknown):
            return None if found is None else request.node.with_data(found)
        reason = found.reason
    raise unavailable(
        request, reason, section=reference.service, key=key, in_aws=not context.remote
    )


def unavailable(
    request: SourceRequest,
    reason: str,
    *,
    section: str = "variables",
    key: str | None = None,
    in_aws: bool = False,
) -> UnavailableValueError:
    """Return the error for a value that cannot be had here; its hint has the line that gives the value."""
    line = f"{section}: {{{json.dumps(key or request.text, ensure_ascii=False)}: VALUE}}"
    hint = f"give it in a file with --resolve-file: `{line}`"
    if in_aws:
        hint += "; or read it from AWS with --resolve-remote"
    return UnavailableValueError(
        f"cannot resolve `{request.text}`: {reason}",
        place=request.node.place,
        hint=hint,
        source=request.text,
    )


def given_variable(request: SourceRequest, variables: Variables) -> Node | None:
    """Return the value of a variable under `variables` in the file of `--resolve-file`, as written or resolved."""
    given = variables.context.given
    if given is None:
        return None
    for text in (request.text, _resolved_text(request)):
        if (found := given.variable(text)) is not None:
            return request.node.with_data(found)
    return None


def _resolved_text(request: SourceRequest) -> str:
    params = ", ".join(each.optional_text() or "" for each in request.params)
    address = request.address.optional_text() if request.address else None
    text = f"{request.type}({params})" if request.params else request.type
    return text if address is None else f"{text}:{address}"
