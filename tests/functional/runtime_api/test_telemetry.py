"""The Telemetry API and the Logs API from an extension's side, over real connections."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.runtime_api.apis import SandboxApis
from samlocal.runtime_api.routes import Router
from samlocal.runtime_api.subscriptions import Buffering, Destination, Subscription
from samlocal.runtime_api.telemetry import TELEMETRY_ROUTES
from tests.functional.execution.fakes import configuration
from tests.functional.runtime_api.client import API, Api, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.functional.runtime_api.client import Reply

TELEMETRY = "/2022-07-01/telemetry"
LOGS = "/2020-08-15/logs"
IDENTIFIER = "Lambda-Extension-Identifier"
HTTP = {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"}
REQUEST: dict[str, Any] = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function"],
    "destination": HTTP,
}
LOGS_REQUEST = {"types": ["platform"], "destination": HTTP}


@dataclass
class Recorder:
    """Takes subscriptions until they are closed."""

    is_open: bool = True
    taken: list[Subscription] = field(default_factory=list)

    def subscribe(self, subscription: Subscription) -> None:
        self.taken.append(subscription)

    def close_subscriptions(self) -> None:
        self.is_open = False


@dataclass
class Agent:
    """An extension that has registered, and what it subscribed to."""

    api: Api
    recorder: Recorder
    identifier: str

    async def put(self, path: str, request: object) -> Reply:
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        return await self.api.call("PUT", path, body, {IDENTIFIER: self.identifier})

    async def subscription(self, path: str, request: object) -> Subscription:
        reply = await self.put(path, request)
        assert (reply.status, reply.body) == (200, b'"OK"')
        assert reply.headers["content-type"] == "application/json"
        return self.recorder.taken[-1]

    async def refusal(self, path: str, request: object) -> tuple[int, str, str]:
        return refusal(await self.put(path, request))


def refusal(reply: Reply) -> tuple[int, str, str]:
    error = json.loads(reply.body)
    return reply.status, error["errorType"], error["errorMessage"]


async def register(api: Api, name: str = "agent") -> str:
    """Register an internal extension; return its identifier."""
    headers = {"Lambda-Extension-Name": name}
    reply = await api.call("POST", "/2020-01-01/extension/register", b"{}", headers)
    return reply.headers["lambda-extension-identifier"]


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    recorder = Recorder()
    apis = SandboxApis(configuration(), recorder)
    async with served(Router(lambda: apis)) as port:
        api = Api(apis=apis, port=port)
        yield Agent(api=api, recorder=recorder, identifier=await register(api))


async def test_subscription_to_telemetry(agent: Agent) -> None:
    """A request with all fields becomes a subscription; the path of the URI is kept."""
    request = {
        "schemaVersion": "2025-01-29",
        "types": ["extension", "platform", "extension"],
        "buffering": {"maxItems": 1000, "maxBytes": 1048576, "timeoutMs": 25},
        "destination": {"protocol": "HTTP", "URI": "http://SANDBOX:8080/a/b?c=d"},
        "unknown": True,
    }
    assert await agent.subscription(f"{TELEMETRY}/", request) == Subscription(
        extension="agent",
        api="telemetry",
        schema_version="2025-01-29",
        streams=("extension", "platform"),
        destination=Destination(protocol="HTTP", host="sandbox", port=8080, path="/a/b?c=d"),
        buffering=Buffering(max_items=1000, max_bytes=1048576, timeout_ms=25),
    )


async def test_subscription_with_defaults(agent: Agent) -> None:
    """What a request leaves out has the documented defaults."""
    subscription = await agent.subscription(TELEMETRY, {**REQUEST, "buffering": {}})
    assert subscription.destination.path == "/"
    assert subscription.destination.method == "POST"
    assert subscription.buffering == Buffering(
        max_items=10_000, max_bytes=262_144, timeout_ms=1_000
    )


async def test_subscription_over_tcp(agent: Agent) -> None:
    """A TCP destination is a port."""
    request = {**REQUEST, "destination": {"protocol": "TCP", "port": 9999}}
    subscription = await agent.subscription(TELEMETRY, request)
    assert subscription.destination == Destination(protocol="TCP", port=9999)


async def test_subscription_to_logs(agent: Agent) -> None:
    """The Logs API has its own schemas, the first one as default, and lets the method be chosen."""
    request = {**LOGS_REQUEST, "destination": {**HTTP, "method": "PUT", "encoding": "JSON"}}
    subscription = await agent.subscription(LOGS, request)
    assert (subscription.api, subscription.schema_version) == ("logs", "2020-08-15")
    assert subscription.destination.method == "PUT"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"schemaVersion": None},
            "schemaVersion is not provided: it should be one of 2022-07-01, ",
        ),
        ({"schemaVersion": "2020-08-15"}, 'schemaVersion is "2020-08-15": it should be one of '),
        ({"schemaVersion": 1}, "schemaVersion is 1: "),
        ({"types": None}, "types is not provided: it should be an array"),
        ({"types": "platform"}, 'types is "platform": it should be an array'),
        ({"types": []}, "types should not be empty"),
        (
            {"types": ["logs"]},
            'types has "logs": it should be one of platform, function, extension',
        ),
        ({"types": ["platform", []]}, "types has []: it should be one of "),
        ({"buffering": [1]}, "buffering is [1]: it should be an object"),
        *(
            ({"buffering": {name: value}}, f"{name} is {shown}: it should be between {limits}")
            for name, value, shown, limits in [
                ("maxItems", 999, "999", "1000 and 10000"),
                ("maxItems", 10_001, "10001", "1000 and 10000"),
                ("maxBytes", 262_143, "262143", "262144 and 1048576"),
                ("maxBytes", 1_048_577, "1048577", "262144 and 1048576"),
                ("timeoutMs", 24, "24", "25 and 30000"),
                ("timeoutMs", 30_001, "30001", "25 and 30000"),
                ("timeoutMs", True, "true", "25 and 30000"),
                ("timeoutMs", "100", '"100"', "25 and 30000"),
                ("timeoutMs", 100.5, "100.5", "25 and 30000"),
            ]
        ),
        ({"destination": None}, "destination is not provided: it should be an object"),
        ({"destination": HTTP["URI"]}, 'destination is "http://sandbox.localdomain:8080": '),
        ({"destination": {}}, "protocol is not provided: it should be one of HTTP, TCP"),
        ({"destination": {"protocol": "UDP"}}, 'protocol is "UDP": it should be one of HTTP, TCP'),
        ({"destination": {"protocol": "TCP"}}, "port is not provided: it should be between 1 and "),
        ({"destination": {"protocol": "TCP", "port": 0}}, "port is 0: it should be between 1 and "),
        ({"destination": {"protocol": "TCP", "port": 65536}}, "port is 65536: "),
        ({"destination": {"protocol": "TCP", "port": "9999"}}, 'port is "9999": '),
        (
            {"destination": {"protocol": "TCP", "port": 9001}},
            "port 9001 is reserved for the Runtime API",
        ),
        (
            {"destination": {"protocol": "HTTP"}},
            "URI is not provided: it should be such as http://",
        ),
        *(
            ({"destination": {"protocol": "HTTP", "URI": uri}}, reason)
            for uri, reason in [
                (
                    "http://sandbox.localdomain/a",
                    "URI port is not provided: it should be between 1",
                ),
                (
                    "http://sandbox.localdomain:9001",
                    "URI port 9001 is reserved for the Runtime API",
                ),
                ("http://sandbox.localdomain:0", "URI port is 0: it should be between 1 and 65535"),
                ("http://sandbox.localdomain:70000", 'URI is "http://sandbox.localdomain:70000": '),
                ("http://localhost:80", 'URI host is "localhost": it should be one of sandbox.loc'),
                ("http://:80", "URI host is not provided: "),
                ("https://sandbox:443", 'URI is "https://sandbox:443": it should be such as http'),
                ("http://sandbox:80/a b", 'URI is "http://sandbox:80/a b": '),
                ("http://sandbox:80/\n", 'URI is "http://sandbox:80/\\n": '),
                ("http://[sandbox:80", 'URI is "http://[sandbox:80": '),
                ("sandbox:80", 'URI is "sandbox:80": '),
                (8080, "URI is 8080: "),
            ]
        ),
    ],
    ids=lambda each: json.dumps(each) if isinstance(each, dict) else "",
)
async def test_malformed_field(agent: Agent, changed: dict[str, object], reason: str) -> None:
    """A malformed field is refused, and named with its value and what is valid."""
    status, error_type, message = await agent.refusal(TELEMETRY, {**REQUEST, **changed})
    assert (status, error_type) == (400, "ValidationError")
    assert message.startswith(reason)
    assert ";" not in message
    assert not agent.recorder.taken


async def test_all_reasons_are_given(agent: Agent) -> None:
    """Several malformed fields are one refusal with all reasons."""
    request = {
        "types": [],
        "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain"},
        "buffering": {"maxItems": 1, "timeoutMs": 1},
    }
    _, _, message = await agent.refusal(TELEMETRY, request)
    assert [reason.split()[:2] for reason in message.split("; ")] == [
        ["schemaVersion", "is"],
        ["types", "should"],
        ["URI", "port"],
        ["maxItems", "is"],
        ["timeoutMs", "is"],
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"a"', b"\xff", b"[" * 100_000, b"9" * 10_000],
    ids=["empty", "broken", "array", "null", "string", "binary", "deep", "number"],
)
async def test_body_that_is_no_object(agent: Agent, body: bytes) -> None:
    """Whatever is not a JSON object is refused."""
    expected = (400, "ValidationError", "the body should be a JSON object")
    assert await agent.refusal(TELEMETRY, body) == expected


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"schemaVersion": "2022-12-13"},
            'schemaVersion is "2022-12-13": it should be one of 2020-',
        ),
        (
            {"destination": {**HTTP, "method": "GET"}},
            'method is "GET": it should be one of POST, PUT',
        ),
        (
            {"destination": {**HTTP, "encoding": "XML"}},
            'encoding is "XML": it should be one of JSON',
        ),
    ],
)
async def test_malformed_field_of_the_logs_api(
    agent: Agent, changed: dict[str, object], reason: str
) -> None:
    """The Logs API has an error type and fields of its own."""
    status, error_type, message = await agent.refusal(LOGS, {**LOGS_REQUEST, **changed})
    assert (status, error_type) == (400, "Logs.ValidationError")
    assert message.startswith(reason)


async def test_managed_instances_have_one_schema() -> None:
    """On managed instances, only the newest schema is valid."""
    managed = replace(configuration(), initialization_type="lambda-managed-instances")
    recorder = Recorder()
    apis = SandboxApis(managed, recorder)
    async with served(Router(lambda: apis)) as port:
        api = Api(apis=apis, port=port)
        agent = Agent(api=api, recorder=recorder, identifier=await register(api))
        _, _, message = await agent.refusal(TELEMETRY, REQUEST)
        assert message == 'schemaVersion is "2022-12-13": it should be one of 2025-01-29'
        await agent.subscription(TELEMETRY, {**REQUEST, "schemaVersion": "2025-01-29"})


@pytest.mark.parametrize(
    ("identifier", "error_type"),
    [
        (None, "Extension.MissingExtensionIdentifier"),
        ("agent", "Extension.InvalidExtensionIdentifier"),
        ("1c9f2a70-3c1c-4d61-9f37-6c1f1a0b7f7e", "Extension.UnknownExtensionIdentifier"),
    ],
)
@pytest.mark.parametrize("path", [TELEMETRY, LOGS])
async def test_caller_must_be_an_extension(
    agent: Agent, path: str, identifier: str | None, error_type: str
) -> None:
    """Only an extension that has registered may subscribe."""
    headers = {IDENTIFIER: identifier} if identifier else {}
    reply = await agent.api.call("PUT", path, b"{}", headers)
    assert refusal(reply)[:2] == (403, error_type)


async def test_same_subscription_again_changes_nothing(agent: Agent) -> None:
    """An extension may repeat its subscription, and does not get events twice."""
    await agent.subscription(TELEMETRY, REQUEST)
    await agent.subscription(TELEMETRY, REQUEST)
    assert len(agent.recorder.taken) == 1


async def test_other_subscription_is_refused(agent: Agent) -> None:
    """An extension cannot change its subscription."""
    await agent.subscription(TELEMETRY, REQUEST)
    assert await agent.refusal(TELEMETRY, {**REQUEST, "types": ["extension"]}) == (
        400,
        "ValidationError",
        "the extension has another subscription, to the Telemetry API",
    )


async def test_one_api_for_an_extension(agent: Agent) -> None:
    """An extension subscribes to the Telemetry API or to the Logs API; another one may choose anew."""
    await agent.subscription(TELEMETRY, REQUEST)
    assert (await agent.refusal(LOGS, LOGS_REQUEST))[:2] == (400, "Logs.ValidationError")
    other = replace(agent, identifier=await register(agent.api, "other"))
    assert (await other.subscription(LOGS, LOGS_REQUEST)).extension == "other"


async def test_runtime_may_be_faster_than_a_subscription(agent: Agent) -> None:
    """An extension may still subscribe after the first `next` of the runtime: Init waits for it."""
    agent.api.deliver()
    assert (await agent.api.call("GET", f"{API}/runtime/invocation/next")).status == 200
    await agent.subscription(TELEMETRY, REQUEST)


async def test_subscriptions_close_at_the_end_of_init(agent: Agent) -> None:
    """Once Init has ended, nobody can subscribe."""
    agent.api.apis.end_init()
    assert await agent.refusal(TELEMETRY, REQUEST) == (
        403,
        "Telemetry.SubscriptionClosed",
        "Telemetry API subscription is closed",
    )
    assert await agent.refusal(LOGS, LOGS_REQUEST) == (
        403,
        "Logs.SubscriptionClosed",
        "Logs API subscription is closed already",
    )


@pytest.mark.parametrize(("method", "path"), list(TELEMETRY_ROUTES))
async def test_other_methods(agent: Agent, method: str, path: str) -> None:
    """A wrong method is refused with the right one."""
    reply = await agent.api.call("POST", path, b"{}")
    assert (reply.status, reply.headers["allow"]) == (405, method)


@pytest.mark.parametrize("path", [f"{TELEMETRY}x", f"{LOGS}/a"])
async def test_other_paths(agent: Agent, path: str) -> None:
    """Other paths are unknown."""
    assert (await agent.put(path, REQUEST)).status == 404


async def test_without_telemetry(api: Api) -> None:
    """An environment without telemetry says so, as the emulator does, which extensions live with."""
    for path, error_type in ((TELEMETRY, "Telemetry"), (LOGS, "Logs")):
        reply = await api.call("PUT", path, b"{}")
        assert refusal(reply)[:2] == (202, f"{error_type}.NotSupported")
