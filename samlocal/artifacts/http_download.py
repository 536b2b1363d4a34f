"""Files from the web. Imported where one is missing: HTTP over TLS takes a while to load."""

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
# Until the server answers, or sends more.
_PATIENCE_SECONDS: Final = 30


def download(url: str, path: Path, *, check: Callable[[], None]) -> tuple[int, str]:
    """Write what a URL holds into a file; return its size in bytes, and its SHA-256 in base64.

    `check` is called at each block, and may raise to stop it.

    Raises:
        OSError: the server can't be reached or refuses, or there is no room.
    """
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    checksum, size = hashlib.sha256(), 0
    try:
        with (
            urlopen(url, timeout=_PATIENCE_SECONDS, context=context) as source,  # noqa: S310  # AWS's own answer
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
