"""`${strToBool(TEXT)}`: a boolean from text, such as an environment variable's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.documents.node import scalar_text

if TYPE_CHECKING:
    from samlocal.documents.node import Node
    from samlocal.serverless.variables.source import SourceRequest, Variables

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_HINT: Final = "it takes `true`, `1`, `false` and `0`"


def convert_text(request: SourceRequest, _variables: Variables) -> Node | None:
    """Return the boolean that a text means, whatever its case."""
    value = request.params[0].value if request.params else None
    if not isinstance(value, str | int | float):
        reason = request.params[0].kind if value is not None else "nothing"
        raise request.error(f"{reason} is not a boolean", hint=_HINT)
    text = scalar_text(value)
    boolean = _BOOLEANS.get(text.strip().lower())
    if boolean is None:
        raise request.error(f"`{text}` is not a boolean", hint=_HINT)
    return request.node.with_value(boolean)
