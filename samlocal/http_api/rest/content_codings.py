"""Compressed bodies, in requests and in responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Coding = Literal["gzip", "deflate"]

# Parameters of zlib for the formats of RFC 1952 and RFC 1950.
_WINDOW_BITS: Final[Mapping[str, int]] = {"gzip": 31, "deflate": 15}
_IDENTITY: Final = "identity"
# Larger bodies are worked on in a thread: they take some milliseconds.
_SMALL_BYTES: Final = 64 * 1024


class CodingError(ValueError):
    """A body has a coding that API Gateway does not know, or not the one that it claims."""


class CodedBodyTooLargeError(ValueError):
    """A body is larger than the limit once it is decompressed."""


async def decompress(body: bytes, coding: str, *, max_bytes: int) -> bytes:
    """Return a body without its coding.

    Raises:
        CodingError: It has another coding, or an unknown one.
        CodedBodyTooLargeError: It would be larger than `max_bytes`.
    """
    name = coding.strip().lower()
    if name == _IDENTITY:
        return body
    if name not in _WINDOW_BITS:
        raise CodingError(f"its Content-Encoding is `{coding}`, not gzip, deflate or identity")
    if len(body) <= _SMALL_BYTES:
        return _decompress(body, name, max_bytes)
    return await asyncio.to_thread(_decompress, body, name, max_bytes)


async def compress(body: bytes, coding: Coding) -> bytes:
    """Return a body in a coding."""
    if len(body) <= _SMALL_BYTES:
        return _compress(body, coding)
    return await asyncio.to_thread(_compress, body, coding)


def choose_coding(accept_encoding: str | None) -> Coding | None:
    """Return the coding of a response: the one that the client prefers, if API Gateway knows it.

    Without an explicit choice a response is not compressed.
    """
    preferred, best = "", 0.0
    for part in (accept_encoding or "").split(","):
        name, _, parameter = part.partition(";")
        quality = _quality(parameter)
        if quality > best:
            preferred, best = name.strip().lower(), quality
    if preferred == "gzip":
        return "gzip"
    return "deflate" if preferred == "deflate" else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _decompress(body: bytes, coding: str, max_bytes: int) -> bytes:
    decompressor = zlib.decompressobj(_WINDOW_BITS[coding])
    try:
        content = decompressor.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise CodingError(f"its body is not {coding}: {error}") from error
    if len(content) > max_bytes:
        raise CodedBodyTooLargeError(f"its body has more than {max_bytes} bytes, decompressed")
    if not decompressor.eof:
        raise CodingError(f"its body is not {coding}: it has no end")
    return content


def _compress(body: bytes, coding: Coding) -> bytes:
    compressor = zlib.compressobj(wbits=_WINDOW_BITS[coding])
    return compressor.compress(body) + compressor.flush()
