"""The names of APIs: their full paths, and identifiers that stand for the ids that AWS would give them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.cloudformation.stack.stack import Stack

_LENGTH: Final = 10
_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


def full_path(stack: Stack, name: str) -> str:
    """Return the name of a resource below the path of its nested stack."""
    return f"{stack.path}/{name}" if stack.path else name


def api_identifier(path: str) -> str:
    """Return ten lower-case letters and digits for the full path of an API: the same in every process."""
    digest = hashlib.sha256(path.encode()).digest()
    return "".join(_CHARACTERS[byte % len(_CHARACTERS)] for byte in digest[:_LENGTH])
