"""Preflights of the CDK that allow several origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.apis.cdk_preflights import read_origins
from samlocal.project.apis import IntegrationResponse, MockIntegration

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import OneApi

CURRENT = """\
#set($origin = $input.params().header.get("Origin"))
#if($origin == "")
  #set($origin = $input.params().header.get("origin"))
#end
#if($origin == "https://b.example" || $origin == "https://c.example")
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end"""
EARLIER = """\
#set($origin = $input.params("Origin"))
#if($origin == "") #set($origin = $input.params("origin")) #end
#if($origin.matches("https://.*[.]example"))
  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
#end"""


@pytest.mark.parametrize(
    ("templates", "origins"),
    [
        pytest.param(
            {"application/json": CURRENT},
            (r"https://b\.example", r"https://c\.example"),
            id="current",
        ),
        pytest.param({"application/json": EARLIER}, ("https://.*[.]example",), id="earlier"),
        pytest.param({"application/json": CURRENT, "a/b": CURRENT}, (), id="several"),
        pytest.param({"application/json": CURRENT + "{}"}, (), id="more than that"),
        pytest.param(
            {"application/json": CURRENT.replace(" || ", " && ")}, (), id="another condition"
        ),
        pytest.param({}, (), id="none"),
    ],
)
def test_origins(templates: dict[str, str], origins: tuple[str, ...]) -> None:
    """The template that the CDK writes is understood, and no other."""
    assert read_origins(templates) == origins


def test_whole_preflight(one_api: OneApi) -> None:
    """The integration works, although it has a mapping template."""
    template = CURRENT.replace("\n", "\\n").replace('"', '\\"')
    api = one_api(f"""
        Resources:
          Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: shop}}}}
          Preflight:
            Type: AWS::ApiGateway::Method
            Properties:
              RestApiId: !Ref Api
              ResourceId: !GetAtt Api.RootResourceId
              HttpMethod: OPTIONS
              Integration:
                Type: MOCK
                RequestTemplates: {{application/json: "{{ statusCode: 200 }}"}}
                IntegrationResponses:
                - StatusCode: "204"
                  ResponseParameters:
                    method.response.header.Access-Control-Allow-Origin: "'https://a.example'"
                  ResponseTemplates: {{application/json: "{template}"}}
        """)
    assert api.routes[0].integration == MockIntegration(
        request_templates={"application/json": "{ statusCode: 200 }"},
        responses=(
            IntegrationResponse(
                status=204,
                headers={"Access-Control-Allow-Origin": "https://a.example"},
                templates={"application/json": ""},
                origins=(r"https://b\.example", r"https://c\.example"),
            ),
        ),
    )
