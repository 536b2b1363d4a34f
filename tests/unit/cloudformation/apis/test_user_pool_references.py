"""User pools of the template in the settings of authorizers."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.project.apis import CognitoAuthorizer, JwtAuthorizer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/Pool"
POOL = """
  Pool: {Type: AWS::Cognito::UserPool}
  Client: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Pool}}
"""
FUNCTION = """
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events: {A: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /a, Method: get}}}
"""
SOURCE = "$request.header.Authorization"


def sam_api(issuer: str, audience: str) -> str:
    return f"""
Transform: AWS::Serverless-2016-10-31
Parameters:
  PoolUrl: {{Type: String, Default: https://a.example}}
Resources:{POOL}{FUNCTION}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt:
            IdentitySource: {SOURCE}
            JwtConfiguration: {{issuer: {issuer}, audience: {audience}}}
"""


@pytest.mark.parametrize(
    ("issuer", "audience"),
    [
        (
            '!Sub "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"',
            "[!Ref Client]",
        ),
        (
            (
                '!Sub ["https://cognito-idp.${Where}.amazonaws.com/${P}",'
                " {P: !Ref Pool, Where: !Ref AWS::Region}]"
            ),
            "[!GetAtt Client.ClientId]",
        ),
        (
            '!Join ["", ["https://cognito-idp.", !Ref AWS::Region, ".amazonaws.com/", !Ref Pool]]',
            '!Split [",", !Ref Client]',
        ),
        ('!Sub "https://cognito-idp.us-east-1.amazonaws.com/${Pool.UserPoolId}"', "[!Ref Client]"),
    ],
    ids=["sub", "variables", "join", "id"],
)
def test_sam(one_api: OneApi, issuer: str, audience: str) -> None:
    """Logical ids stand for the ids that AWS gives, in each way to write a reference."""
    api = one_api(sam_api(issuer, audience))
    assert api.failures == ()
    assert api.routes[0].authorizer == JwtAuthorizer(
        name="Jwt", issuer=ISSUER, audience=("Client",)
    )


def test_url_of_the_pool(read_template: ReadTemplate) -> None:
    """The URL that the pool names itself is the same issuer."""
    (api,) = read_template(sam_api("!GetAtt Pool.ProviderURL", "[!Sub '${Client}']")).apis
    assert api.routes[0].authorizer == JwtAuthorizer(
        name="Jwt", issuer=ISSUER, audience=("Client",)
    )


def test_other_values(one_api: OneApi) -> None:
    """What is known, is not a reference or names another attribute stays as it is."""
    api = one_api(sam_api("!Ref PoolUrl", "['${!Pool}', !Sub '${!Pool}']"))
    authorizer = api.routes[0].authorizer
    assert isinstance(authorizer, JwtAuthorizer)
    assert authorizer.issuer == "https://a.example"
    assert authorizer.audience == ("${!Pool}", "${Pool}")


def test_resource_of_cloudformation(one_api: OneApi) -> None:
    """An authorizer as the CDK writes it has the same."""
    api = one_api(f"""
Resources:{POOL}
  F: {{Type: AWS::Lambda::Function}}
  Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{ProtocolType: HTTP, Name: a}}}}
  Call:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {{ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn, PayloadFormatVersion: '2.0'}}
  Get:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ApiId: !Ref Api, RouteKey: GET /, Target: !Sub 'integrations/${{Call}}', AuthorizationType: JWT, AuthorizerId: !Ref Jwt}}
  Jwt:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      AuthorizerType: JWT
      Name: Jwt
      IdentitySource: [{SOURCE}]
      JwtConfiguration:
        Issuer: {{"Fn::Join": ["", ["https://cognito-idp.us-east-1.amazonaws.com/", {{Ref: Pool}}]]}}
        Audience: [{{Ref: Client}}]
""")
    assert api.routes[0].authorizer == JwtAuthorizer(
        name="Jwt", issuer=ISSUER, audience=("Client",)
    )


def test_openapi(one_api: OneApi) -> None:
    """Security schemes have the same, also with the URL of OpenID Connect's discovery."""
    api = one_api(f"""
Resources:{POOL}
  F: {{Type: AWS::Lambda::Function}}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Body:
        openapi: 3.0.1
        info: {{title: a}}
        paths:
          /a:
            get:
              security: [{{Jwt: []}}]
              x-amazon-apigateway-integration: {{type: aws_proxy, uri: !GetAtt F.Arn, payloadFormatVersion: "2.0"}}
        components:
          securitySchemes:
            Jwt:
              type: openIdConnect
              openIdConnectUrl: !Sub "https://cognito-idp.us-east-1.amazonaws.com/${{Pool}}/.well-known/openid-configuration"
              x-amazon-apigateway-authorizer: {{type: jwt, identitySource: {SOURCE}, jwtConfiguration: {{audience: [!Ref Client]}}}}
""")
    assert api.routes[0].authorizer == JwtAuthorizer(
        name="Jwt", issuer=ISSUER, audience=("Client",)
    )


def test_rest_api(one_api: OneApi) -> None:
    """A user pool's ARN may be written with its id."""
    api = one_api(f"""
Transform: AWS::Serverless-2016-10-31
Resources:{POOL}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events: {{A: {{Type: Api, Properties: {{RestApiId: !Ref Api, Path: /a, Method: get}}}}}}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Auth:
        DefaultAuthorizer: Pool
        Authorizers:
          Pool: {{UserPoolArn: !Sub "arn:aws:cognito-idp:${{AWS::Region}}:${{AWS::AccountId}}:userpool/${{Pool}}"}}
""")
    assert api.routes[0].authorizer == CognitoAuthorizer(
        name="Pool", user_pools=("arn:aws:cognito-idp:us-east-1:123456789012:userpool/Pool",)
    )


def test_nested_stacks(tmp_path: Path) -> None:
    """References lead through parameters and outputs of nested stacks."""
    files = {
        "template.yaml": """
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Users: {Type: AWS::Serverless::Application, Properties: {Location: users.yaml}}
              Apis:
                Type: AWS::Serverless::Application
                Properties:
                  Location: apis.yaml
                  Parameters:
                    Issuer: !Sub "https://cognito-idp.us-east-1.amazonaws.com/${Users.Outputs.PoolId}"
                    ClientId: !GetAtt Users.Outputs.ClientId
            """,
        "users.yaml": f"""
            Resources:{POOL.replace(chr(10), chr(10) + " " * 12)}
            Outputs:
              PoolId: {{Value: !Ref Pool}}
              ClientId: {{Value: !Ref Client}}
            """,
        "apis.yaml": f"""
            Transform: AWS::Serverless-2016-10-31
            Parameters: {{Issuer: {{Type: String}}, ClientId: {{Type: String}}}}
            Resources:
              Api:
                Type: AWS::Serverless::HttpApi
                Properties:
                  Auth:
                    DefaultAuthorizer: Jwt
                    Authorizers:
                      Jwt:
                        IdentitySource: {SOURCE}
                        JwtConfiguration: {{issuer: !Ref Issuer, audience: [!Ref ClientId]}}
              F:
                Type: AWS::Serverless::Function
                Properties:
                  Events: {{A: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Path: /a, Method: get}}}}}}
            """,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(dedent(text))
    (api,) = open_project(tmp_path / "template.yaml").read_apis().apis
    assert api.routes[0].authorizer == JwtAuthorizer(
        name="Jwt", issuer=ISSUER, audience=("Client",)
    )
