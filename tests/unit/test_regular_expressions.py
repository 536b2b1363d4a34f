"""Regular expressions of load balancers."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.regular_expressions import ExpressionError, compile_expression


@pytest.mark.parametrize(
    ("expression", "matched", "others"),
    [
        ("^/api/", ["/api/items"], ["/v1/api/", "/api", "/API/"]),
        ("(?i)^/api$", ["/api", "/Api"], ["/api/"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        (r"^(?P<lang>[a-z]{2})(-[A-Z]{2})?$", ["de", "de-AT"], ["de-at", "d"]),
        ("^(?<name>a)$", ["a"], ["aa"]),
        (r"\(?<", ["<", "(<"], ["("]),
        (r"^\\(?<name>a)$", [r"\a"], ["a"]),
        ("^[(?<]$", ["(", "<"], ["P"]),
        (r"^\w+$", ["a1_"], ["ä"]),
        (r"^[\]()?=+]+$", ["]", "(?=", "++"], ["a"]),
        ("^[]a(?!]+$", ["]", "(?!"], ["b"]),
        ("^[a&&]+$", ["a&"], ["b"]),
        ("", ["", "a"], []),
    ],
)
def test_syntax(expression: str, matched: list[str], others: list[str]) -> None:
    """What is matched may be anywhere in the text."""
    compiled = compile_expression(expression)
    assert [each for each in (*matched, *others) if compiled.search(each)] == matched


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a(?=b)", "look-aheads are not supported: `(?=`"),
        ("a(?!b)", "look-aheads are"),
        ("(?<=a)b", "look-behinds are"),
        ("(?<!a)b", "look-behinds are"),
        (r"(a)\1", r"back references are not supported: `\1`"),
        (r"(?P<n>a)(?P=n)", "back references are"),
        (r"(?<n>a)\k<n>", "back references are"),
        ("(?>a+)b", "atomic groups are"),
        ("a++b", "possessive quantifiers are"),
        ("a{2}+b", "possessive quantifiers are"),
        ("(?(1)a|b)", "conditions are"),
        ("a(?#b)", "comments are"),
        (r"\p{L}", "Unicode classes are"),
        ("[[:alpha:]]", "POSIX classes are"),
        ("(?R)", "unknown extension"),
        ("(a", "missing )"),
        ("[b-a]", "bad character range"),
        ("*a", "nothing to repeat"),
        ("a\\", "bad escape"),
    ],
)
def test_errors(expression: str, said: str) -> None:
    """What cannot be read, and what load balancers do not have, is named."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(expression)
    assert said in str(caught.value)


@given(expression=st.text("ab()[]{}?*+|^$\\.-,<>=!:Pi0129dQE", max_size=20))
def test_any_text(expression: str) -> None:
    """Any text is an expression, or an error that says why not."""
    with suppress(ExpressionError):
        compile_expression(expression)
