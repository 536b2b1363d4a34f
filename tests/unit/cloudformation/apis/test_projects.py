"""The APIs of the sample projects in `tests/projects`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.project.apis import Api, Cors
from tests.unit.cloudformation.apis.outlines import outline

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import ReadTemplate

PROJECTS = Path(__file__).parents[3] / "projects"


def read(name: str) -> tuple[Api, ...]:
    return open_project(PROJECTS / name / "template.yaml").read_apis().apis


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sam-hello-world", {"ServerlessRestApi": ["GET /hello -> HelloWorldFunction"]}),
        (
            "sam-rest-api",
            {
                "ReviewsApi": [
                    "GET /reviews -> ListReviews",
                    "POST /reviews -> CreateReview",
                    "OPTIONS /reviews -> mock",
                ]
            },
        ),
        (
            "sam-http-api",
            {
                "HttpApi": ["GET /profile -> Profile"],
                "ServerlessHttpApi": ["ANY $default -> Profile"],
            },
        ),
        ("sam-aliases", {"Stable:live": ["ANY $default -> Stable:live"]}),
        ("cfn-aliases", {"Api": ["ANY $default -> Api"]}),
        ("sam-basic", {}),
    ],
)
def test_routes(name: str, expected: dict[str, list[str]]) -> None:
    """Each API has its routes, in the order of the template."""
    assert {api.full_path: outline(api) for api in read(name)} == expected


def test_globals_reach_explicit_and_implicit_apis() -> None:
    """Both HTTP APIs have the CORS configuration of `Globals`, and one the authorizer."""
    explicit, implicit = read("sam-http-api")
    cors = Cors(origins=("https://example.com",), methods=("GET",))
    assert (explicit.cors, implicit.cors) == (cors, cors)
    names = [route.authorizer and route.authorizer.name for route in explicit.routes]
    assert names == ["Token"]
    assert [route.authorizer for route in implicit.routes] == [None]


def test_reading_apis_leaves_no_diagnostics_for_functions() -> None:
    """What is said about APIs is not said about the function that is resolved next."""
    project = open_project(PROJECTS / "sam-http-api" / "template.yaml")
    project.read_apis()
    fresh = open_project(PROJECTS / "sam-http-api" / "template.yaml")
    assert (
        project.resolve(project.find("Profile")).diagnostics
        == fresh.resolve(fresh.find("Profile")).diagnostics
    )


@pytest.mark.parametrize(
    "template", sorted(PROJECTS.glob("*/template.yaml")), ids=lambda path: path.parent.name
)
def test_every_project_can_be_read(template: Path) -> None:
    """No project is too broken for its APIs to be read, if it can be opened."""
    if template.parent.name != "broken-yaml":
        open_project(template).read_apis()


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Route",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::Lambda::Url",
        "AWS::Serverless::Api",
    ],
)
def test_a_resource_whose_properties_cannot_be_read(read_template: ReadTemplate, kind: str) -> None:
    """It is named, and the others are read."""
    found = read_template(f"""
    Resources:
      Broken:
        Type: {kind}
        Properties: {{Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: none.yaml}}}}}}
      F:
        Type: AWS::Serverless::Function
        Properties: {{CodeUri: ., FunctionUrlConfig: {{AuthType: NONE}}}}
    """)
    assert [api.full_path for api in found.apis] == ["F"]
    messages = [each.message for each in found.diagnostics]
    assert any("no file at `none.yaml`" in message for message in messages)
