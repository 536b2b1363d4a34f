from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents.json_members import member_indexes

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(st.dictionaries(st.text(max_size=3), OBJECTS, max_size=4), st.sampled_from([None, 1]))
def test_every_member_is_found_where_it_stands(
    document: dict[str, dict[str, object]], indent: int | None
) -> None:
    """For any two levels of objects, each name is found, and it stands at its index."""
    text = json.dumps(document, indent=indent)
    found = list(member_indexes(text, depth=2))
    assert [path for path, _ in found] == [
        path for name in document for path in [(name,), *((name, n) for n in document[name])]
    ]
    for path, index in found:
        assert text[index:].startswith(json.dumps(path[-1]))


@given(OBJECTS)
def test_deeper_members_are_left_out(document: dict[str, object]) -> None:
    """What lies deeper than asked, in objects or lists, isn't found."""
    found = [path for path, _ in member_indexes(json.dumps(document), depth=1)]
    assert found == [(name,) for name in document]


def test_a_name_that_is_given_twice_comes_twice() -> None:
    """Both places of a name are found, which `json` hides."""
    assert list(member_indexes('{"a": 1, "a": 2}', depth=1)) == [(("a",), 1), (("a",), 9)]
