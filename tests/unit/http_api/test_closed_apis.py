"""Routes with an error, from the template to the client: nobody else answers, and the terminal has the place."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.gateways import Gateways
from tests.unit.http_api.gateway_fakes import FakeFunctions, FakeWriter
from tests.unit.http_api.requests import http_request

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import HttpResponse

SAM: Final = """
Globals: {{{kind}: {globals}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events:
        A: {{Type: {kind}, Properties: {{Path: /a, Method: get, {settings}}}}}
        All: {{Type: {kind}, Properties: {{Path: "/{{proxy+}}", Method: any}}}}
"""
BALANCER: Final = """
Resources:
  F: {Type: AWS::Lambda::Function}
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Targets: [{Id: !GetAtt F.Arn}]}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {DefaultActions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions: [{Field: path-pattern, Values: [/a]}]
      Actions:
        - {Type: authenticate-oidc, AuthenticateOidcConfig: {Issuer: https://a.example}}
        - {Type: forward, TargetGroupArn: !Ref Group}
"""


class Served:
    """The API of a template, and what it said."""

    def __init__(self, directory: Path, text: str, *, is_disabled: bool = False) -> None:
        template = directory / "template.yaml"
        template.write_text(dedent(text))
        self.functions = FakeFunctions(lambda _: {"statusCode": 200})
        self.said: list[Diagnostic] = []
        (api,) = open_project(template).read_apis().apis
        authorizers = RouteAuthorizers(
            self.functions, report=self.said.append, is_disabled=is_disabled
        )
        gateways = Gateways(self.functions, authorizers, api_keys={}, report=self.said.append)
        self._gateway = gateways.gateway(api)

    async def ask(self, path: str) -> HttpResponse:
        response = await self._gateway.answer(http_request(path, "GET"), FakeWriter())
        assert response is not None
        return response


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
@pytest.mark.parametrize("settings", ["Auth: !ImportValue x", "TimeoutInMillis: none"])
async def test_a_route_with_an_error(tmp_path: Path, kind: str, settings: str) -> None:
    """It is a 501 that says why, while the greedy route beside it is open."""
    served = Served(tmp_path, SAM.format(kind=kind, globals="{}", settings=settings))
    response = await served.ask("/a")
    assert response.status == 501
    message = json.loads(response.body)["message"]
    assert message.startswith("requests to `GET /a` of `F` are refused: ")
    assert served.said[0].place is not None
    assert served.functions.calls == []
    assert (await served.ask("/b")).status == 200


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
@pytest.mark.parametrize("is_disabled", [False, True])
async def test_auth_that_is_unknown(tmp_path: Path, kind: str, *, is_disabled: bool) -> None:
    """Every request is refused, with the place, unless authorizers are disabled."""
    text = SAM.format(kind=kind, globals="{Auth: !ImportValue x}", settings="")
    served = Served(tmp_path, text, is_disabled=is_disabled)
    for path in ("/a", "/b"):
        assert (await served.ask(path)).status == (200 if is_disabled else 500)
    if not is_disabled:
        assert served.said[0].place is not None
        assert "the export `x` is available only in AWS" in served.said[0].message


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_a_rule_that_authenticates(tmp_path: Path, *, is_disabled: bool) -> None:
    """It is refused by the load balancer, and the default action is open."""
    served = Served(tmp_path, BALANCER, is_disabled=is_disabled)
    assert (await served.ask("/a")).status == (200 if is_disabled else 500)
    if not is_disabled:
        assert "`authenticate-oidc`" in served.said[0].message
        assert served.said[0].place is not None
    assert (await served.ask("/b")).status == 200
