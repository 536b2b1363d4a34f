"""Downloads files over HTTPS. Imported only when needed: importing TLS is slow."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BLOCK: Final = 1024 * 1024
# The longest time to wait for an answer, or for more data.
_SILENCE_SECONDS: Final = 30


def download(url: str, path: Path, *, check: Callable[[], None]) -> tuple[int, str]:
    """Download a URL into a file; return its size in bytes, and its SHA-256 in base64.

    `check` is called at each block, and may raise to stop it.

    Raises:
        OSError: the server cannot be reached or refuses, or the disk is full.
    """
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    checksum, size = hashlib.sha256(), 0
    try:
        with (
            urlopen(url, timeout=_SILENCE_SECONDS, context=context) as source,  # noqa: S310  # AWS's own answer
            path.open("wb") as sink,
        ):
            while block := source.read(_BLOCK):
                check()
                sink.write(block)
                checksum.update(block)
                size += len(block)
    except HTTPException as exc:
        raise ConnectionError(str(exc)) from exc
    return size, base64.b64encode(checksum.digest()).decode()
