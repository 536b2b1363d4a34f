"""The Extensions API from an extension's side, over real connections."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from samlocal.invocation import MAX_PAYLOAD_BYTES
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.extension import ExtensionFailure
from samlocal.runtime_api.extension_events import invoke_event, shutdown_event
from samlocal.runtime_api.extension_state import ExtensionState
from samlocal.runtime_api.extensions import EXTENSION_ROUTES
from samlocal.runtime_api.routes import Router
from tests.functional.execution.fakes import configuration, invocation
from tests.functional.runtime_api.client import API, DEADLINE_MS, Api, served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.runtime_api.extension import Extension
    from tests.functional.runtime_api.client import Reply

EXTENSIONS = "/2020-01-01/extension"
REGISTER = f"{EXTENSIONS}/register"
NEXT = f"{EXTENSIONS}/event/next"
INIT_ERROR = f"{EXTENSIONS}/init/error"
EXIT_ERROR = f"{EXTENSIONS}/exit/error"
RUNTIME_NEXT = f"{API}/runtime/invocation/next"
NAME = "Lambda-Extension-Name"
IDENTIFIER = "Lambda-Extension-Identifier"
ERROR_TYPE = "Lambda-Extension-Function-Error-Type"
INVOKE = invoke_event(invocation(), DEADLINE_MS)
SHUTDOWN = shutdown_event("spindown", DEADLINE_MS)


async def register(
    api: Api,
    name: str = "agent",
    body: bytes = b'{"events": ["INVOKE"]}',
    headers: Mapping[str, str] | None = None,
) -> Reply:
    return await api.call("POST", REGISTER, body, {NAME: name, **(headers or {})})


async def registered(api: Api, name: str = "agent", *, is_external: bool = True) -> Extension:
    """An extension that has registered for the events that it may get."""
    if is_external:
        api.apis.extensions.expect([name])
    events = ["INVOKE", "SHUTDOWN"] if is_external else ["INVOKE"]
    assert (await register(api, name, json.dumps({"events": events}).encode())).status == 200
    return api.apis.extensions.extensions[name]


async def next_event(api: Api, extension: Extension) -> Reply:
    return await api.call("GET", NEXT, headers={IDENTIFIER: extension.identifier})


async def report(
    api: Api, path: str, extension: Extension, body: bytes | None = None, error_type: str = "Mine"
) -> Reply:
    headers = {IDENTIFIER: extension.identifier, ERROR_TYPE: error_type}
    return await api.call("POST", path, body, headers)


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"Content-Length: 5\r\n\r\nab", id="incomplete"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="malformed"),
    ],
)
async def test_request_that_never_ends_takes_no_event(api: Api, rest: bytes) -> None:
    """A client that is gone before the end of its request takes no event, and no call of the next one."""
    extension = await registered(api)
    head = f"GET {NEXT} HTTP/1.1\r\nHost: api\r\n{IDENTIFIER}: {extension.identifier}\r\n"
    await api.hang_up_after(head.encode() + rest)

    waiting = await asking(api, extension)
    extension.send(INVOKE)
    assert json.loads((await waiting).body) == INVOKE


async def asking(api: Api, extension: Extension) -> asyncio.Task[Reply]:
    """A call of `event/next` that waits."""
    task = asyncio.create_task(next_event(api, extension))
    await extension.waiting
    return task


def refusal(reply: Reply) -> tuple[int, str, str]:
    assert reply.headers["content-type"] == "application/json"
    error = json.loads(reply.body)
    assert set(error) == {"errorMessage", "errorType"}
    return reply.status, error["errorType"], error["errorMessage"]


def illegal(
    state: str, wanted: str, extension: str, reason: str = "State transition is not allowed"
) -> tuple[int, str, str]:
    message = f"State transition from {state} to {wanted} failed for extension {extension}."
    return 403, "Extension.InvalidExtensionState", f"{message} Error: {reason}"


async def test_register_an_external_extension(api: Api) -> None:
    """A program that was expected registers for events, and learns about the function."""
    api.apis.extensions.expect(["agent.sh"])
    extension = api.apis.extensions.extensions["agent.sh"]
    assert not extension.registered.done()

    reply = await register(api, "agent.sh", b'{"events": ["INVOKE", "SHUTDOWN"]}')

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert (
        reply.headers[IDENTIFIER.lower()] == extension.identifier == str(UUID(extension.identifier))
    )
    assert json.loads(reply.body) == {
        "functionName": "Ratings",
        "functionVersion": "$LATEST",
        "handler": "app.handler",
    }
    assert extension.is_external
    assert extension.registered.done()
    assert extension.state is ExtensionState.REGISTERED
    assert extension.events == {"INVOKE", "SHUTDOWN"}


async def test_register_an_internal_extension(api: Api) -> None:
    """Any other name that registers is an internal extension."""
    reply = await register(api, "inside")

    extension = api.apis.extensions.extensions["inside"]
    assert reply.headers[IDENTIFIER.lower()] == extension.identifier
    assert not extension.is_external
    assert extension.registered.done()
    assert extension.events == {"INVOKE"}


async def test_extension_of_a_container_image() -> None:
    """A function that is an image has no handler."""
    apis = SandboxApis(replace(configuration(), handler=None))
    async with served(Router(lambda: apis)) as port:
        reply = await register(Api(apis=apis, port=port))
    assert json.loads(reply.body)["handler"] == ""


@pytest.mark.parametrize(
    ("features", "has_account"),
    [
        pytest.param("accountId", True, id="account"),
        pytest.param("other, accountId ,more", True, id="in a list"),
        pytest.param("other", False, id="unknown"),
        pytest.param("accountid", False, id="another case"),
        pytest.param("", False, id="empty"),
    ],
)
async def test_features_of_a_registration(api: Api, features: str, has_account: bool) -> None:  # noqa: FBT001  # a parameter
    """The account's ID is there if it is asked for; unknown features are ignored."""
    reply = await register(api, headers={"Lambda-Extension-Accept-Feature": features})

    assert reply.status == 200
    account = json.loads(reply.body).get("accountId")
    assert account == ("123456789012" if has_account else None)


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"events": []}', b'{"events": null}', b"null", b'{"a": 1, "configurationKeys": []}'],
)
async def test_registration_for_no_events(api: Api, body: bytes) -> None:
    """An extension may want no events: it gets SIGTERM by that, or only telemetry."""
    reply = await register(api, body=body)

    assert reply.status == 200
    assert api.apis.extensions.extensions["agent"].events == set()


async def test_name_in_any_letters(api: Api) -> None:
    """A file's name is UTF-8, in a header too."""
    api.apis.extensions.expect(["wächter"])
    head = f"POST {REGISTER} HTTP/1.1\r\nHost: api\r\nConnection: close\r\nContent-Length: 2\r\n"

    received = await api.raw(head.encode(), f"{NAME}: wächter\r\n\r\n{{}}".encode())

    assert received.startswith(b"HTTP/1.1 200")
    assert api.apis.extensions.extensions["wächter"].registered.done()


FORMAT = "InvalidRequestFormat"
EVENT = "Extension.InvalidEventType"


@pytest.mark.parametrize(
    ("body", "error_type", "message"),
    [
        pytest.param(b"", FORMAT, "The body is not JSON: ", id="empty"),
        pytest.param(b"events=INVOKE", FORMAT, "The body is not JSON: ", id="text"),
        pytest.param(b"\xff", FORMAT, "The body is not JSON: ", id="not text"),
        pytest.param(b"[" * 200_000, FORMAT, "The body is not JSON: ", id="nested without end"),
        pytest.param(b"[]", FORMAT, "The body is not a JSON object", id="list"),
        pytest.param(
            b'{"events": "INVOKE"}', FORMAT, "`events` is not a list of strings", id="one"
        ),
        pytest.param(b'{"events": [1]}', FORMAT, "`events` is not a list of strings", id="number"),
        pytest.param(
            b'{"configurationKeys": ["a"]}',
            FORMAT,
            "configurationKeys are deprecated; use environment variables instead",
            id="configuration keys",
        ),
        pytest.param(b'{"events": ["invoke"]}', EVENT, "invoke: ErrorInvalidEventType", id="case"),
        pytest.param(b'{"events": ["INVOKE", "X"]}', EVENT, "X: ErrorInvalidEventType", id="other"),
        pytest.param(b'{"events": ["\\ud800"]}', EVENT, "\ud800: ErrorInvalid", id="half a letter"),
    ],
)
@pytest.mark.parametrize("is_external", [True, False], ids=["external", "internal"])
async def test_refused_registration(
    api: Api,
    body: bytes,
    error_type: str,
    message: str,
    is_external: bool,  # noqa: FBT001  # a parameter
) -> None:
    """A refused registration names the reason, and may be repeated."""
    if is_external:
        api.apis.extensions.expect(["agent"])

    status, found_type, found = refusal(await register(api, body=body))

    assert (status, found_type) == (403, error_type)
    assert found.startswith(message)
    assert (await register(api)).status == 200


async def test_shutdown_is_not_for_internal_extensions(api: Api) -> None:
    """An internal extension ends with the runtime."""
    assert refusal(await register(api, body=b'{"events": ["SHUTDOWN"]}')) == (
        403,
        "Extension.InvalidEventType",
        "SHUTDOWN: ErrorInvalidEventType",
    )


@pytest.mark.parametrize("headers", [{}, {NAME: ""}, {NAME: "  "}])
async def test_extension_needs_a_name(api: Api, headers: dict[str, str]) -> None:
    """A registration without a name is refused."""
    reply = await api.call("POST", REGISTER, b"{}", headers)
    assert refusal(reply) == (403, "Extension.InvalidExtensionName", "Empty extension name")


async def test_registration_that_is_too_large(api: Api) -> None:
    """A body larger than any payload is refused."""
    reply = await register(api, body=b" " * (MAX_PAYLOAD_BYTES + 1))
    assert reply.status == 413


async def test_registration_that_breaks_off(api: Api) -> None:
    """A client that disconnects within its registration has not registered."""
    head = f"POST {REGISTER} HTTP/1.1\r\nHost: api\r\n{NAME}: agent\r\nContent-Length: 9\r\n\r\n"
    await api.hang_up_after(head.encode(), b"{")

    assert (await register(api)).status == 200


async def test_external_extension_registers_once(api: Api) -> None:
    """A second registration of an external extension is refused, with its state."""
    await registered(api)
    assert refusal(await register(api)) == illegal("Registered", "Registered", "agent")


async def test_internal_extension_registers_once(api: Api) -> None:
    """A second registration of an internal extension is refused."""
    await registered(api, is_external=False)
    assert refusal(await register(api)) == (
        403,
        "Extension.InvalidExtensionState",
        "Extension with this name already registered",
    )


async def test_eleventh_extension_is_refused(api: Api) -> None:
    """A function has at most ten extensions, those that were not started yet among them."""
    api.apis.extensions.expect(f"external-{number}" for number in range(6))
    for number in range(4):
        assert (await register(api, f"internal-{number}")).status == 200

    assert refusal(await register(api, "internal-4")) == (
        403,
        "Extension.TooManyExtensions",
        "Extension limit (10) reached",
    )
    assert (await register(api, "external-5")).status == 200


@pytest.mark.parametrize("is_external", [True, False], ids=["external", "internal"])
async def test_registration_ends_when_the_runtime_asks_for_work(
    api: Api,
    is_external: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Extensions register in Init only."""
    if is_external:
        api.apis.extensions.expect(["agent"])
    working = asyncio.create_task(api.call("GET", RUNTIME_NEXT))
    await api.runtime.initialised

    assert refusal(await register(api)) == (
        403,
        "Extension.RegistrationClosed",
        "Extension registration closed already",
    )
    api.deliver()
    await working


async def test_events_in_turn(api: Api) -> None:
    """An extension gets each event once, as soon as there is one."""
    extension = await registered(api)
    assert not extension.waiting.done()

    identifiers = set()
    for event in (INVOKE, INVOKE, SHUTDOWN):
        call = await asking(api, extension)
        assert extension.state.value == "Ready"
        assert extension.waiting.result() <= time.monotonic()
        extension.send(event)
        assert not extension.waiting.done()
        reply = await call
        assert extension.state.value == "Running"
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.headers[IDENTIFIER.lower()] == extension.identifier
        assert json.loads(reply.body) == event
        identifiers.add(UUID(reply.headers["lambda-extension-event-identifier"]))
    assert len(identifiers) == 3


async def test_event_that_comes_before_it_is_asked_for(api: Api) -> None:
    """An event waits for its extension, which has then not been waiting for one."""
    extension = await registered(api)
    extension.send(SHUTDOWN)

    assert json.loads((await next_event(api, extension)).body) == SHUTDOWN
    assert not extension.waiting.done()


async def test_shutdown_replaces_an_event_that_was_not_taken(api: Api) -> None:
    """After SHUTDOWN no INVOKE arrives."""
    extension = await registered(api)
    extension.send(INVOKE)
    extension.send(SHUTDOWN)

    assert json.loads((await next_event(api, extension)).body) == SHUTDOWN


async def test_extensions_wait_apart(api: Api) -> None:
    """Each extension gets its own events."""
    first, second = await registered(api, "first"), await registered(api, "second")
    calls = [await asking(api, each) for each in (first, second)]

    second.send(INVOKE)
    await calls[1]
    assert not calls[0].done()

    first.send(SHUTDOWN)
    assert json.loads((await calls[0]).body) == SHUTDOWN


async def test_identifier_in_another_spelling(api: Api) -> None:
    """An identifier is a UUID, in any of its spellings."""
    extension = await registered(api)
    extension.send(INVOKE)

    reply = await api.call("GET", NEXT, headers={IDENTIFIER: extension.identifier.upper()})

    assert reply.status == 200


async def test_extension_that_disconnects_while_it_waits(api: Api) -> None:
    """An extension may break off its call and ask again; the event goes to the connected call."""
    extension = await registered(api)
    call = f"GET {NEXT} HTTP/1.1\r\nHost: api\r\n{IDENTIFIER}: {extension.identifier}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(call.encode())
    await extension.waiting
    writer.close()
    await writer.wait_closed()
    while extension._is_asking:  # noqa: ASYNC110  # no event tells that the server has seen it
        await asyncio.sleep(0)

    again = asyncio.create_task(next_event(api, extension))
    extension.send(INVOKE)
    assert json.loads((await again).body) == INVOKE


async def test_two_calls_of_next_at_once(api: Api) -> None:
    """A second call while the first one waits is refused."""
    extension = await registered(api)
    first = await asking(api, extension)

    assert refusal(await next_event(api, extension)) == illegal(
        "Ready", "Ready", extension.identifier
    )

    extension.send(INVOKE)
    assert (await first).status == 200


@pytest.mark.parametrize(
    ("path", "state"),
    [(INIT_ERROR, ExtensionState.INIT_ERROR), (EXIT_ERROR, ExtensionState.EXIT_ERROR)],
    ids=["init", "exit"],
)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b'{"errorMessage": "no key", "errorType": "X", "stackTrace": []}', "no key"),
        pytest.param(None, "", id="none"),
        pytest.param(b"broken", "", id="text"),
        pytest.param(b"[" * 200_000, "", id="nested without end"),
        pytest.param(b"[1]", "", id="list"),
        pytest.param(b'{"errorMessage": 1}', "", id="number"),
    ],
)
async def test_reported_error(
    api: Api, path: str, state: ExtensionState, body: bytes | None, message: str
) -> None:
    """An error that an extension reports has its own type and message; the first one counts."""
    extension = await registered(api)

    reply = await report(api, path, extension, body, "Agent.NoKey")

    assert (reply.status, json.loads(reply.body)) == (202, {"status": "OK"})
    assert extension.state is state
    assert extension.failed.result() == ExtensionFailure(
        type=f"Extension.{state.value}", error_type="Agent.NoKey", message=message
    )
    assert (await report(api, path, extension, error_type="Second")).status == 202
    assert extension.failed.result().error_type == "Agent.NoKey"


@pytest.mark.parametrize("path", [INIT_ERROR, EXIT_ERROR])
@pytest.mark.parametrize("error_type", [None, ""])
async def test_error_needs_a_type(api: Api, path: str, error_type: str | None) -> None:
    """An error without a type is refused, before the identifier is looked up."""
    headers = {IDENTIFIER: str(uuid4())}
    if error_type is not None:
        headers[ERROR_TYPE] = error_type
    assert refusal(await api.call("POST", path, b"{}", headers)) == (
        403,
        "Extension.MissingHeader",
        "Lambda-Extension-Function-Error-Type not found",
    )


UNKNOWN = "5c1b1a0e-6c5f-4b0e-8f0b-0d6f6a3a0b11"


@pytest.mark.parametrize(
    ("method", "path", "unknown"),
    [
        pytest.param("GET", NEXT, f"Unknown extension {UNKNOWN}", id="next"),
        pytest.param("POST", INIT_ERROR, "Unknown Lambda-Extension-Identifier", id="init error"),
        pytest.param("POST", EXIT_ERROR, "Unknown Lambda-Extension-Identifier", id="exit error"),
    ],
)
@pytest.mark.parametrize(
    ("identifier", "error_type", "message"),
    [
        pytest.param(None, "MissingExtensionIdentifier", f"Missing {IDENTIFIER} header", id="none"),
        pytest.param("", "MissingExtensionIdentifier", f"Missing {IDENTIFIER} header", id="empty"),
        pytest.param("agent", "InvalidExtensionIdentifier", f"Invalid {IDENTIFIER}", id="no UUID"),
        pytest.param(UNKNOWN, "UnknownExtensionIdentifier", None, id="unknown"),
    ],
)
async def test_calls_need_an_identifier(
    api: Api,
    method: str,
    path: str,
    unknown: str,
    identifier: str | None,
    error_type: str,
    message: str | None,
) -> None:
    """Every call but the registration names its extension."""
    await registered(api)
    headers = {ERROR_TYPE: "Mine"} | ({} if identifier is None else {IDENTIFIER: identifier})
    assert refusal(await api.call(method, path, headers=headers)) == (
        403,
        f"Extension.{error_type}",
        message or unknown,
    )


async def reach(api: Api, state: str) -> Extension:
    """An external extension in a state, by the calls that lead there."""
    api.apis.extensions.expect(["agent"])
    extension = api.apis.extensions.extensions["agent"]
    if state == "LaunchError":
        extension.fail_to_launch("PermissionDenied")
    if state not in {"Started", "LaunchError"}:
        await register(api)
    if state == "Running":
        extension.send(INVOKE)
        await next_event(api, extension)
    if state in {"InitError", "ExitError"}:
        await report(api, {"InitError": INIT_ERROR, "ExitError": EXIT_ERROR}[state], extension)
    if state == "Exited":
        extension.end()
    assert extension.state.value == state
    return extension


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("Started", {REGISTER}),
        ("Registered", {NEXT, INIT_ERROR, EXIT_ERROR}),
        ("Running", {NEXT, EXIT_ERROR}),
        ("InitError", {INIT_ERROR}),
        ("ExitError", {EXIT_ERROR}),
        ("LaunchError", set()),
        ("Exited", set()),
    ],
)
@pytest.mark.parametrize(
    ("path", "wanted"),
    [(REGISTER, "Registered"), (NEXT, "Ready"), (INIT_ERROR, "InitError"), (EXIT_ERROR, "Exited")],
    ids=["register", "next", "init error", "exit error"],
)
async def test_calls_in_each_state(
    api: Api, state: str, allowed: set[str], path: str, wanted: str
) -> None:
    """Each call is made or refused by the state of its extension, and a refused one changes nothing."""
    extension = await reach(api, state)
    name = "agent" if path == REGISTER else extension.identifier
    extension.send(SHUTDOWN)  # nobody waits

    method = "GET" if path == NEXT else "POST"
    headers = {NAME: "agent", IDENTIFIER: extension.identifier, ERROR_TYPE: "Mine"}
    reply = await api.call(method, path, b"{}", headers)

    if path in allowed:
        assert reply.status in {200, 202}
        return
    assert refusal(reply) == illegal(state, wanted, name)
    assert extension.state.value == state


async def test_extension_that_reports_an_error_while_it_waits(api: Api) -> None:
    """A call that waits for an event ends when the extension says that it exits."""
    extension = await registered(api)
    call = await asking(api, extension)

    assert (await report(api, EXIT_ERROR, extension)).status == 202

    assert refusal(await call) == illegal(
        "ExitError", "Ready", extension.identifier, "Concurrent state modification"
    )


async def test_program_that_cannot_be_started(api: Api) -> None:
    """An extension that cannot be started has failed."""
    extension = await reach(api, "LaunchError")
    assert extension.failed.result() == ExtensionFailure(
        type="Extension.LaunchError", error_type="PermissionDenied"
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        pytest.param("GET", REGISTER, 405, "POST", id="register"),
        pytest.param("POST", NEXT, 405, "GET", id="next"),
        pytest.param("PUT", INIT_ERROR, 405, "POST", id="init error"),
        pytest.param("GET", EXTENSIONS, 404, None, id="nothing"),
        pytest.param("GET", f"{EXTENSIONS}/event", 404, None, id="unknown"),
    ],
)
async def test_other_calls_are_refused(
    api: Api, method: str, path: str, status: int, allowed: str | None
) -> None:
    """An unknown path is not found, and a wrong method is answered with the right one."""
    reply = await api.call(method, path)
    assert (reply.status, reply.headers.get("allow")) == (status, allowed)


async def test_function_with_and_without_extensions(api: Api) -> None:
    """A function has extensions from the first one that is expected or has registered."""
    assert not api.apis.has_extensions
    await register(api, body=b"no JSON")
    assert not api.apis.has_extensions
    await register(api)
    assert api.apis.has_extensions


def test_every_route_of_the_documentation_is_there() -> None:
    """The routes are those of https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html."""
    assert set(EXTENSION_ROUTES) == {
        ("POST", REGISTER),
        ("GET", NEXT),
        ("POST", INIT_ERROR),
        ("POST", EXIT_ERROR),
    }
