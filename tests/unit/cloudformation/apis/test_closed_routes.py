"""Routes that have an error: no other route gets their requests, which may be open to all."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Final

import pytest

from samlocal.project.apis import UnsupportedAuthorizer
from tests.unit.cloudformation.apis.outlines import closed_routes, open_routes

if TYPE_CHECKING:
    from samlocal.project.apis import Apis
    from tests.unit.cloudformation.apis.conftest import ReadTemplate

SAM: Final = """
Conditions: {{Maybe: !Equals [!ImportValue x, a]}}
{globals}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events:
        One: {event}
        Item: {{Type: {kind}, Properties: {{Path: "/items/{{id}}", Method: get}}}}
        All: {{Type: {kind}, Properties: {{Path: "/{{proxy+}}", Method: any}}}}
        Guarded: {{Type: {kind}, Properties: {{Path: "/g/{{proxy+}}", Method: any, Auth: {{Authorizer: AWS_IAM}}}}}}
"""
ALL: Final = "ANY /{proxy+} -> F"
ITEM: Final = "GET /items/{id} -> F"
GUARDED: Final = "ANY /g/{proxy+} -> F"


def sam(event: str, *, kind: str = "Api", section: str = "{}") -> str:
    shared = f"Globals: {{{kind}: {section}}}"
    return SAM.format(globals=shared, kind=kind, event=event.replace("KIND", kind))


def places(found: Apis) -> list[bool]:
    """Return for each thing that is said whether it has a place."""
    said = [*found.diagnostics, *(each for api in found.apis for each in api.failures)]
    return [each.place is not None for each in said]


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
@pytest.mark.parametrize(
    ("event", "closed"),
    [
        ("{Type: KIND, Properties: {Path: /a, Method: gte}}", "ANY /a"),
        ("{Type: KIND, Properties: {Path: /a, Method: !ImportValue x}}", "ANY /a"),
        ("{Type: KIND, Properties: {Path: a, Method: get}}", "GET /a"),
        ("{Type: KIND, Properties: {Path: /a, Method: get, Auth: !ImportValue x}}", "GET /a"),
        (
            "{Type: KIND, Properties: {Path: /a, Method: get, Auth: {Authorizer: !ImportValue x}}}",
            "GET /a",
        ),
        ("{Type: KIND, Properties: {Path: /a, Method: get, Auth: [AWS_IAM]}}", "GET /a"),
        ("{Type: KIND, Properties: {Path: /a, Method: get, TimeoutInMillis: 1}}", "GET /a"),
        (
            "{Type: KIND, Properties: {Path: /a, Method: get, Fn::Transform: {Name: Macro}}}",
            "GET /a",
        ),
        (
            "{Type: KIND, Properties: {Path: /a, Method: get, Auth: {Fn::Transform: {Name: Macro}, InvokeRole: a}}}",
            "GET /a",
        ),
        (
            "{Type: KIND, Properties: {Path: /a, Method: get, RestApiId: !ImportValue x, ApiId: !ImportValue x}}",
            "GET /a",
        ),
    ],
)
def test_an_event_with_an_error(
    read_template: ReadTemplate, kind: str, event: str, closed: str
) -> None:
    """Its path and method refuse requests, although a greedy route is open; all other routes are served."""
    found = read_template(sam(event, kind=kind))
    (api,) = found.apis
    assert closed_routes(api) == [closed]
    assert open_routes(api) == [ITEM, ALL, GUARDED]
    assert places(found)
    assert all(places(found))


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
@pytest.mark.parametrize(
    "event",
    [
        "!ImportValue x",
        "{Type: !ImportValue x, Properties: {Path: /a, Method: get}}",
        "{Type: KIND, Properties: !ImportValue x}",
        "{Type: KIND, Properties: {Path: !ImportValue x, Method: get}}",
        "{Type: KIND, Properties: {Method: get}}",
        "{Fn::Transform: {Name: Macro}}",
        "{Type: KIND, Fn::Transform: {Name: Macro}}",
    ],
)
def test_an_event_whose_path_is_unknown(read_template: ReadTemplate, kind: str, event: str) -> None:
    """It may be any path that an open greedy route would get, so that this one refuses requests."""
    found = read_template(sam(event, kind=kind))
    (api,) = found.apis
    assert closed_routes(api) == ["ANY /{proxy+}"]
    assert open_routes(api) == [ITEM, GUARDED]
    assert all(places(found))
    said = [each.message for each in api.failures]
    assert any(
        each.startswith("requests to `ANY /{proxy+}` are refused, as they may be for another route")
        for each in said
    )


def test_an_event_of_another_api(read_template: ReadTemplate) -> None:
    """The routes of an API do not refuse requests because of an event of an API that is elsewhere."""
    event = "{Type: Api, Properties: {Path: /a, Method: get, RestApiId: abc}}"
    (api,) = read_template(sam(event)).apis
    assert open_routes(api) == [ITEM, ALL, GUARDED]
    assert closed_routes(api) == []


@pytest.mark.parametrize(
    ("kind", "section"),
    [
        (kind, section)
        for section in (
            "{Auth: !ImportValue x}",
            "{Auth: !If [Maybe, {DefaultAuthorizer: AWS_IAM}, !Ref AWS::NoValue]}",
            "{Auth: {DefaultAuthorizer: !ImportValue x}}",
            "{Auth: {DefaultAuthorizer: !Ref Nothing}}",
            "{Auth: {Authorizers: [a]}}",
            "{Auth: [AWS_IAM]}",
            "{Auth: {Fn::Unknown: a}}",
            "{Fn::Transform: {Name: Macro}}",
            "{Name: a, Fn::Transform: {Name: Macro}}",
            "{Auth: {DefaultAuthorizer: AWS_IAM, Fn::Transform: {Name: Macro}}}",
            "{Name: a, 'Fn::ForEach::X': [A, !ImportValue x, {'${A}': b}]}",
            "{Name: a}, Fn::Transform: {Name: Macro}",
        )
        for kind in ("Api", "HttpApi")
    ]
    + [
        ("Api", "{Auth: {ApiKeyRequired: !ImportValue x}}"),
        ("Api", "{Auth: {ApiKeyRequired: maybe}}"),
    ],
)
@pytest.mark.parametrize("is_implicit", [True, False])
def test_auth_of_an_api_that_is_unknown(
    read_template: ReadTemplate, kind: str, section: str, *, is_implicit: bool
) -> None:
    """An API whose default authorizer or need for an API key cannot be resolved refuses requests."""
    event = "{Type: KIND, Properties: {Path: /a, Method: get}}"
    text = sam(event, kind=kind, section=section)
    if not is_implicit:
        reference = "RestApiId" if kind == "Api" else "ApiId"
        text = text.replace("Method:", f"{reference}: !Ref A, Method:")
        text += f"  A: {{Type: AWS::Serverless::{kind}, Properties: {{StageName: dev}}}}\n"
    found = read_template(text)
    (api,) = found.apis
    opened = {"ANY /g/{proxy+} -> F"}  # whose event has its own authorizer
    assert set(open_routes(api)) <= opened
    assert {"GET /a", "GET /items/{id}", "ANY /{proxy+}"} <= set(closed_routes(api))
    refusing = [each for each in api.routes if isinstance(each.authorizer, UnsupportedAuthorizer)]
    assert all(
        isinstance(each.authorizer, UnsupportedAuthorizer) and each.authorizer.diagnostic.place
        for each in refusing
    )
    assert all(places(found))


def test_a_route_without_authorizer_may_need_an_api_key(read_template: ReadTemplate) -> None:
    """`Authorizer: NONE` does not open a route of an API that may ask for API keys."""
    event = "{Type: Api, Properties: {Path: /a, Method: get, Auth: {Authorizer: NONE}}}"
    (api,) = read_template(sam(event, section="{Auth: !ImportValue x}")).apis
    assert "GET /a" in closed_routes(api)


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
@pytest.mark.parametrize("section", ["!ImportValue x", "!If [Maybe, {}, {}]", "!Ref AWS::Region"])
def test_globals_that_are_not_a_mapping(
    read_template: ReadTemplate, kind: str, section: str
) -> None:
    """SAM refuses them, and nothing is served that they may guard."""
    event = "{Type: KIND, Properties: {Path: /a, Method: get}}"
    found = read_template(sam(event, kind=kind, section=section))
    assert found.apis == ()
    assert f"`Globals.{kind}` must be a mapping, not a call of" in found.diagnostics[0].message


PROXY: Final = "x-amazon-apigateway-integration: {type: aws_proxy, uri: !GetAtt F.Arn}"
OPENAPI: Final = """
Resources:
  F: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: .}}}}
  Api:
    Type: AWS::Serverless::{kind}
    Properties:
      StageName: dev
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /a: {item}
          /{{proxy+}}: {{x-amazon-apigateway-any-method: {{{proxy}}}}}
"""


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
@pytest.mark.parametrize(
    ("item", "closed"),
    [
        ("!ImportValue x", "ANY /a"),
        ("[a]", "ANY /a"),
        ("{$ref: '#/nothing'}", "ANY /a"),
        ("{get: !ImportValue x}", "GET /a"),
        ("{get: {}}", "GET /a"),
        ("{Fn::Transform: {Name: Macro}, get: {}}", "ANY /a"),
        (f"{{get: {{Fn::Transform: {{Name: Macro}}, {PROXY}}}}}", "GET /a"),
        (f"{{get: {{security: !ImportValue x, {PROXY}}}}}", "GET /a"),
        ("{get: {x-amazon-apigateway-integration: {type: aws_proxy}}}", "GET /a"),
        ("{get: {x-amazon-apigateway-integration: !ImportValue x}}", "GET /a"),
    ],
)
def test_a_definition_with_an_error(
    read_template: ReadTemplate, kind: str, item: str, closed: str
) -> None:
    """What it says of a path stays closed, although its greedy route is open."""
    found = read_template(OPENAPI.format(kind=kind, item=item, proxy=PROXY))
    (api,) = found.apis
    assert closed_routes(api) == [closed]
    assert open_routes(api) == [ALL]
    assert all(places(found))


def test_the_default_route_of_a_definition(read_template: ReadTemplate) -> None:
    """An operation with `isDefaultRoute` is not one of its path."""
    item = "{get: {isDefaultRoute: true, x-amazon-apigateway-integration: {type: aws_proxy}}}"
    text = OPENAPI.format(kind="HttpApi", item=item, proxy=PROXY)
    assert closed_routes(read_template(text).apis[0]) == ["GET $default"]


@pytest.mark.parametrize("paths", ["!ImportValue x", "[a]"])
def test_events_beside_a_definition_that_is_unknown(
    read_template: ReadTemplate, paths: str
) -> None:
    """The definition may guard them: only those that say who may call them are open."""
    text = SAM.format(globals="", kind="HttpApi", event="{Type: HttpApi}")
    text = text.replace("Path:", "ApiId: !Ref Api, Path:").replace(
        "{Type: HttpApi}", "{Type: HttpApi, Properties: {ApiId: !Ref Api}}"
    )
    text += f"""
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {{DefinitionBody: {{openapi: 3.0.1, paths: {paths}}}}}
"""
    (api,) = read_template(text).apis
    assert open_routes(api) == [GUARDED]
    assert closed_routes(api) == ["ANY $default", "GET /items/{id}", "ANY /{proxy+}"]


URI: Final = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
REST: Final = f"""
Resources:
  F: {{Type: AWS::Lambda::Function}}
  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: shop}}}}
  A: {{Type: AWS::ApiGateway::Resource, Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: a}}}}
  Rest: {{Type: AWS::ApiGateway::Resource, Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: "{{proxy+}}"}}}}
  All:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Rest
      HttpMethod: ANY
      AuthorizationType: NONE
      Integration: &call {{Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub "{URI}/${{F.Arn}}/invocations"}}
"""


@pytest.mark.parametrize(
    ("method", "closed"),
    [
        ("HttpMethod: GET, ResourceId: !Ref A, AuthorizationType: !ImportValue x", "GET /a"),
        ("HttpMethod: GET, ResourceId: !Ref A, ApiKeyRequired: !ImportValue x", "GET /a"),
        ("HttpMethod: GET, ResourceId: !Ref A, Fn::Transform: {Name: Macro}", "GET /a"),
        ("HttpMethod: !ImportValue x, ResourceId: !Ref A", "ANY /a"),
        ("HttpMethod: GET, ResourceId: !ImportValue x", "ANY /{proxy+}"),
        ("HttpMethod: GET, ResourceId: !Ref Nothing", "ANY /{proxy+}"),
    ],
)
def test_a_method_with_an_error(read_template: ReadTemplate, method: str, closed: str) -> None:
    """Its requests do not reach the open greedy resource; that is closed if the method's path is unknown."""
    text = f"  Bad: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, {method}, Integration: *call}}}}\n"
    found = read_template(REST + text)
    (api,) = found.apis
    assert closed_routes(api) == [closed]
    assert all(places(found))


def test_a_method_that_cannot_be_read(read_template: ReadTemplate) -> None:
    """Nobody knows its path, so that the open greedy resource is closed."""
    text = "  Bad: {Type: AWS::ApiGateway::Method, Properties: !GetAtt Nothing.At}\n"
    (api,) = read_template(REST + text).apis
    assert closed_routes(api) == ["ANY /{proxy+}"]


V2: Final = """
Resources:
  F: {{Type: AWS::Lambda::Function}}
  Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{ProtocolType: {protocol}, RouteSelectionExpression: $request.body.action}}}}
  Call: {{Type: AWS::ApiGatewayV2::Integration, Properties: {{ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: {uri}}}}}
  Default: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: $default, Target: !Sub "integrations/${{Call}}"}}}}
  Bad: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, {route}, Target: !Sub "integrations/${{Call}}"}}}}
"""


@pytest.mark.parametrize(
    ("protocol", "route", "closed"),
    [
        ("HTTP", "RouteKey: GET /a, AuthorizationType: !ImportValue x", ["GET /a"]),
        ("HTTP", "RouteKey: GET /a, AuthorizationType: JWT, AuthorizerId: abc", ["GET /a"]),
        ("HTTP", "RouteKey: !ImportValue x", ["ANY $default"]),
        ("HTTP", "RouteKey: GET /a, Fn::Transform: {Name: Macro}", ["GET /a"]),
        ("HTTP", "RouteKey: a", ["ANY $default"]),
        ("WEBSOCKET", "RouteKey: $connect, AuthorizationType: !ImportValue x", ["ANY $connect"]),
        ("WEBSOCKET", "RouteKey: a, ApiKeyRequired: !ImportValue x", ["ANY a"]),
        ("WEBSOCKET", "RouteKey: !ImportValue x", ["ANY $default", "ANY $connect"]),
    ],
)
def test_a_route_with_an_error(
    read_template: ReadTemplate, protocol: str, route: str, closed: list[str]
) -> None:
    """Its requests do not reach `$default`, which is closed if the key is unknown; no client connects to a WebSocket API then."""
    uri = f"!Sub '{URI}/${{F.Arn}}/invocations'"
    found = read_template(V2.format(protocol=protocol, route=route, uri=uri))
    (api,) = found.apis
    assert closed_routes(api) == closed
    assert all(places(found))


@pytest.mark.parametrize("auth", ["!ImportValue x", "{AuthType: !ImportValue x}", "{AuthType: A}"])
def test_auth_of_a_websocket_api_that_is_unknown(read_template: ReadTemplate, auth: str) -> None:
    """Nobody may connect."""
    text = f"""
Resources:
  F: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: .}}}}
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Auth: {auth}
      Routes: {{$connect: {{FunctionArn: !GetAtt F.Arn}}, $default: {{FunctionArn: !GetAtt F.Arn}}}}
"""
    (api,) = read_template(text).apis
    assert closed_routes(api) == ["ANY $connect"]
    assert api.failures[0].place is not None


@pytest.mark.parametrize("connect", ["!ImportValue x", "{}", "[a]"])
def test_a_door_that_cannot_be_read(read_template: ReadTemplate, connect: str) -> None:
    """A `$connect` that has an error does not let everyone in."""
    text = f"""
Resources:
  F: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: .}}}}
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {indent(connect, " ")}
        $default: {{FunctionArn: !GetAtt F.Arn}}
"""
    (api,) = read_template(text).apis
    assert closed_routes(api) == ["ANY $connect"]
    assert open_routes(api) == ["ANY $default -> F"]


JWT: Final = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Events: {{A: {{Type: HttpApi, Properties: {{Path: /a, Method: get, ApiId: !Ref Api{own}}}}}}}
  Client: {{Type: AWS::Cognito::UserPoolClient}}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      {settings}
"""
SAM_JWT: Final = """Auth:
        DefaultAuthorizer: Tokens
        Authorizers:
          Tokens: {{IdentitySource: $request.header.Authorization, JwtConfiguration: {configuration}}}
"""
OPENAPI_JWT: Final = """DefinitionBody:
        openapi: 3.0.1
        security: [{{Tokens: []}}]
        paths: {{}}
        components:
          securitySchemes:
            Tokens:
              type: oauth2
              x-amazon-apigateway-authorizer: {{type: jwt, jwtConfiguration: {configuration}, identitySource: $request.header.Authorization}}
"""


@pytest.mark.parametrize("settings", [SAM_JWT, OPENAPI_JWT])
@pytest.mark.parametrize(
    "configuration",
    [
        "!ImportValue x",
        "{issuer: !ImportValue x, audience: [a]}",
        "{issuer: https://a.example, audience: !ImportValue x}",
        "{issuer: https://a.example, audience: [a, !ImportValue x]}",
    ],
)
def test_a_jwt_authorizer_that_is_unknown_in_part(
    read_template: ReadTemplate, settings: str, configuration: str
) -> None:
    """Requests are refused, with the place of what is unknown: issuer and audience are never left unchecked."""
    text = JWT.format(settings=settings.format(configuration=configuration), own="")
    (api,) = read_template(text).apis
    (route,) = api.routes
    assert isinstance(route.authorizer, UnsupportedAuthorizer)
    diagnostic = route.authorizer.diagnostic
    assert diagnostic.message.startswith("a value cannot be resolved locally")
    assert diagnostic.place is not None
    line = diagnostic.place.path.read_text().splitlines()[diagnostic.place.line - 1]
    assert "onfiguration:" in line


def test_globals_that_only_aws_knows(read_template: ReadTemplate) -> None:
    """A call in place of `Globals` is refused, as SAM does."""
    event = "{Type: Api, Properties: {Path: /a, Method: get}}"
    text = SAM.format(globals="Globals: !ImportValue x", kind="Api", event=event)
    found = read_template(text)
    assert found.apis == ()
    assert (
        "`Globals` must be a mapping, not a call of `Fn::ImportValue`"
        in found.diagnostics[0].message
    )


@pytest.mark.parametrize(
    "scheme",
    [
        "{type: apiKey, in: header, name: !ImportValue x}",
        "{type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: !ImportValue x}",
        "{type: apiKey, in: header, name: a, Fn::Transform: {Name: Macro}}",
        "!ImportValue x",
    ],
)
def test_a_security_scheme_that_is_unknown_in_part(
    read_template: ReadTemplate, scheme: str
) -> None:
    """It may be an API key or an authorizer: a method with it refuses requests."""
    text = OPENAPI.format(
        kind="Api", item=f"{{get: {{security: [{{Key: []}}], {PROXY}}}}}", proxy=PROXY
    ).replace(
        "openapi: 3.0.1",
        f"openapi: 3.0.1\n        components: {{securitySchemes: {{Key: {scheme}}}}}",
    )
    (api,) = read_template(text).apis
    assert closed_routes(api) == ["GET /a"]
    assert open_routes(api) == [ALL]


@pytest.mark.parametrize(
    "method",
    [
        "Properties: !GetAtt Nothing.At",
        "Properties: {RestApiId: !Ref Api, ResourceId: !ImportValue x, HttpMethod: GET}",
    ],
)
def test_a_method_with_an_error_of_an_api_of_sam(read_template: ReadTemplate, method: str) -> None:
    """It may have any path, so that an open greedy event is closed."""
    text = sam("{Type: Api, Properties: {Path: /a, Method: get}}")
    text = text.replace("Method:", "RestApiId: !Ref Api, Method:")
    text += "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: dev}}\n"
    found = read_template(text + f"  Bad: {{Type: AWS::ApiGateway::Method, {method}}}\n")
    (api,) = found.apis
    assert closed_routes(api) == ["ANY /{proxy+}"]
    assert all(places(found))
