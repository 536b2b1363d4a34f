"""Which resource of a REST API a path means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


SEGMENTS = st.sampled_from(["a", "b", "{x}", "{p+}"])
ROUTES = st.lists(SEGMENTS, max_size=4).map(
    lambda parts: [*parts[: parts.index("{p+}") + 1]] if "{p+}" in parts else parts
)


def _rank(route: list[str], path: list[str]) -> tuple[int, ...] | None:
    """Return how specific a route is for a path, the lower the better; None if it does not match."""
    rank: list[int] = []
    for number, segment in enumerate(route):
        rest = path[number:]
        if segment == "{p+}":
            return (*rank, 2) if any(rest) else None
        if (
            not rest
            or (segment == "{x}" and not rest[0])
            or (segment in "ab" and segment != rest[0])
        ):
            return None
        rank.append(1 if segment == "{x}" else 0)
    return tuple(rank) if len(path) == len(route) else None


@given(st.lists(ROUTES, max_size=6), st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=5))
def test_any_resources(routes: list[list[str]], parts: list[str]) -> None:
    """Whatever the resources are, the one with the most specific segments from the left matches."""
    path = "/" + "/".join(parts)
    inner = path.strip("/").split("/") if path.strip("/") else []
    ranks = {"/" + "/".join(route): _rank(route, inner) for route in routes}
    matching = {name: rank for name, rank in ranks.items() if rank is not None}
    match = _tree(*ranks).match(path)
    if match is None:
        assert matching == {}
    else:
        assert match.value == min(matching, key=lambda name: matching[name])
