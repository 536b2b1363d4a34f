"""The table of what `Ref` gives agrees with CloudFormation's own schemas."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.stack.ref_values import JOINED_WITH, TABLE, ref_paths
from samlocal.cloudformation.stack.resource_attributes import RESOURCE_TYPES
from tests.unit.cloudformation.ref_values import has_property, ref_value, resource_types

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture(scope="module")
def table() -> Mapping[str, str]:
    """Return the table as it is, or as it becomes where that is asked for."""
    if os.environ.get("UPDATE_REF_VALUES"):
        made = {name: value for name in sorted(resource_types()) if (value := ref_value(name))}
        TABLE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    loaded: dict[str, str] = json.loads(TABLE.read_text(encoding="utf-8"))
    return loaded


def test_every_entry_is_what_the_schemas_and_the_pages_say(table: Mapping[str, str]) -> None:
    """A type whose identifier AWS changes is noticed; one that AWS adds may be missing."""
    known = resource_types() & table.keys()
    assert len(known) > 400
    expected = {name: ref_value(name) for name in sorted(known)}
    assert {name: table[name] for name in sorted(known)} == expected


def test_every_entry_names_properties_that_there_are(table: Mapping[str, str]) -> None:
    """Neither a schema nor a page is misread."""
    known = resource_types()
    wrong = [
        f"{name}: {path}"
        for name, value in table.items()
        for path in value.split(JOINED_WITH)
        if name in known and not has_property(name, path)
    ]
    assert wrong == []


def test_types_that_are_known_by_a_name_of_their_own_agree_with_the_table() -> None:
    """What is written down by hand, with attributes, has the property that the table has."""
    by_name = {
        name: kind.name_property
        for name, kind in RESOURCE_TYPES.items()
        if kind.ref == "$name" and kind.name_property and not name.startswith("AWS::Serverless::")
    }
    assert by_name
    assert {name: ref_paths(name) for name in by_name} == {n: [[p]] for n, p in by_name.items()}
