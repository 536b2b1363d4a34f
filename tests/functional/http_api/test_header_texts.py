"""Headers whose texts a template, a back end or a program gives, on a real connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.http_api.app import http_app
from samlocal.http_api.exchange import HttpResponse
from samlocal.http_api.gateways import Gateways
from samlocal.http_api.sites import Site
from samlocal.project.apis import Api, ApiKind
from tests.functional.http_server.serving import exchange, served
from tests.unit.http_api.gateway_fakes import FakeAuthorizers, FakeFunctions

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import Gateway, HttpRequest, ResponseWriter

URI: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
FUNCTION: Final = (
    "Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: a.b, CodeUri: ., "
)
REST: Final = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: dev}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
        - {StatusCode: 200, ResponseParameters: {%s}, ResponseTemplates: {%s}}
"""
ERROR: Final = """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: dev}}
  Default: {Type: AWS::ApiGateway::GatewayResponse, Properties: {RestApiId: !Ref Api, ResponseType: DEFAULT_4XX, ResponseParameters: {%s}, ResponseTemplates: {%s}}}
"""
SAM_REST: Final = f"""
Resources:
  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: dev, Cors: {{%s}}}}}}
  F: {{{FUNCTION} Events: {{Get: {{Type: Api, Properties: {{RestApiId: !Ref Api, Path: /, Method: GET}}}}}}}}}}
"""
HTTP: Final = f"""
Resources:
  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{CorsConfiguration: {{AllowOrigins: ['*'], %s}}}}}}
  F: {{{FUNCTION} Events: {{Get: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Path: /, Method: GET}}}}}}}}}}
"""
URL: Final = f"""
Resources:
  F: {{{FUNCTION} FunctionUrlConfig: {{AuthType: NONE, Cors: {{AllowOrigins: ['*'], %s}}}}}}}}
"""
CHANGED: Final = """
Resources:
  F: {Type: AWS::Lambda::Function}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $default, Target: !Sub 'integrations/${Call}'}}
  Call:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt F.Arn
      PayloadFormatVersion: '2.0'
      ResponseParameters: {'200': {ResponseParameters: [{Destination: overwrite:header.x-a, Source: %s}]}}
"""
BALANCER: Final = f"""
Resources:
  F: {{{FUNCTION}}}}}
  Group: {{Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {{TargetType: lambda, Targets: [{{Id: !GetAtt F.Arn}}]}}}}
  Listener: {{Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {{DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]}}}}
  Rule: {{Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {{ListenerArn: !Ref Listener, Priority: 1, Actions: [%s]}}}}
"""
FIXED: Final = "{Type: fixed-response, FixedResponseConfig: {StatusCode: 200, ContentType: %s}}"
REDIRECT: Final = (
    "{Type: redirect, RedirectConfig: {StatusCode: HTTP_301, Host: x, Port: 80, Path: %s}}"
)
ALLOW_ORIGIN: Final = "access-control-allow-origin"
ALLOW_HEADERS: Final = "access-control-allow-headers"
HI: Final = "text/plain: hi"
REQUEST: Final = (
    b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://x\r\n"
    b"Access-Control-Request-Method: GET\r\nConnection: close\r\n\r\n"
)


EACH: Final = pytest.mark.parametrize(
    ("template", "header", "text", "value"),
    [
        pytest.param(REST % ('method.response.header.X-A: "%s"', HI), "x-a", "'mine'", "mine", id="mock"),
        pytest.param(REST % ("", '"%s": hi'), "content-type", "text/mine", "text/mine", id="mock-type"),
        pytest.param(
            ERROR % ('gatewayresponse.header.X-A: "%s"', HI), "x-a", "'mine'", "mine", id="error"
        ),
        pytest.param(ERROR % ("", '"%s": hi'), "content-type", "text/mine", "text/mine", id="error-type"),
        pytest.param(SAM_REST % 'AllowOrigin: "%s"', ALLOW_ORIGIN, "'mine'", "mine", id="sam-origin"),
        pytest.param(SAM_REST % 'AllowHeaders: "%s"', ALLOW_HEADERS, "'mine'", "mine", id="sam-headers"),
        pytest.param(HTTP % 'AllowHeaders: ["%s"]', ALLOW_HEADERS, "mine", "mine", id="http-cors"),
        pytest.param(URL % 'AllowHeaders: ["%s"]', ALLOW_HEADERS, "mine", "mine", id="url-cors"),
        pytest.param(CHANGED % '"%s"', "x-a", "mine", "mine", id="http-parameter"),
        pytest.param(BALANCER % FIXED % '"%s"', "content-type", "text/mine", "text/mine", id="fixed"),
        pytest.param(BALANCER % REDIRECT % '"%s"', "location", "/mine", "http://x:80/mine", id="redirect"),
    ],
)  # fmt: skip


class Answer:
    """The head of a response, and what the reader of its template said."""

    def __init__(self, head: bytes, at_start: list[Diagnostic]) -> None:
        self.status_line, *self._lines = head.decode("latin-1").split("\r\n")
        self.at_start = at_start

    def values(self, name: str) -> list[str]:
        pairs = (line.partition(": ") for line in self._lines)
        return [value for own, _, value in pairs if own.lower() == name]


def read_api(template: Path, text: str) -> tuple[Api, list[Diagnostic]]:
    """Return the only API of a template, and what its reader says."""
    template.write_text(text)
    found = open_project(template).read_apis()
    (api,) = found.apis
    return api, [*found.diagnostics, *api.failures]


async def ask(template: Path, text: str) -> Answer:
    """Return the answer of the only API of a template to a preflight, which each has for itself."""
    api, at_start = read_api(template, text)
    functions = FakeFunctions(lambda _: {"statusCode": 200})
    gateways = Gateways(functions, FakeAuthorizers(), api_keys={}, report=lambda _: None)
    site: Site[Gateway] = Site([(api, gateways.gateway(api))])

    async def get_site() -> Site[Gateway]:
        return site

    async with served(http_app(get_site, allowed_hosts=())) as (_, port):
        response = await exchange(port, REQUEST)
    return Answer(response.partition(b"\r\n\r\n")[0], at_start)


@EACH
@pytest.mark.parametrize("end", [r"\n", r"\r\n", r"\n\n"])
async def test_line_ends(
    template: str, header: str, text: str, value: str, end: str, tmp_path: Path
) -> None:
    """Line ends at the end of a text, which block scalars leave, are not part of a header."""
    answer = await ask(tmp_path / "template.yaml", template % f"{text}{end}")
    assert answer.values(header) == [value]
    assert answer.at_start == []


@EACH
@pytest.mark.parametrize("fault", [r"\r\nX-Bad: 1", r"\nX-Bad: 1", r"\0", r"\x7F"])
async def test_control_characters(
    template: str,
    header: str,
    text: str,
    value: str,
    fault: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """They are named with their place at start; no response has them, and the server does not fail on them."""
    quote = "'" if text.startswith("'") else ""
    spoilt = f"{text.removesuffix(quote)}{fault}b{quote}"
    answer = await ask(tmp_path / "template.yaml", template % spoilt)
    (said,) = answer.at_start
    assert "a line break or a control character" in said.message
    assert said.place is not None
    assert said.hint == "write it in one line"
    assert answer.values("x-bad") == []
    assert not any(value in each for each in answer.values(header))
    assert " 500 " not in answer.status_line
    assert caplog.text == ""


async def test_headers_of_back_ends(caplog: pytest.LogCaptureFixture) -> None:
    """Headers that HTTP does not allow are left out of a response, and named; its others are sent."""

    class Passing:
        """A gateway that passes on what a program has sent."""

        max_body_bytes = 0

        async def refuse_body(self, _request: HttpRequest) -> HttpResponse:
            raise AssertionError

        async def answer(self, _request: HttpRequest, _writer: ResponseWriter) -> HttpResponse:
            headers = (("X-A", "a\x01b"), ("X B", "b"), ("X-\u20ac", "c"), ("X-D", "d"))
            return HttpResponse(status=200, headers=headers, body=b"hi")

    api = Api(kind=ApiKind.HTTP, full_path="A", identifier="a", stage="$default", routes=())
    site: Site[Gateway] = Site([(api, Passing())])

    async def get_site() -> Site[Gateway]:
        return site

    async with served(http_app(get_site, allowed_hosts=())) as (_, port):
        response = await exchange(port, REQUEST)
    answer = Answer(response.partition(b"\r\n\r\n")[0], [])
    assert answer.status_line == "HTTP/1.1 200 OK"
    assert answer.values("x-d") == ["d"]
    assert (answer.values("x-a"), answer.values("x b")) == ([], [])
    assert [each.getMessage().split("`")[1] for each in caplog.records] == [
        "X-A",
        "X B",
        "X-\\u20ac",
    ]
