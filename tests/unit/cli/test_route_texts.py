"""Routes as the table of `start-api` shows them."""

from __future__ import annotations

import pytest

from samlocal.cli.route_texts import url_of_route
from samlocal.project.apis import Api, ApiKind, MockIntegration, Route


@pytest.mark.parametrize(
    ("kind", "stage", "path", "url"),
    [
        (ApiKind.REST, "dev", "/items", "http://localhost:3000/items"),
        (ApiKind.REST, "prod", "/items", "http://localhost:3000/prod/items"),
        (ApiKind.HTTP, "dev", "/", "http://localhost:3000/"),
        (ApiKind.HTTP, "dev", "$default", "http://localhost:3000/*"),
        (ApiKind.HTTP, "prod", "$default", "http://localhost:3000/prod/*"),
        (ApiKind.LOAD_BALANCER, "dev", "$default", "http://localhost:3000/*"),
        (ApiKind.FUNCTION_URL, "dev", "$default", "http://localhost:3000/"),
        (ApiKind.WEBSOCKET, "prod", "$connect", "ws://localhost:3000/prod $connect"),
    ],
)
def test_urls_of_stages(kind: ApiKind, stage: str, path: str, url: str) -> None:
    """Each stage of an API has a URL of its own, and a name that tells it from the others."""
    mock = MockIntegration(request_templates={}, responses=())
    route = Route(method="ANY", path=path, integration=mock)
    apis = {
        each: Api(
            kind=kind,
            full_path="Shop",
            identifier="abcdefghij",
            stage=each,
            routes=(route,),
            has_other_stages=True,
        )
        for each in ("dev", "prod")
    }
    assert url_of_route("http://localhost:3000", apis[stage], route, [*apis.values()]) == url
    assert apis[stage].label == f"Shop ({stage})"
