"""Paths of routes, and what they stand for."""

from __future__ import annotations

import pytest

from samlocal.http_api.path_patterns import PathPattern, RouteSet, methods_overlap


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/", "/", True),
        ("/", "/items", False),
        ("/items", "/items", True),
        ("/items", "/items/", True),
        ("/items", "/Items", False),
        ("/items/{id}", "/items/7", True),
        ("/items/{id}", "/items/a%2Fb", True),
        ("/items/{id}", "/items", False),
        ("/items/{id}", "/items/", False),
        ("/items/{id}", "/items/7/parts", False),
        ("/files/{proxy+}", "/files/a", True),
        ("/files/{proxy+}", "/files/a/b/c", True),
        ("/files/{proxy+}", "/files", False),
        ("/files/{proxy+}", "/files/", False),
        ("$default", "/", True),
        ("$default", "/any/thing", True),
    ],
)
def test_matches(pattern: str, path: str, *, matches: bool) -> None:
    """A parameter stands for one segment, a greedy one for at least one, `$default` for all."""
    routes = RouteSet([("GET", "/other"), ("GET", pattern)])
    assert routes.has("GET", path, is_greedy=True) is matches
    assert routes.has(None, path, is_greedy=True) is matches
    assert not routes.has("POST", path, is_greedy=True)


def test_routes_of_certain_lengths() -> None:
    """A longer way through parameters is found where fixed segments lead nowhere, and greedy ones can be left out."""
    routes = RouteSet([("GET", "/a/b"), ("ANY", "/{x}/c"), ("GET", "/{proxy+}")])
    assert routes.has("PUT", "/a/c", is_greedy=False)
    assert not routes.has("GET", "/a/d", is_greedy=False)
    assert routes.has("GET", "/a/d", is_greedy=True)


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ("/items", "/items", True),
        ("/items", "/orders", False),
        ("/items/{id}", "/items/{name}", True),
        ("/items/{id}", "/items/new", True),
        ("/items/{id}", "/items", False),
        ("/items/{id}/parts", "/items/7", False),
        ("/{proxy+}", "/items/7", True),
        ("/{proxy+}", "/", False),
        ("/a/{proxy+}", "/{proxy+}", True),
        ("/a/{proxy+}", "/b/{proxy+}", False),
        ("/a/{proxy+}", "/a", False),
        ("$default", "/", True),
        ("/items", "$default", True),
    ],
)
def test_overlaps(one: str, other: str, *, overlaps: bool) -> None:
    """Two paths overlap if a request can be for both; the order does not matter."""
    assert PathPattern(one).overlaps(PathPattern(other)) is overlaps
    assert PathPattern(other).overlaps(PathPattern(one)) is overlaps


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [("GET", "GET", True), ("GET", "POST", False), ("ANY", "POST", True), ("GET", "ANY", True)],
)
def test_methods(one: str, other: str, *, overlap: bool) -> None:
    """`ANY` stands for all methods."""
    assert methods_overlap(one, other) is overlap
