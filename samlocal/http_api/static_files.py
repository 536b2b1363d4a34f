"""Files of a directory on this machine, for requests that no route takes (`--static-dir`)."""

from __future__ import annotations

import asyncio
import mimetypes
from email.utils import formatdate, parsedate_to_datetime
from stat import S_ISREG
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from samlocal.http_api.exchange import HttpResponse

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from samlocal.http_api.exchange import HttpRequest, ResponseWriter

_METHODS: Final = ("GET", "HEAD")
_INDEX: Final = "index.html"
_CHUNK_BYTES: Final = 256 * 1024
_NOT_MODIFIED: Final = HttpResponse(status=304)


class StaticFiles:
    """The regular files below a directory; links that lead out of it are not followed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()

    async def answer(self, request: HttpRequest, writer: ResponseWriter) -> HttpResponse | None:
        """Return the answer, or send it with the writer and return None; a directory has its `index.html`.

        Raises:
            FileNotFoundError: There is no such file, or the method is not for files.
        """
        if request.method not in _METHODS:
            raise FileNotFoundError(request.path)
        path, status = await asyncio.to_thread(self._find, request.path)
        content_type, encoding = mimetypes.guess_type(path.name)
        headers = [
            ("Content-Type", content_type or "application/octet-stream"),
            ("Content-Length", str(status.st_size)),
            ("Last-Modified", formatdate(status.st_mtime, usegmt=True)),
            *([("Content-Encoding", encoding)] if encoding else []),
        ]
        if _has_not_changed(request, status):
            return _NOT_MODIFIED
        await writer.begin(200, headers)
        if request.method == "GET":
            await _send(path, status.st_size, writer)
        await writer.end()
        return None

    def _find(self, path: str) -> tuple[Path, os.stat_result]:
        decoded = unquote_to_bytes(path)
        if b"\0" in decoded:
            raise FileNotFoundError(path)
        try:
            found = (self._directory / decoded.decode().lstrip("/")).resolve()
            if found.is_dir():
                found = (found / _INDEX).resolve()
            if not found.is_relative_to(self._directory):
                raise FileNotFoundError(path)
            status = found.stat()
        except (OSError, ValueError, RuntimeError) as error:
            raise FileNotFoundError(path) from error
        if not S_ISREG(status.st_mode):
            raise FileNotFoundError(path)
        return found, status


def _has_not_changed(request: HttpRequest, status: os.stat_result) -> bool:
    since = request.header("If-Modified-Since")
    try:
        return (
            since is not None and int(status.st_mtime) <= parsedate_to_datetime(since).timestamp()
        )
    except (ValueError, OverflowError):
        return False


async def _send(path: Path, size: int, writer: ResponseWriter) -> None:
    """Send as many bytes as the headers promise, of a file that may change meanwhile."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        left = size
        while left:
            chunk = await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))
            if not chunk:
                await writer.break_off()
                return
            left -= len(chunk)
            await writer.write(chunk)
    finally:
        file.close()
