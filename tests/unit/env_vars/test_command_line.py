from __future__ import annotations

import pytest

from samlocal.env_vars.command_line import parse_assignments
from samlocal.errors import UsageError


def test_the_first_equals_sign_divides() -> None:
    """A value may have equal signs and blanks, and may be empty."""
    assert parse_assignments(["A=b=c d", "EMPTY="]) == {"A": "b=c d", "EMPTY": ""}


def test_the_last_of_a_name_counts() -> None:
    """A later `--env` overrides an earlier one."""
    assert parse_assignments(["A=1", "A=2"]) == {"A": "2"}


@pytest.mark.parametrize("text", ["A", "=b", ""])
def test_a_text_that_is_not_an_assignment(text: str) -> None:
    """A text without name or equals sign is a usage error that quotes the text."""
    with pytest.raises(UsageError) as caught:
        parse_assignments([text])
    assert caught.value.message == f"`--env {text}` is not `KEY=VALUE`"
    assert caught.value.hint == "for an empty value, write `KEY=`"


def test_a_nul_is_refused() -> None:
    """A NUL byte in a value is a usage error that does not quote the value."""
    with pytest.raises(UsageError, match="`--env A` contains a NUL byte") as caught:
        parse_assignments(["A=secret\0"])
    assert caught.value.hint
