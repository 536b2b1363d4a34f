"""The sources of plugins: any type that Serverless itself does not have, or that only its account has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.serverless.variables.sources import SOURCES
from samlocal.serverless.variables.sources.stored_values import unavailable
from samlocal.suggestions import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables

# https://www.serverless.com/framework/docs/guides/variables lists those of version 4.
_KNOWN: Final[Mapping[str, str]] = {
    "output": "the outputs of other services are in Serverless's account",
    "doppler": "its value is in Doppler",
    "vault": "its value is in HashiCorp Vault",
    "terraform": "its value is in Terraform's state",
}


def read_other(request: SourceRequest, _variables: Variables) -> Node | None:
    """Refuse a source that samlocal cannot ask.

    Raises:
        UnavailableValueError: The source is known, so that a fallback applies.
        VariableError: Nothing is known of the type, whatever the fallbacks, as in Serverless.
    """
    known = (*SOURCES, *_KNOWN)
    if request.type in _KNOWN:
        raise unavailable(request, _KNOWN[request.type])
    reason = f"unrecognized configuration variable source `{request.type}`"
    if closest(request.type, known):
        raise request.error(reason, hint=did_you_mean(request.type, known))
    hint = unavailable(request, reason).hint
    raise request.error(reason, hint=f"if a plugin has it, {hint}")
