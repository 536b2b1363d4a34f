"""Merging of nodes, as lodash merges."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents.node import Node
from samlocal.serverless.template.merging import merge_deeply, overlay

AT = Node(None, Path("serverless.yml"), 0, 0)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
KEYS = st.sampled_from("abc")
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([{"a": {"b": 1}}, {"a": {"c": 2}}], {"a": {"b": 1, "c": 2}}),
        ([{"a": 1}, {"a": None}], {"a": None}),
        ([[1, 2, 3], [4]], [4, 2, 3]),
        ([[{"a": 1}], [{"b": 2}, 5]], [{"a": 1, "b": 2}, 5]),
        ([{"a": [1]}, {"a": {"b": 1}}], {"a": {"b": 1}}),
        ([{"a": 1}], {"a": 1}),
    ],
)
def test_later_nodes_come_over_earlier_ones(parts: list[object], expected: object) -> None:
    """Mappings merge by key, lists by index."""
    merged = merge_deeply([AT.with_data(part) for part in parts])
    assert merged is not None
    assert merged.plain() == expected


def test_nothing_is_merged_from_nothing() -> None:
    """There is no node without nodes."""
    assert merge_deeply([]) is None
    assert overlay(None, None) is None


@given(DATA, DATA)
def test_merging_again_changes_nothing(below: object, above: object) -> None:
    """What was merged last is there already."""
    nodes = [AT.with_data(below), AT.with_data(above)]
    once = merge_deeply(nodes)
    twice = merge_deeply([*nodes, nodes[1]])
    assert once is not None
    assert twice is not None
    assert once.plain() == twice.plain()


@given(st.dictionaries(KEYS, DATA), st.dictionaries(KEYS, DATA))
def test_an_overlay_replaces_whole_entries(
    below: dict[str, object], above: dict[str, object]
) -> None:
    """An entry is that of the upper mapping, if it has one."""
    result = overlay(AT.with_data(below), AT.with_data(above))
    assert result is not None
    assert result.plain() == {**below, **above}
