"""The APIs of a sandbox as an environment assembles them, and processes that call them by chance.

The server and the APIs are the real ones. What is checked: each response is well-formed, and one that is
documented; no request hangs; and afterwards a correct runtime gets an invocation and answers it, and extensions
get their events.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any, Final

from samlocal.execution.telemetry.telemetry import Telemetry
from samlocal.function_configuration import ContainerCredentials, FunctionConfiguration
from samlocal.invocation import Invocation
from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.concurrent_runtime import ConcurrentRuntimeApi
from samlocal.runtime_api.extension_events import invoke_event, shutdown_event
from samlocal.runtime_api.extension_state import ExtensionState
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.state import RuntimeState
from tests.fuzz.api_client import Client, settle
from tests.fuzz.api_framing import framed, plain
from tests.fuzz.api_requests import (
    EXTERNAL,
    SUBSCRIPTION,
    Call,
    Known,
    Sent,
    any_call,
    next_event,
    next_invocation,
    register,
    respond,
    restore_next,
    subscribe,
)
from tests.fuzz.choices import Choices

if TYPE_CHECKING:
    from samlocal.function_configuration import InitializationType
    from samlocal.runtime_api.exchange import Exchange
    from tests.fuzz.api_client import Answer

_KINDS: Final[tuple[InitializationType, ...]] = (
    *("on-demand", "on-demand", "snap-start", "lambda-managed-instances"),
)
_MAX_CLIENTS: Final = 6
_LONGEST_WAIT_MS: Final = 60_000
_MAX_RUNNING: Final = 3
_BYTEWISE: Final = 400
_DEADLINE: Final = 4_000_000_000_000

# What an API may answer: each status with its types of errors, None for other content.
_HTTP: Final = {400: {None}, 404: {None}, 405: {None}, 417: {None}, 431: {None}, 501: {None}}
_BODIES: Final = {400: {"TruncatedHTTPRequest"}, 413: {"RequestEntityTooLarge"}}
_IDENTITY: Final = {
    403: {
        "Extension.MissingExtensionIdentifier",
        "Extension.InvalidExtensionIdentifier",
        "Extension.UnknownExtensionIdentifier",
    }
}
_DOCUMENTED: Final[tuple[tuple[str, tuple[dict[int, set[Any]], ...]], ...]] = (
    (
        "/2018-06-01/runtime/restore/",
        ({200: {None}, 202: {None}, 403: {"InvalidStateTransition"}},),
    ),
    (
        "/2018-06-01/",
        (
            {
                200: {None},
                202: {None},
                403: {"InvalidStateTransition"},
                400: {"InvalidRequestID", "InvalidFunctionResponseMode"},
                410: {"InvokeTimeout"},
            },
            _BODIES,
        ),
    ),
    (
        "/2020-01-01/extension/",
        (
            {
                200: {None},
                202: {None},
                403: {
                    "Extension.InvalidExtensionName",
                    "InvalidRequestFormat",
                    "Extension.InvalidEventType",
                    "Extension.InvalidExtensionState",
                    "Extension.RegistrationClosed",
                    "Extension.TooManyExtensions",
                    "Extension.MissingHeader",
                },
            },
            _IDENTITY,
            _BODIES,
        ),
    ),
    (
        "/2022-07-01/telemetry",
        (
            {200: {None}, 400: {"ValidationError"}, 403: {"Telemetry.SubscriptionClosed"}},
            _IDENTITY,
            _BODIES,
        ),
    ),
    (
        "/2020-08-15/logs",
        (
            {200: {None}, 400: {"Logs.ValidationError"}, 403: {"Logs.SubscriptionClosed"}},
            _IDENTITY,
            _BODIES,
        ),
    ),
    ("/2026-01-15/", ({200: {None}, 401: {None}},)),
    ("/2021-04-23/", ({200: {None}, 404: {None}},)),
)


def fuzz_apis(data: bytes) -> int:
    """Let processes make the calls that the bytes choose; return their number.

    Raises:
        AssertionError: Something is wrong with the server or the APIs.
    """
    return asyncio.run(_fuzz(Choices(data)))


async def _fuzz(choices: Choices) -> int:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: failures.append(context)
    )
    world = World(choices)
    try:
        while not choices.are_over:
            world.act()
            if not choices.is_one_in(4):
                await settle()
                world.check()
        await world.end()
    finally:
        await world.close()
    assert not failures, failures
    return world.requests


class World:
    """One environment: its APIs, its invocations, and the connections of its processes."""

    def __init__(self, choices: Choices) -> None:
        self.requests = 0
        self._choices = choices
        self._configuration = FunctionConfiguration(
            name="F",
            arn="arn:aws:lambda:us-east-1:123456789012:function:F",
            account_id="123456789012",
            metadata_token="t",  # a word
            initialization_type=choices.of(_KINDS),
            credentials=ContainerCredentials(
                token="t",
                access_key_id="A",
                secret_access_key="s",
            ),
        )
        self._telemetry = Telemetry(self._configuration, _refuse)
        self._server = Server(
            socket.socket(), Router(lambda: self._apis), accepts_peer=_accept_everybody
        )
        self._invocations = 0
        self._clients: list[Client] = []
        self._begin_life()

    def act(self) -> None:
        """Let a process or the environment do something."""
        choice = self._choices.byte()
        self._known.runtime_runs |= self._choices.is_one_in(24)
        if choice < 165:
            self._send()
        elif choice < 175:
            self._choices.of(self._clients or [self._client()]).close()
        elif choice < 190:
            for client in self._clients:
                client.go_on(self._choices.below(100) or None)
        else:
            self._choices.of(
                (self._deliver, self._deliver, self._deliver, self._shut_down, self._restore)
            )()

    def check(self) -> None:
        """Check the responses that have come, and that no other is due."""
        for client in self._clients:
            known = len(client.answers)
            new = client.read()
            for sent, answer in zip(client.sent[known:], new, strict=False):
                if sent.clean:
                    self._check_answer(sent.call, answer)
            pending = client.pending
            if client.is_open and client.is_clean and pending:
                assert self._may_wait(pending.call), ("no answer", pending)
        self._clients = [each for each in self._clients if each.is_open]

    async def end(self) -> None:
        """Check that a correct runtime and correct extensions go on, whatever has happened."""
        if self._choices.is_one_in(3) or self._has_failed():
            await self._telemetry.reset()
            await self._server.forget_clients()
            await self._disconnect()
            self._begin_life()
        await self._disconnect()
        await self._restore_correctly()
        for _ in range(2):
            await self._run_correctly()
        await self._go_on_with_extensions()
        await self._disconnect()

    async def close(self) -> None:
        await self._telemetry.close()
        self._server._listener.close()

    def _begin_life(self) -> None:
        """Start new processes, which get new APIs."""
        self._apis = SandboxApis(self._configuration, self._telemetry)
        if not self._choices.is_one_in(4):
            self._apis.extensions.expect(EXTERNAL)
        self._known = Known()
        self._running: list[Exchange] = []

    def _client(self) -> Client:
        client = Client(self._server._connect, len(self._clients))
        self._clients.append(client)
        return client

    def _send(self) -> None:
        open_ones = [each for each in self._clients if each.takes_more]
        number = self._choices.below(_MAX_CLIENTS)
        client = open_ones[number] if number < len(open_ones) else self._client()
        sent = framed(self._choices, any_call(self._choices, self._known))
        self.requests += 1
        if self._choices.is_one_in(50) and len(sent.data) < _BYTEWISE:
            client.send(sent, held_back=len(sent.data))
            for _ in range(len(sent.data)):
                client.go_on(1)
        elif self._choices.is_one_in(12):
            client.send(sent, held_back=self._choices.below(len(sent.data) + 1))
        else:
            client.send(sent)

    def _invocation(self) -> Invocation:
        self._invocations += 1
        return Invocation(
            request_id=f"id-{self._invocations}",
            payload=json.dumps({"n": self._invocations}).encode(),
            function_arn=self._configuration.arn,
            trace_id="Root=1-5759e988-bd862e3fe1be46a994272793",
        )

    @property
    def _is_managed(self) -> bool:
        return self._configuration.initialization_type == "lambda-managed-instances"

    def _has_failed(self) -> bool:
        """Return whether Init or the restore has failed, so that an environment starts new processes."""
        initialised = self._apis.runtime.initialised
        if initialised.done() and initialised.result().failure:
            return True
        # Its processes are beginning to report one, or have.
        return self._runtime_state in {RuntimeState.INIT_ERROR, RuntimeState.RESTORE_ERROR}

    @property
    def _runtime_state(self) -> RuntimeState:
        state = getattr(self._apis.runtime, "_state", None)
        assert isinstance(state, RuntimeState)
        return state

    def _can_deliver(self) -> bool:
        initialised = self._apis.runtime.initialised
        if not initialised.done() or initialised.result().failure:
            return False
        self._running = [each for each in self._running if not each.finished.done()]
        return len(self._running) < (_MAX_RUNNING if self._is_managed else 1)

    def _deliver(self) -> None:
        """Invoke the function, if it is ready."""
        if self._is_managed and self._running and self._choices.is_one_in(4):
            self._expire(self._running.pop())
        if not self._can_deliver():
            return
        self._apis.end_init()
        invocation = self._invocation()
        self._known.request_ids.append(invocation.request_id)
        self._running.append(self._apis.runtime.deliver(invocation, deadline_ms=_DEADLINE))
        for extension in self._extensions():
            if "INVOKE" in extension.events:
                extension.send(invoke_event(invocation, _DEADLINE))

    def _expire(self, exchange: Exchange) -> None:
        if isinstance(self._apis.runtime, ConcurrentRuntimeApi):
            self._apis.runtime.expire(exchange)

    def _shut_down(self) -> None:
        for extension in self._extensions():
            if "SHUTDOWN" in extension.events and self._choices.is_one_in(4):
                extension.send(shutdown_event("spindown", _DEADLINE))

    def _restore(self) -> None:
        if "restore" in vars(self._apis) and not self._apis.restore._restored.done():
            self._apis.restore.restore()

    def _extensions(self) -> list[Any]:
        if not self._apis.has_extensions:
            return []
        return list(self._apis.extensions.extensions.values())

    def _may_wait(self, call: Call) -> bool:
        """Return whether the environment has nothing for a call that waits."""
        if not call.waits:
            return False
        if call.path.startswith("/2018-06-01/runtime/invocation"):
            return self._apis.runtime.is_waiting
        if "restore" in call.path:
            return not self._apis.restore._restored.done()
        return any(each.waiting.done() for each in self._extensions())

    def _check_answer(self, call: Call, answer: Answer) -> None:
        assert answer.status < 500, (call, answer)
        if answer.status in _HTTP and answer.error_type is None:
            return
        tables = next(found for prefix, found in _DOCUMENTED if call.path.startswith(prefix))
        documented = {each for table in tables for each in table.get(answer.status, ())}
        assert answer.error_type in documented, (call, answer)
        if answer.is_json and call.method != "HEAD":
            json.loads(answer.body)
        if identifier := answer.headers.get("lambda-extension-identifier"):
            self._known.identifiers.append(identifier)
        if call == next_invocation() and answer.status == 200:
            self._check_event(answer)
        if call.answers and answer.status == 202:
            self._check_result(call)

    def _check_event(self, answer: Answer) -> None:
        number = answer.headers["lambda-runtime-aws-request-id"].removeprefix("id-")
        assert answer.body == json.dumps({"n": int(number)}).encode(), answer
        # On managed instances the time counts from the moment at which a worker takes the invocation.
        longest = _DEADLINE + (_LONGEST_WAIT_MS if self._is_managed else 0)
        deadline = int(answer.headers["lambda-runtime-deadline-ms"])
        assert _DEADLINE <= deadline <= longest, answer

    def _check_result(self, call: Call) -> None:
        """Check that the caller of an invocation gets the body of an accepted answer."""
        for exchange in self._running:
            if exchange.invocation.request_id == call.answers:
                answer = exchange.answer.result()
                assert answer.error or answer.payload == call.body, (call, answer)

    async def _disconnect(self) -> None:
        """End all connections; no task of theirs may be left."""
        for client in self._clients:
            client.close()
        await settle()
        self._clients = []
        assert not self._server._connections
        left = [each for each in asyncio.all_tasks() if "_answer" in repr(each.get_coro())]
        assert not left, left

    async def _call(self, client: Client, call: Call) -> Answer | None:
        """Make a correct call; return its answer, None if it waits."""
        self.requests += 1
        client.send(Sent(call=call, data=plain(self._choices, call)))
        await settle()
        answers = client.read()
        return answers[0] if answers else None

    async def _answer_of(self, client: Client, call: Call) -> Answer:
        answer = await self._call(client, call)
        assert answer is not None, ("no answer", call)
        return answer

    async def _restore_correctly(self) -> None:
        """Go on after a `restore/next`: the runtime asks again, and is restored."""
        if "restore" in vars(self._apis) and self._apis.restore.ready.done():
            self._restore()
            if not self._apis.runtime.initialised.done():
                answer = await self._answer_of(self._client(), restore_next())
                assert answer.status == 200, answer

    async def _run_correctly(self) -> None:
        """Take an invocation and answer it, in whatever state the runtime is."""
        client = self._client()
        if self._is_managed:
            for exchange in self._running:
                self._expire(exchange)
            self._running = []
        answer = await self._call(client, next_invocation())
        if answer is None:
            assert self._can_deliver(), self._running
            self._deliver()
            await settle()
            (answer,) = client.read()
        assert self._running, answer
        request_id = self._running[-1].invocation.request_id
        assert answer.status == 200, answer
        assert answer.headers["lambda-runtime-aws-request-id"] == request_id, answer
        self._check_event(answer)
        accepted = await self._answer_of(client, respond(request_id, b"[1]"))
        assert accepted.status == 202, accepted
        assert self._running[-1].answer.result().payload == b"[1]"
        again = await self._answer_of(client, respond(request_id, b"[2]"))
        assert again.error_type in {"InvalidStateTransition", "InvalidRequestID"}, again
        assert await self._call(client, next_invocation()) is None
        assert self._running[-1].finished.done()
        client.close()
        await settle()

    async def _go_on_with_extensions(self) -> None:
        """Send each extension its event; refuse those that have ended themselves, and new ones."""
        self._apis.end_init()  # the runtime has run
        for extension in self._extensions():
            client = self._client()
            if extension.state is ExtensionState.STARTED:
                answer = await self._answer_of(client, register(extension.name, b"{}"))
                assert answer.error_type == "Extension.RegistrationClosed", answer
                continue
            if extension.state in {ExtensionState.INIT_ERROR, ExtensionState.EXIT_ERROR}:
                answer = await self._answer_of(client, next_event(extension.identifier))
                assert answer.error_type == "Extension.InvalidExtensionState", answer
                continue
            first = await self._call(client, next_event(extension.identifier))
            if first is None:
                extension.send(shutdown_event("spindown", _DEADLINE))
                await settle()
                (first,) = client.read()
            assert first.status == 200, first
            assert json.loads(first.body)["eventType"] in {"INVOKE", "SHUTDOWN"}, first
            late = await self._answer_of(client, subscribe(extension.identifier, SUBSCRIPTION))
            assert late.error_type == "Telemetry.SubscriptionClosed", late


async def _accept_everybody(_host: str, _port: int) -> bool:
    return True


def _refuse(_port: int) -> socket.socket:
    raise ConnectionRefusedError
