"""The target in the first line of a request: https://www.rfc-editor.org/rfc/rfc9112#name-request-target."""

from __future__ import annotations

import re
from typing import Final

_ABSOLUTE: Final = re.compile(rb"https?://[^/?]*([^?]*)\??(.*)", re.IGNORECASE | re.DOTALL)


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Return path and query as they are written.

    Raises:
        ValueError: The target is neither a path, nor a URL, nor `*`.
    """
    target = target.partition(b"#")[0]
    if target.startswith(b"/"):
        path, _, query = target.partition(b"?")
        return path, query
    if target == b"*":
        return target, b""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise ValueError(f"`{target!r}` is not a request target")
    return absolute[1] or b"/", absolute[2]
