"""The ids of connections, messages and requests of a WebSocket API: `PJqB0fHsqRcCHlw=`."""

from __future__ import annotations

import base64
import os
import re
from typing import Final

_BYTES: Final = 11
_ID: Final = re.compile(r"[A-Za-z0-9_-]{15}=")


def new_identifier() -> str:
    """Return a new id of 16 characters, safe in JSON and in a URL once `=` is encoded."""
    return base64.urlsafe_b64encode(os.urandom(_BYTES)).decode()


def is_identifier(text: str) -> bool:
    """Return whether a text could be the id of a connection, of this endpoint or of another."""
    return _ID.fullmatch(text) is not None
