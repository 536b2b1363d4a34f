"""Files of a directory on this machine, for requests that no route takes (`--static-dir`)."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import unquote_to_bytes

from samlocal.http_api.exchange import HttpResponse

if TYPE_CHECKING:
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
        file = await asyncio.to_thread(self._open, request.path)
        try:
            return await _respond(file, request, writer)
        finally:
            file.close()

    def _open(self, path: str) -> BinaryIO:
        decoded = unquote_to_bytes(path)
        if b"\0" in decoded:
            raise FileNotFoundError(path)
        try:
            found = (self._directory / decoded.decode().lstrip("/")).resolve()
            if found.is_dir():
                found = (found / _INDEX).resolve()
            if found.is_relative_to(self._directory) and found.is_file():
                return found.open("rb")
        except (OSError, ValueError, RuntimeError) as error:
            raise FileNotFoundError(path) from error
        raise FileNotFoundError(path)


async def _respond(
    file: BinaryIO, request: HttpRequest, writer: ResponseWriter
) -> HttpResponse | None:
    content_type, encoding = mimetypes.guess_type(file.name)
    status = os.fstat(file.fileno())
    if _has_not_changed(request, status):
        return _NOT_MODIFIED
    if content_type and content_type.startswith("text/"):
        content_type += "; charset=utf-8"  # else browsers take an encoding of their locale
    headers = [
        ("Content-Type", content_type or "application/octet-stream"),
        ("Content-Length", str(status.st_size)),
        ("Last-Modified", formatdate(status.st_mtime, usegmt=True)),
        *([("Content-Encoding", encoding)] if encoding else []),
    ]
    await writer.begin(200, headers)
    if request.method == "GET":
        await _send(file, status.st_size, writer)
    await writer.end()
    return None


def _has_not_changed(request: HttpRequest, status: os.stat_result) -> bool:
    since = request.header("If-Modified-Since")
    try:
        return (
            since is not None and int(status.st_mtime) <= parsedate_to_datetime(since).timestamp()
        )
    except (ValueError, OverflowError):
        return False


async def _send(file: BinaryIO, size: int, writer: ResponseWriter) -> None:
    """Send as many bytes as the headers promise, of a file that may change meanwhile."""
    left = size
    while left:
        chunk = await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))
        if not chunk:
            await writer.break_off()
            return
        left -= len(chunk)
        await writer.write(chunk)
