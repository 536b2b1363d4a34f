"""Which resource of a REST API a path means."""

from __future__ import annotations

import pytest

from samlocal.http_api.paths import PathTree

PATHS = (
    "/",
    "/items",
    "/items/{id}",
    "/items/{id}/parts",
    "/items/new",
    "/files/{proxy+}",
    "/{kind}/special",
    "/{proxy+}",
)


def _tree(*paths: str) -> PathTree[str]:
    tree: PathTree[str] = PathTree()
    for path in paths:
        tree.add(path, path)
    return tree


@pytest.mark.parametrize(
    ("path", "expected", "parameters"),
    [
        pytest.param("/", "/", {}, id="root"),
        pytest.param("//", "/", {}, id="slashes only"),
        pytest.param("/items", "/items", {}, id="fixed"),
        pytest.param("/items/", "/items", {}, id="trailing slash"),
        pytest.param("//items", "/items", {}, id="leading slashes"),
        pytest.param("/items/7", "/items/{id}", {"id": "7"}, id="parameter"),
        pytest.param("/items/a%2Fb", "/items/{id}", {"id": "a%2Fb"}, id="stays encoded"),
        pytest.param("/items/new", "/items/new", {}, id="fixed before parameter"),
        pytest.param("/items/7/parts", "/items/{id}/parts", {"id": "7"}, id="below"),
        pytest.param("/items/new/parts", "/items/{id}/parts", {"id": "new"}, id="back from fixed"),
        pytest.param("/files", "/{proxy+}", {"proxy": "files"}, id="not the parent of greedy"),
        pytest.param("/files/a/b/", "/files/{proxy+}", {"proxy": "a/b"}, id="greedy"),
        pytest.param("/files/a//b", "/files/{proxy+}", {"proxy": "a//b"}, id="double slash"),
        pytest.param("/x/special", "/{kind}/special", {"kind": "x"}, id="parameter before greedy"),
        pytest.param("/x/other", "/{proxy+}", {"proxy": "x/other"}, id="back to greedy"),
        pytest.param("/items/7/x", "/{proxy+}", {"proxy": "items/7/x"}, id="nothing below"),
        pytest.param("/Items", "/{proxy+}", {"proxy": "Items"}, id="case"),
    ],
)
def test_most_specific_resource(path: str, expected: str, parameters: dict[str, str]) -> None:
    """Fixed segments come before parameters, and those before greedy ones."""
    match = _tree(*PATHS).match(path)
    assert match is not None
    assert (match.value, match.parameters) == (expected, parameters)


@pytest.mark.parametrize("path", ["/", "/items", "/files", "/files/", "/files//", "/items//parts"])
def test_no_resource(path: str) -> None:
    """No parameter is empty, and a greedy one does not match its parent."""
    assert _tree("/items/{id}/parts", "/files/{proxy+}").match(path) is None
