"""Requests as bytes: framed by HTTP's rules, or against them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fuzz.api_requests import Sent, huge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.api_requests import Call
    from tests.fuzz.choices import Choices

_SMALL: Final = 1000


def framed(choices: Choices, call: Call) -> Sent:
    """Return a call as bytes, mostly as HTTP has it."""
    if choices.is_one_in(20):
        return Sent(call=call, data=choices.of(_BROKEN)(choices, call), clean=False)
    frame = choices.of(_CLEAN)
    return Sent(call=call, data=frame(choices, call), last=frame in {_old, _last})


def plain(_choices: Choices, call: Call) -> bytes:
    return _head(call, f"Content-Length: {len(call.body)}") + call.body


def _head(call: Call, *lines: str, version: str = "1.1") -> bytes:
    headers = (f"{name}: {value}" for name, value in call.headers)
    text = "\r\n".join((f"{call.method} {call.path} HTTP/{version}", "Host: h", *headers, *lines))
    return f"{text}\r\n\r\n".encode("latin-1")


def _chunks(choices: Choices, body: bytes) -> bytes:
    pieces = []
    position = 0
    while position < len(body):
        size = 1 + (choices.below(64) if len(body) < _SMALL else len(body) // 4)
        piece = body[position : position + size]
        extension = b";a=b" if choices.is_one_in(16) else b""
        pieces.append(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece))
        position += size
    return b"".join(pieces)


def _chunked(choices: Choices, call: Call) -> bytes:
    return _head(call, "Transfer-Encoding: chunked") + _chunks(choices, call.body) + b"0\r\n\r\n"


def _with_trailers(choices: Choices, call: Call) -> bytes:
    trailers = choices.of(
        (
            b"Lambda-Runtime-Function-Error-Type: E\r\n",
            b"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: e30=\r\n",
            b"Lambda-Runtime-Function-Error-Type: E\r\nLambda-Runtime-Function-Error-Body: \xff!\r\n",
            b"Other: 1\r\n",
        )
    )
    return (
        _head(call, "Transfer-Encoding: chunked")
        + _chunks(choices, call.body)
        + b"0\r\n"
        + trailers
        + b"\r\n"
    )


def _expecting(_choices: Choices, call: Call) -> bytes:
    return _head(call, f"Content-Length: {len(call.body)}", "Expect: 100-continue") + call.body


def _old(_choices: Choices, call: Call) -> bytes:
    return _head(call, f"Content-Length: {len(call.body)}", version="1.0") + call.body


def _last(_choices: Choices, call: Call) -> bytes:
    return _head(call, f"Content-Length: {len(call.body)}", "Connection: close") + call.body


_CLEAN: Final[tuple[Callable[[Choices, Call], bytes], ...]] = (
    *(plain,) * 5,
    *(_chunked,) * 2,
    *(_with_trailers, _expecting, _old, _last),
)


def _header(line: str) -> Callable[[Choices, Call], bytes]:
    return lambda _choices, call: _head(call, line) + call.body


def _raw(data: bytes) -> Callable[[Choices, Call], bytes]:
    return lambda _choices, _call: data


def _cut(choices: Choices, call: Call) -> bytes:
    whole = choices.of(_CLEAN)(choices, call)
    return whole[: choices.below(len(whole))]


def _followed_by_garbage(choices: Choices, call: Call) -> bytes:
    return plain(choices, call) + choices.of(
        (b"garbage", b"\r\n\r\n\r\n", b"\0", b"GET / HTTP/9\r\n")
    )


def _chunks_that_are_none(choices: Choices, call: Call) -> bytes:
    broken = choices.of(
        (
            b"zz\r\nab\r\n",
            b"-1\r\n",
            b"2\r\nabX",
            b"5\r\nab",
            b"\r\n",
            b"f" * 30,
            b"0\r\nbad\r\n\r\n",
        )
    )
    return _head(call, "Transfer-Encoding: chunked") + broken


_BROKEN: Final[tuple[Callable[[Choices, Call], bytes], ...]] = (
    *(_cut,) * 4,
    *(_chunks_that_are_none,) * 4,
    *(_followed_by_garbage,) * 2,
    _header("Content-Length: 99999"),
    _header("Content-Length: -1"),
    _header("Content-Length: 1, 2"),
    _header("Content-Length: x"),
    _header("Content-Length: 1\r\nContent-Length: 2"),
    _header("Content-Length: 3\r\nTransfer-Encoding: chunked"),
    _header("Transfer-Encoding: gzip"),
    _header("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings"),
    _header("A: b\r\n folded"),
    _header("A: \0"),
    _header("no colon"),
    _header(": no name"),
    _header("Host: twice"),
    lambda _choices, call: f"{call.method} {call.path} HTTP/1.1\r\n\r\n".encode("latin-1"),
    lambda _choices, call: f"{call.method} {call.path} x HTTP/1.1\r\n".encode("latin-1"),
    lambda _choices, call: _head(call, version="3.0"),
    lambda _choices, call: _head(call, f"A: {huge(1_100_000).decode()}") if call.waits else b"\n",
    _raw(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"),
    _raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _raw(b"\r\n" * 10),
    _raw(b"GET " + b"/" * 70_000),
)
