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
    """Return the current table, or a regenerated one if requested."""
    if os.environ.get("UPDATE_REF_VALUES"):
        made = {name: value for name in sorted(resource_types()) if (value := ref_value(name))}
        TABLE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    loaded: dict[str, str] = json.loads(TABLE.read_text(encoding="utf-8"))
    return loaded


def test_every_entry_agrees_with_schemas_and_documentation(table: Mapping[str, str]) -> None:
    """Every entry agrees with AWS's schemas and documentation; types that AWS adds may be missing."""
    known = resource_types() & table.keys()
    assert len(known) > 400
    expected = {name: ref_value(name) for name in sorted(known)}
    assert {name: table[name] for name in sorted(known)} == expected


def test_every_entry_names_existing_properties(table: Mapping[str, str]) -> None:
    """Every entry names existing properties of its type."""
    known = resource_types()
    wrong = [
        f"{name}: {path}"
        for name, value in table.items()
        for path in value.split(JOINED_WITH)
        if name in known and not has_property(name, path)
    ]
    assert wrong == []


def test_handwritten_resource_types_agree_with_the_table() -> None:
    """The handwritten resource types have the same name property as the table."""
    by_name = {
        name: kind.name_property
        for name, kind in RESOURCE_TYPES.items()
        if kind.ref == "$name" and kind.name_property and not name.startswith("AWS::Serverless::")
    }
    assert by_name
    assert {name: ref_paths(name) for name in by_name} == {n: [[p]] for n, p in by_name.items()}
