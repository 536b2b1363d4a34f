"""Requests of runtimes and extensions: right, wrong, and such as only a broken client sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fuzz.choices import Choices

RUNTIME: Final = "/2018-06-01/runtime"
EXTENSION: Final = "/2020-01-01/extension"
_ERROR_TYPE: Final = "Lambda-Runtime-Function-Error-Type"
_MODE: Final = "Lambda-Runtime-Function-Response-Mode"
_IDENTIFIER: Final = "Lambda-Extension-Identifier"
_UNKNOWN_ID: Final = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
EXTERNAL: Final = ("watch.sh", "collector")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request. With `waits` it is answered when the environment has something for it.

    `answers` is the ID of the invocation that it answers with its body.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    waits: bool = False
    answers: str | None = None


@dataclass(kw_only=True)
class Known:
    """What processes have learnt so far, and whether the runtime runs: extensions register before."""

    runtime_runs: bool = False
    request_ids: list[str] = field(default_factory=lambda: ["never"])
    identifiers: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as bytes. If it is not `clean`, it or what follows it is malformed.

    After the answer to the `last` request the server closes the connection.
    """

    call: Call
    data: bytes
    clean: bool = True
    last: bool = False


def next_invocation() -> Call:
    return Call(method="GET", path=f"{RUNTIME}/invocation/next", waits=True)


def respond(request_id: str, body: bytes, *headers: tuple[str, str]) -> Call:
    path = f"{RUNTIME}/invocation/{request_id}/response"
    return Call(method="POST", path=path, headers=headers, body=body, answers=request_id)


def restore_next() -> Call:
    return Call(method="GET", path=f"{RUNTIME}/restore/next", waits=True)


def register(name: str, body: bytes) -> Call:
    headers = (("Lambda-Extension-Name", name),) if name else ()
    return Call(method="POST", path=f"{EXTENSION}/register", headers=headers, body=body)


def next_event(identifier: str) -> Call:
    headers = ((_IDENTIFIER, identifier),) if identifier else ()
    return Call(method="GET", path=f"{EXTENSION}/event/next", headers=headers, waits=True)


def subscribe(identifier: str, body: bytes, path: str = "/2022-07-01/telemetry") -> Call:
    return Call(method="PUT", path=path, headers=((_IDENTIFIER, identifier),), body=body)


SUBSCRIPTION: Final = (
    b'{"schemaVersion": "2025-01-29", "types": ["platform"], "destination":'
    b' {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"}}'
)

LOGS_SUBSCRIPTION: Final = (
    b'{"types": ["function", "platform"], "destination": {"protocol": "TCP", "port": 9999}}'
)


@cache
def huge(size: int) -> bytes:
    return b"x" * size


def any_call(choices: Choices, known: Known) -> Call:
    """Return a call of any API, mostly such as a process makes."""
    call = choices.of(_CALLS if known.runtime_runs else _CALLS_IN_INIT)(choices, known)
    if choices.is_one_in(24):
        call = choices.of(_TWISTS)(choices, call)
    return call


def _respond(choices: Choices, known: Known) -> Call:
    # The latest invocation is the current one.
    request_id = known.request_ids[-1 - choices.below(min(3, len(known.request_ids)))]
    headers = choices.of(((), (), ((_MODE, "streaming"),), ((_MODE, "buffered"),), ((_MODE, ""),)))
    return respond(request_id, _body(choices), *headers, ("Content-Type", "application/json"))


def _report(choices: Choices, known: Known) -> Call:
    request_id = known.request_ids[-1 - choices.below(min(3, len(known.request_ids)))]
    path = choices.of(
        (
            *(f"{RUNTIME}/invocation/{request_id}/error",) * 5,
            f"{RUNTIME}/init/error",
            f"{RUNTIME}/restore/error",
        )
    )
    headers = choices.of(((), ((_ERROR_TYPE, "Runtime.Bad"),), ((_ERROR_TYPE, "\xff\xfe"),)))
    return Call(method="POST", path=path, headers=headers, body=_body(choices))


def _register(choices: Choices, _known: Known) -> Call:
    name = choices.of((*EXTERNAL, "inner", "otel", "n\xe4me", "", *(f"i{n}" for n in range(9))))
    is_bad = choices.is_one_in(5)
    call = register(name, choices.of(_BAD_REGISTRATIONS if is_bad else _REGISTRATIONS))
    if choices.is_one_in(4):
        feature = ("Lambda-Extension-Accept-Feature", choices.of(("accountId", ",,x", "")))
        return replace(call, headers=(*call.headers, feature))
    return call


def _next_event(choices: Choices, known: Known) -> Call:
    return next_event(_identifier(choices, known))


def _extension_error(choices: Choices, known: Known) -> Call:
    headers: tuple[tuple[str, str], ...] = ((_IDENTIFIER, _identifier(choices, known)),)
    if not choices.is_one_in(4):
        headers += (("Lambda-Extension-Function-Error-Type", "Extension.Bad"),)
    path = f"{EXTENSION}/{choices.of(('exit', 'init'))}/error"
    return Call(method="POST", path=path, headers=headers, body=_body(choices))


def _subscribe(choices: Choices, known: Known) -> Call:
    path = choices.of(("/2022-07-01/telemetry", "/2022-07-01/telemetry/", "/2020-08-15/logs"))
    correct = LOGS_SUBSCRIPTION if path.endswith("logs") else SUBSCRIPTION
    body = correct if choices.is_one_in(3) else _subscription(choices)
    return subscribe(_identifier(choices, known), body, path)


def _subscription(choices: Choices) -> bytes:
    if choices.is_one_in(6):
        return _body(choices)
    destination: dict[str, object] = {
        "protocol": choices.of(("HTTP", "TCP", "FTP", None, 1)),
        "URI": choices.of(_URIS),
        "port": choices.of((8080, 9001, 0, 70_000, "1", True, 1.5, None, 10**30)),
        "method": choices.of(("POST", "PUT", "GET", None, [])),
        "encoding": choices.of(("JSON", "XML", {})),
    }
    for name in ("method", "encoding", "port", "URI", "protocol"):
        if choices.is_one_in(2):
            del destination[name]
    fields: dict[str, object] = {
        "destination": choices.of((destination, destination, destination, None, "x", [])),
        "schemaVersion": choices.of(_SCHEMAS),
        "types": choices.of(_TYPES),
        "buffering": choices.of(_BUFFERINGS),
    }
    return json.dumps(fields).encode()


def _identifier(choices: Choices, known: Known) -> str:
    if known.identifiers and not choices.is_one_in(16):
        return choices.of(known.identifiers)
    return choices.of((_UNKNOWN_ID, "", "nonsense", "{" + _UNKNOWN_ID + "}", "\xe9" * 36))


def _other(choices: Choices, known: Known) -> Call:
    path = choices.of(
        (
            "/2018-06-01/ping",
            "/2026-01-15/metadata/execution-environment",
            "/2021-04-23/credentials",
            *("/", "*", "//", "/2018-06-01", "/2020-01-01/extension/", "/2022-07-01/telemetryx"),
            f"{RUNTIME}/invocation//response",
            f"{RUNTIME}/invocation/{known.request_ids[-1]}",
            f"{RUNTIME}/invocation/%2e%2e/response",
            f"http://host{RUNTIME}/invocation/next",
        )
    )
    given = choices.of(("", "Bearer t", "t", "\xfft"))
    headers = (("Authorization", given),) if given else ()
    return Call(method="GET", path=path, headers=headers)


_CALLS: Final[tuple[Callable[[Choices, Known], Call], ...]] = (
    *(lambda _choices, _known: next_invocation(),) * 5,
    *(_respond,) * 5,
    *(_report,) * 2,
    _register,
    *(_next_event,) * 5,
    _extension_error,
    _subscribe,
    *(lambda _choices, _known: restore_next(),) * 2,
    _other,
)
_CALLS_IN_INIT: Final = (*(_register,) * 4, *(_subscribe,) * 4, *(_next_event,) * 2, _other)


def _body(choices: Choices) -> bytes:
    if choices.is_one_in(200):
        return huge(choices.of((6 * 1024 * 1024 + 100, 6 * 1024 * 1024 + 101, 7 * 1024 * 1024)))
    if choices.is_one_in(30):
        return huge(choices.of((65_536, 300_000)))
    return choices.of(_BODIES)


_BODIES: Final = (
    b'{"ok": true}',
    b'{"errorType": "E", "errorMessage": "m", "stackTrace": []}',
    b'{"errorType": 1, "errorMessage": [null]}',
    b"",
    b"null",
    b"[]",
    b'"\\ud800"',
    b'{"events": ["INVOKE"]',
    b"\xff\xfe\x00",
    b"[" * 5000,
    b"1" * 5000,
    b"NaN",
    b'{"a": 1, "a": 1e400}',
)
_REGISTRATIONS: Final = (
    *(b'{"events": ["INVOKE", "SHUTDOWN"]}', b'{"events": ["INVOKE"]}', b'{"events": []}'),
    *(b"{}", b'{"events": ["SHUTDOWN"]}'),
)
_BAD_REGISTRATIONS: Final = (
    *(b'{"events": ["OTHER"]}', b'{"events": "INVOKE"}', b'{"configurationKeys": []}'),
    *(b'{"events": [1]}', b'{"events": {"INVOKE": 1}}', b'{"configurationKeys": ["A"]}'),
    *(b"null", b"[]", b"", b"{", b'{"events": ["\\ud800"]}', b"[" * 5000),
)
_URIS: Final = (
    *("http://sandbox.localdomain:8080", "http://sandbox:8081/a?b#c", "http://sandbox"),
    *("http://sandbox:9001", "https://sandbox:1", "http://[::1", "http://a:b", "http://example:1"),
    *("http://sandbox:8080/\n", "http://u:p@sandbox:80", 7, None, "http://SANDBOX:65536", "\ud800"),
)
_SCHEMAS: Final = ("2022-12-13", "2022-07-01", "2025-01-29", "2020-08-15", "2021-03-18", 1, None)
_TYPES: Final[tuple[object, ...]] = (
    *(["platform", "function"], ["extension"], ["platform", "platform"], [], ["other"]),
    *([[]], [None], "platform", None, {"platform": 1}),
)
_BUFFERINGS: Final[tuple[object, ...]] = (
    *(None, {}, {"maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25}, {"maxItems": 1}),
    *({"timeoutMs": "x"}, {"maxBytes": 10**40}, {"maxBytes": None}, [], 0, {"maxItems": -1e999}),
)


def _with_method(choices: Choices, call: Call) -> Call:
    method = choices.of(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "PATCH"))
    return replace(call, method=method)


def _with_query(_choices: Choices, call: Call) -> Call:
    return replace(call, path=f"{call.path}?a=/b")


def _with_slash(_choices: Choices, call: Call) -> Call:
    return replace(call, path=f"{call.path}/")


def _without_headers(_choices: Choices, call: Call) -> Call:
    return replace(call, headers=())


def _with_headers_twice(_choices: Choices, call: Call) -> Call:
    return replace(call, headers=(*call.headers, *((name, "2") for name, _ in call.headers)))


_TWISTS: Final = (*(_with_method, _with_query, _with_slash, _without_headers, _with_headers_twice),)
