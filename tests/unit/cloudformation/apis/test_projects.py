"""The APIs of the sample projects in `tests/projects`."""

from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.cloudformation.project import open_project
from samlocal.project.apis import Api, Cors
from tests.unit.cloudformation.apis.outlines import outline

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
