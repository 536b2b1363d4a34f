"""Mock integrations: CORS preflights of SAM and of the CDK, and fixed responses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.http_api.rest.gateway import RestGateway
from samlocal.project.apis import IntegrationResponse, MockIntegration
from tests.unit.http_api.gateway_fakes import (
    PLACE,
    FakeAuthorizers,
    FakeFunctions,
    FakeWriter,
    headers_of,
)
from tests.unit.http_api.requests import function_route, http_request, rest_api

if TYPE_CHECKING:
    from samlocal.http_api.exchange import HttpRequest
    from samlocal.project.apis import Passthrough

OK = '{"statusCode": 200}'


async def _ask(
    template: str | None,
    *responses: IntegrationResponse,
    request: HttpRequest | None = None,
    passthrough: Passthrough = "WHEN_NO_MATCH",
) -> tuple[Any, list[str]]:
    """Return the response of a mock with a request template for JSON, and what the terminal says."""
    said: list[str] = []
    templates = {} if template is None else {"application/json": template}
    integration = MockIntegration(
        request_templates=templates, responses=responses, passthrough=passthrough
    )
    gateway = RestGateway(
        rest_api(
            function_route("/items/{id}", "ANY", integration=integration, place=PLACE),
            variables={"v": "1"},
        ),
        FakeFunctions(),
        FakeAuthorizers(),
        api_keys={},
        report=lambda diagnostic: said.append(f"{diagnostic.place}: {diagnostic.message}"),
    )
    return await gateway.answer(request or http_request(), FakeWriter()), said


async def test_preflight_of_sam() -> None:
    """SAM's `Cors` answers with headers and an empty object."""
    response, said = await _ask(
        '{\n  "statusCode" : 200\n}\n',
        IntegrationResponse(
            status=200,
            headers={
                "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
                "method.response.header.Access-Control-Allow-Origin": "'*'",
            },
            templates={"application/json": "{}\n"},
        ),
        request=http_request(method="OPTIONS"),
    )
    assert (response.status, response.body, said) == (200, b"{}\n", [])
    headers = headers_of(response)
    assert headers["access-control-allow-methods"] == "GET,OPTIONS"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-type"] == "application/json"
    assert "x-amzn-requestid" in headers
    assert "x-amzn-trace-id" not in headers


async def test_preflight_of_the_cdk() -> None:
    """The CDK's template is not JSON, and its status 204."""
    response, _ = await _ask(
        "{ statusCode: 200 }",
        IntegrationResponse(status=204, headers={"Access-Control-Allow-Origin": "'*'"}),
    )
    assert (response.status, response.body) == (204, b"")
    assert headers_of(response)["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        pytest.param("https://b.example", "https://b.example", id="another one"),
        pytest.param("https://b.example.evil", "https://a.example", id="the whole of it"),
        pytest.param("https://c.example", "https://a.example", id="not allowed"),
        pytest.param(None, "https://a.example", id="none"),
    ],
)
async def test_preflight_with_several_origins(origin: str | None, allowed: str) -> None:
    """The client's origin replaces the first one if it is allowed, too."""
    sent = (("Host", "h"),) if origin is None else (("Host", "h"), ("origin", origin))
    response, _ = await _ask(
        "{ statusCode: 200 }",
        IntegrationResponse(
            status=204,
            headers={"Access-Control-Allow-Origin": "'https://a.example'"},
            templates={"application/json": ""},
            origins=(r"https://b\.example",),
        ),
        request=http_request(method="OPTIONS", headers=sent),
    )
    assert (response.status, response.body) == (204, b"")
    assert headers_of(response)["access-control-allow-origin"] == allowed


@pytest.mark.parametrize(
    ("template", "status"),
    [
        pytest.param('{"statusCode": 200}', 200, id="the default"),
        pytest.param('{"statusCode": 404}', 404, id="a pattern"),
        pytest.param('{"statusCode": 503}', 500, id="a pattern with digits"),
        pytest.param("{'statusCode': '404'}", 404, id="single quotes"),
        pytest.param('{"statusCode": 404, "other": "$context.stage"}', 404, id="a variable"),
    ],
)
async def test_choice_of_the_response(template: str, status: int) -> None:
    """The status chooses the response whose pattern matches all of it."""
    response, _ = await _ask(
        template,
        IntegrationResponse(status=200),
        IntegrationResponse(status=404, pattern="404"),
        IntegrationResponse(status=500, pattern=r"5\d{2}"),
    )
    assert response.status == status


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        pytest.param(None, "application/json", b'{"stage": "dev", "v": "1"}', id="JSON"),
        pytest.param("text/html,*/*", "text/html", b"<p>7</p>", id="the type"),
        pytest.param("image/png", "application/json", b'{"stage": "dev", "v": "1"}', id="another"),
    ],
)
async def test_choice_of_the_template(accept: str | None, content_type: str, body: bytes) -> None:
    """The client's type chooses the template, in which variables have values."""
    templates = {
        "application/json": '{"stage": "$context.stage", "v": "${stageVariables.v}"}',
        "text/html": "<p>$method.request.path.id</p>",
    }
    response, _ = await _ask(
        OK,
        IntegrationResponse(status=200, templates=templates),
        request=http_request(headers=(("Host", "h"), *([("Accept", accept)] if accept else []))),
    )
    assert (headers_of(response)["content-type"], response.body) == (content_type, body)


async def test_request_without_a_template() -> None:
    """Without a template for its type a request passes through, and its body has the status."""
    response, _ = await _ask(
        None, IntegrationResponse(status=201), request=http_request(body=OK.encode())
    )
    assert response.status == 201


@pytest.mark.parametrize(
    ("template", "passthrough", "status"),
    [
        pytest.param(OK, "WHEN_NO_MATCH", 201, id="no match"),
        pytest.param(OK, "WHEN_NO_TEMPLATES", 415, id="no templates, with one"),
        pytest.param(None, "WHEN_NO_TEMPLATES", 201, id="no templates"),
        pytest.param(None, "NEVER", 415, id="never"),
    ],
)
async def test_requests_of_another_type(
    template: str | None, passthrough: Passthrough, status: int
) -> None:
    """A body whose type has no template passes through, or is refused."""
    headers = (("Host", "h"), ("Content-Type", "text/plain"))
    response, _ = await _ask(
        template,
        IntegrationResponse(status=201),
        request=http_request(headers=headers, body=OK.encode()),
        passthrough=passthrough,
    )
    assert response.status == status
    if status == 415:
        assert response.body == b'{"message": "Unsupported Media Type"}'


@pytest.mark.parametrize(
    ("template", "responses", "said"),
    [
        pytest.param("", [IntegrationResponse(status=200)], "no number", id="empty"),
        pytest.param(
            '{"statusCode": "x"}', [IntegrationResponse(status=200)], "no number", id="text"
        ),
        pytest.param("[200]", [IntegrationResponse(status=200)], "no number", id="list"),
        pytest.param(OK, [], "no integration response", id="no response"),
        pytest.param(
            OK, [IntegrationResponse(status=404, pattern="404")], "no integration", id="no default"
        ),
        pytest.param(
            OK,
            [IntegrationResponse(status=404, pattern="(")],
            "not a regular expression",
            id="pattern",
        ),
    ],
)
async def test_wrong_configurations(
    template: str, responses: list[IntegrationResponse], said: str
) -> None:
    """A mock that cannot answer is a 500, as in API Gateway, and the terminal says why."""
    response, lines = await _ask(template, *responses)
    assert (response.status, response.body) == (500, b'{"message": "Internal server error"}')
    assert said in lines[0]
    assert lines[0].startswith(f"{PLACE}: GET /items/7: ")


@pytest.mark.parametrize(
    "template",
    [
        '#if($input.params("a"))x#end',
        '#set($x = 1){"statusCode": 200}',
        "$input.json('$')",
        "$!{context.stage}",
        "$util.escapeJavaScript('x')",
        "$context.responseOverride.status",
        "## comment",
        "#{else}",
    ],
)
@pytest.mark.parametrize("is_request", [True, False])
async def test_vtl(template: str, *, is_request: bool) -> None:
    """Templates with VTL are named, and not evaluated."""
    response, said = await _ask(
        template if is_request else OK,
        IntegrationResponse(
            status=200, templates={} if is_request else {"application/json": template}
        ),
    )
    assert response.status == 501
    assert "VTL" in json.loads(response.body)["message"]
    assert said[0].startswith(f"{PLACE}: GET /items/7: samlocal does not evaluate")


@pytest.mark.parametrize("text", ["#fff", '{"color": "#ffffff"}', "costs $5", "$", "a#b", "#1"])
async def test_plain_text(text: str) -> None:
    """Number signs and dollar signs alone are text."""
    response, _ = await _ask(
        OK, IntegrationResponse(status=200, templates={"application/json": text})
    )
    assert response.body.decode() == text
