"""A load balancer: its rules, events, and the responses for results of all kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.diagnostics import Diagnostic
from samlocal.errors import SamlocalError, ThrottledError
from samlocal.http_api.authorization import Refused
from samlocal.http_api.load_balancers.gateway import MAX_BODY_BYTES, LoadBalancerGateway
from samlocal.http_api.load_balancers.rules import RuleTable
from samlocal.invocation import FunctionError
from samlocal.project.apis import (
    Api,
    ApiKind,
    FunctionIntegration,
    FunctionTarget,
    IntegrationResponse,
    MockIntegration,
    Route,
    RuleCondition,
    UnsupportedAuthorizer,
    UnsupportedIntegration,
)
from tests.unit.http_api.gateway_fakes import (
    PLACE,
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
    http_request,
)

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest, HttpResponse

TARGET_GROUP: Final = (
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lambda-target/abcdefg"
)
HOST: Final = "lambda-test-alb-1334523864.us-east-1.elb.amazonaws.com"
BAD_GATEWAY: Final = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)


def rule(
    function: str,
    *conditions: RuleCondition,
    priority: int | None = None,
    target_group: str | None = None,
    multi_value_headers: bool = False,
) -> Route:
    """Return a rule that forwards to a function."""
    forward = FunctionIntegration(
        target=FunctionTarget(function=function),
        payload="1.0",
        timeout_ms=900_000,
        target_group=target_group,
        multi_value_headers=multi_value_headers,
    )
    return Route(
        method="ANY",
        path="$default",
        integration=forward,
        conditions=conditions,
        priority=priority,
    )


class Setting:
    """The gateway of a load balancer, and what it said."""

    def __init__(
        self,
        functions: FakeFunctions | None = None,
        *routes: Route,
        authorizers: FakeAuthorizers | None = None,
    ) -> None:
        self.functions = functions or FakeFunctions(lambda _: {"statusCode": 200})
        self.said: list[Diagnostic] = []
        self.gateway = LoadBalancerGateway(
            Api(
                kind=ApiKind.LOAD_BALANCER,
                full_path="LoadBalancer",
                identifier="abcdefghij",
                stage="$default",
                routes=routes or (rule("Target", target_group=TARGET_GROUP),),
            ),
            self.functions,
            authorizers or FakeAuthorizers(),
            report=self.said.append,
        )

    async def answer(self, request: HttpRequest) -> HttpResponse:
        return await self.gateway.answer(request, FakeWriter())


async def test_documented_event() -> None:
    """The event has the members of the user guide's example, and a query that is not decoded."""
    setting = Setting()
    request = http_request(
        "GET",
        "/a%20b?query=12%2034&a+b=c&flag&query=5",
        ("accept", "*/*"),
        ("User-Agent", "curl/7.54.0"),
        ("X-MyHeader", "1"),
        ("x-myheader", "123"),
        ("Cookie", "a=b; c=d"),
        ("X-Forwarded-For", "198.51.100.7"),
        host=HOST,
    )
    await setting.answer(request)
    assert setting.functions.event == {
        "requestContext": {"elb": {"targetGroupArn": TARGET_GROUP}},
        "httpMethod": "GET",
        "path": "/a%20b",
        "queryStringParameters": {"query": "5", "a+b": "c", "flag": ""},
        "headers": {
            "accept": "*/*",
            "cookie": "a=b; c=d",
            "host": HOST,
            "user-agent": "curl/7.54.0",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56d7c246db7ae02d4da47e",
            "x-forwarded-for": "198.51.100.7, 192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-myheader": "123",
        },
        "body": "",
        "isBase64Encoded": False,
    }


async def test_event_as_recorded_with_several_values() -> None:
    """With the target group's attribute the event has lists, and the values of one that AWS sent.

    https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/alb-request.json
    """
    setting = Setting(None, rule("Target", multi_value_headers=True, target_group=TARGET_GROUP))
    body = '{"message":"hello from the public internet","unicode":"lambda-λ"}'
    query = (
        "repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b"
        "&encodedPlus=a%2Bb&empty="
    )
    request = http_request(
        "POST",
        f"/capture/space%20value?{query}",
        ("User-Agent", "curl/8.7.1"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Cookie", "session=abc123; theme=dark"),
        ("X-Voker-Probe", "first"),
        ("x-voker-probe", "second"),
        body=body.encode(),
        host=HOST,
    )
    await setting.answer(request)
    assert setting.functions.event == {
        "requestContext": {"elb": {"targetGroupArn": TARGET_GROUP}},
        "httpMethod": "POST",
        "path": "/capture/space%20value",
        "multiValueQueryStringParameters": {
            "empty": [""],
            "encodedPlus": ["a%2Bb"],
            "literalPlus": ["a+b"],
            "redirect": ["https%3A%2F%2Fexample.com%2Fa%2Fb"],
            "repeat": ["one", "two"],
        },
        "multiValueHeaders": {
            "accept": ["*/*"],
            "content-length": ["66"],
            "content-type": ["application/json"],
            "cookie": ["session=abc123; theme=dark"],
            "host": [HOST],
            "user-agent": ["curl/8.7.1"],
            "x-amzn-trace-id": ["Root=1-5e6722a7-cc56d7c246db7ae02d4da47e"],
            "x-forwarded-for": ["192.0.2.1"],
            "x-forwarded-port": ["443"],
            "x-forwarded-proto": ["https"],
            "x-voker-probe": ["first", "second"],
        },
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ([("Content-Type", "application/json")], b"{}", ("{}", False)),
        ([("Content-Type", "text/plain; charset=utf-8")], b"a", ("a", False)),
        ([("Content-Type", "application/xml")], b"<a/>", ("<a/>", False)),
        ([("Content-Type", "application/javascript")], b"1", ("1", False)),
        ([("Content-Type", "application/x-www-form-urlencoded")], b"a=b", ("YT1i", True)),
        ([], b"a", ("YQ==", True)),
        ([("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], b"a", ("YQ==", True)),
    ],
)
async def test_body(
    headers: list[tuple[str, str]], body: bytes, expected: tuple[str, bool]
) -> None:
    """Text, JSON, XML and JavaScript that are not compressed are text, all else is Base64."""
    setting = Setting()
    await setting.answer(http_request("POST", "/", *headers, body=body))
    event = setting.functions.event
    assert (event["body"], event["isBase64Encoded"]) == expected


async def test_target_group_without_arn() -> None:
    """A target group that is not known by its ARN has one with the name of its function."""
    setting = Setting(None, rule("Nested/Target"))
    await setting.answer(http_request())
    assert setting.functions.event["requestContext"]["elb"]["targetGroupArn"] == (
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/Target/abcdefghij"
    )


def condition(field: str, *values: str, name: str | None = None) -> RuleCondition:
    """Return a condition of a rule."""
    return RuleCondition(field=field, values=values, name=name)


def searched(field: str, *expressions: str, name: str | None = None) -> RuleCondition:
    """Return a condition with regular expressions."""
    return RuleCondition(field=field, name=name, expressions=expressions)


REQUEST: Final = http_request(
    "POST",
    "/img/cats/1.png?version=V1&x=example%20y",
    ("X-Kind", "first"),
    ("X-Kind", "Second Kind"),
    host="Api.Example.com:8080",
)


@pytest.mark.parametrize(
    ("wanted", "is_met"),
    [
        (condition("path-pattern", "/img/*"), True),
        (condition("path-pattern", "/other", "/img/*.png"), True),
        (condition("path-pattern", "/img/????/1.png"), True),
        (condition("path-pattern", "/img"), False),
        (condition("path-pattern", "/IMG/*"), False),
        (condition("path-pattern", "/img.cats*"), False),
        (condition("path-pattern"), False),
        (condition("host-header", "*.example.com"), True),
        (condition("host-header", "example.com", "API.example.com"), True),
        (condition("host-header", "api.example.com:8080"), False),
        (condition("http-header", "second*", name="x-kind"), True),
        (condition("http-header", "third*", name="x-kind"), False),
        (condition("http-header", "*", name="x-other"), False),
        (condition("http-request-method", "GET", "POST"), True),
        (condition("http-request-method", "post"), False),
        (condition("query-string", "v1", name="Version"), True),
        (condition("query-string", "v?", name="version"), True),
        (condition("query-string", "v1", name="x"), False),
        (condition("query-string", "*example*"), True),
        (condition("query-string", "nothing"), False),
        (condition("source-ip", "192.0.2.0/24"), True),
        (condition("source-ip", "198.51.100.0/24", "192.0.2.1/32"), True),
        (condition("source-ip", "198.51.100.0/24", "2001:db8::/32"), False),
        (condition("something-new", "x"), False),
        (searched("path-pattern", "cats/[0-9]+"), True),
        (searched("path-pattern", "^/other", "^/img/.*[.](gif|png)$"), True),
        (searched("path-pattern", "^/IMG/"), False),
        (searched("path-pattern", "version"), False),
        (searched("host-header", r"(?i)^api[.]example[.]com$"), True),
        (searched("host-header", r"^Api[.]example[.]com:8080$"), False),
        (searched("host-header", r"^Api[.]Example[.]com:8080$"), True),
        (searched("http-header", "^Second [A-Z]", name="x-kind"), True),
        (searched("http-header", "^second", name="x-kind"), False),
        (searched("http-header", "", name="x-other"), False),
    ],
)
def test_conditions(wanted: RuleCondition, *, is_met: bool) -> None:
    """A condition is met by one of its values, with wildcards where AWS has them, or by a regular expression."""
    assert (RuleTable([rule("F", wanted)]).find(REQUEST) is not None) is is_met


async def test_priority() -> None:
    """The first rule by priority whose conditions are all met is used, and the default action last."""
    routes = (
        rule("Default"),
        rule("Second", condition("path-pattern", "/a*"), priority=20),
        rule(
            "First",
            condition("path-pattern", "/a/b"),
            condition("http-request-method", "GET"),
            priority=3,
        ),
    )
    setting = Setting(None, *routes)
    for method, path in (("GET", "/a/b"), ("POST", "/a/b"), ("GET", "/b")):
        await setting.answer(http_request(method, path))
    assert [each.function for each in setting.functions.calls] == ["First", "Second", "Default"]


async def test_no_rule() -> None:
    """Without a rule and a default action there is no target."""
    setting = Setting(None, rule("F", condition("path-pattern", "/a"), priority=1))
    response = await setting.answer(http_request("GET", "/b"))
    assert response.status == 503
    assert b"503 Service Temporarily Unavailable" in response.body
    assert "no rule matches" in setting.said[0].message


def answering(status: int, headers: dict[str, str], body: str = "") -> Route:
    """Return a route with a response of the load balancer itself."""
    templates = {headers["Content-Type"]: body} if body else {}
    response = IntegrationResponse(status=status, headers=headers, templates=templates)
    integration = MockIntegration(request_templates={}, responses=(response,))
    return Route(method="ANY", path="$default", integration=integration)


async def test_fixed_response() -> None:
    """The body has the type of the action; no function runs."""
    setting = Setting(None, answering(404, {"Content-Type": "text/html"}, "<p>no ü</p>"))
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (404, "<p>no ü</p>".encode())
    assert headers_of(response) == {"content-type": "text/html"}
    empty = Setting(None, answering(204, {"Content-Type": "text/plain"}))
    assert (await empty.answer(http_request())).body == b""
    assert not setting.functions.calls
    assert not setting.said


@pytest.mark.parametrize(
    ("location", "target", "expected"),
    [
        (
            "https://#{host}:443/#{path}?#{query}",
            "/a%20b/c?x=1&y",
            "https://api.example.com:443/a%20b/c?x=1&y",
        ),
        ("https://#{host}:443/#{path}?#{query}", "/", "https://api.example.com:443/"),
        (
            "#{protocol}://www.#{host}:#{port}/new/#{path}?from=#{path}&#{query}",
            "/a?b=c",
            "https://www.api.example.com:443/new/a?from=a&b=c",
        ),
        ("#{protocol}://#{host}:8443/fixed", "/a?#{host}", "https://api.example.com:8443/fixed"),
        ("https://h:1/?#{query}", "/?q=#{host}", "https://h:1/?q=#{host}"),
    ],
    ids=["to https", "without query", "each part", "fixed", "keywords of the client"],
)
async def test_redirect(location: str, target: str, expected: str) -> None:
    """A redirect takes the parts of the request that it names."""
    setting = Setting(None, answering(301, {"Location": location}))
    response = await setting.answer(http_request("GET", target, host="api.example.com:8080"))
    assert (response.status, headers_of(response)["location"]) == (301, expected)
    assert b"301 Moved Permanently" in response.body


async def test_unsupported_action() -> None:
    """What is not emulated is named."""
    diagnostic = Diagnostic(message="`x` is not supported", place=PLACE)
    route = Route(
        method="ANY", path="$default", integration=UnsupportedIntegration(diagnostic=diagnostic)
    )
    setting = Setting(None, route)
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (501, diagnostic.message.encode())
    assert setting.said == [diagnostic]


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        pytest.param(
            {
                "isBase64Encoded": False,
                "statusCode": 200,
                "statusDescription": "200 OK",
                "headers": {"Set-cookie": "cookies", "Content-Type": "application/json"},
                "body": "Hello from Lambda (optional)",
            },
            200,
            "application/json",
            b"Hello from Lambda (optional)",
            id="documented",
        ),
        pytest.param({"statusCode": 204}, 204, "application/octet-stream", b"", id="status"),
        pytest.param(
            {"statusCode": 200, "body": "iVBORw==", "isBase64Encoded": True},
            200,
            "application/octet-stream",
            b"\x89PNG",
            id="base64",
        ),
    ],
)
async def test_results(result: object, status: int, content_type: str, body: bytes) -> None:
    """A result is a response."""
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (status, body)
    assert headers_of(response)["content-type"] == content_type
    assert not setting.said


@pytest.mark.parametrize(
    ("multi_value_headers", "expected"),
    [(False, [("x-a", "1")]), (True, [("x-b", "2"), ("x-b", "3")])],
)
async def test_headers(*, multi_value_headers: bool, expected: list[tuple[str, str]]) -> None:
    """The setting says which of the two members has the headers."""
    result = {
        "statusCode": 200,
        "headers": {"x-a": "1"},
        "multiValueHeaders": {"x-b": ["2", "3"]},
    }
    route = rule("Target", multi_value_headers=multi_value_headers)
    setting = Setting(FakeFunctions(lambda _: result), route)
    response = await setting.answer(http_request())
    assert list(response.headers)[:-1] == expected


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(b"{", "the result is not JSON", id="no JSON"),
        pytest.param("text", "not an object with `statusCode`", id="text"),
        pytest.param({"body": "x"}, "`statusCode` is missing", id="no status"),
        pytest.param({"statusCode": 0}, "`statusCode` is not a number", id="status"),
        pytest.param({"statusCode": 200, "body": []}, "`body` is not text", id="body"),
        pytest.param({"statusCode": 200, "headers": {"a": {}}}, "`headers.a`", id="header"),
        pytest.param(
            {"statusCode": 200, "statusDescription": 1}, "`statusDescription`", id="phrase"
        ),
        pytest.param({"statusCode": 200, "body": "x" * 1024 * 1024}, "more than 1 MiB", id="size"),
        pytest.param(FunctionError(type="E", message="m"), "has failed: E: m", id="error"),
        pytest.param(SamlocalError("no engine"), "no engine", id="no sandbox"),
        pytest.param(ThrottledError("Rate Exceeded.", reason="R"), "throttled", id="throttled"),
    ],
)
async def test_failures(answer: object, said: str) -> None:
    """Without a result, or with a wrong one, it is a 502."""
    setting = Setting(FakeFunctions(lambda _: answer))
    response = await setting.answer(http_request())
    assert (response.status, response.body) == (502, BAD_GATEWAY)
    assert said in setting.said[0].message


async def test_refused_requests() -> None:
    """More than 1 MiB is too large for a function, and an upgrade is not one for it."""
    setting = Setting()
    large = await setting.answer(http_request("POST", "/", body=b"x" * (MAX_BODY_BYTES + 1)))
    upgrade = await setting.answer(http_request("GET", "/", ("Upgrade", "websocket")))
    refused = await setting.gateway.refuse_body(http_request())
    assert (large.status, upgrade.status, refused.status) == (413, 400, 413)
    assert not setting.functions.calls


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("200 OK", "OK"),
        ("418 I am a teapot", "I am a teapot"),
        ("Fine", "Fine"),
        ("200", ""),
        ("2000 years", "2000 years"),
        ("Caf\xe9", "Caf\xe9"),
        (None, None),
    ],
)
async def test_reason_phrase(description: str | None, reason: str | None) -> None:
    """`statusDescription` is what follows the status in the first line of the response."""
    result = {"statusCode": 200, "statusDescription": description}
    response = await Setting(FakeFunctions(lambda _: result)).answer(http_request("GET", "/"))
    assert (response.status, response.reason) == (200, reason)


@pytest.mark.parametrize("description", ["OK\r\nX: 1", "\u2603", 200, ["OK"]])
async def test_a_status_description_that_cannot_be_sent(description: object) -> None:
    """It is a 502, and the terminal says why."""
    result = {"statusCode": 200, "statusDescription": description}
    setting = Setting(FakeFunctions(lambda _: result))
    response = await setting.answer(http_request("GET", "/"))
    assert response.status == 502
    assert "`statusDescription`" in setting.said[0].message


async def test_a_rule_that_authenticates_clients() -> None:
    """It is refused with the load balancer's own page, and the terminal has the place."""
    refusal = UnsupportedAuthorizer(
        name="authenticate-oidc", diagnostic=Diagnostic(message="not emulated", place=PLACE)
    )
    guarded = replace(rule("Target", target_group=TARGET_GROUP), authorizer=refusal)
    refused = Refused(kind="AUTHORIZER_CONFIGURATION_ERROR", reason="not emulated", place=PLACE)
    setting = Setting(None, guarded, authorizers=FakeAuthorizers(refused))
    response = await setting.answer(http_request("GET", "/"))
    assert response.status == 500
    assert b"500 Internal Server Error" in response.body
    assert [(each.message, each.place) for each in setting.said] == [("GET /: not emulated", PLACE)]
    assert setting.functions.calls == []


async def test_a_rule_whose_clients_are_let_in() -> None:
    """With `--disable-authorizer` the function gets the request."""
    refusal = UnsupportedAuthorizer(name="a", diagnostic=Diagnostic(message="not emulated"))
    guarded = replace(rule("Target", target_group=TARGET_GROUP), authorizer=refusal)
    response = await Setting(None, guarded).answer(http_request("GET", "/"))
    assert response.status == 200
