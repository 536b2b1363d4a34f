"""Regular expressions in linear time."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.regular_expressions import Expression, ExpressionError, compile_expression

_ATOMS: Final = st.sampled_from(
    [
        *("a", "b", "B", ".", "[ab]", "[^a]", "[a-c]", r"[\d-]", r"[^\W_]", "[]a]", r"\d", r"\W"),
        *(r"\.", "()", "(?:)", r"\x61"),
    ]
)
_PLACES: Final = st.sampled_from([r"\b", r"\B", "^", "$", r"\A"])
_QUANTIFIERS: Final = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?"])
_EXPRESSIONS: Final = st.recursive(
    st.builds(
        "".join, st.lists(_PLACES | st.builds("{}{}".format, _ATOMS, _QUANTIFIERS), max_size=4)
    ),
    lambda inner: (
        st.builds("({}){}".format, inner, _QUANTIFIERS)
        | st.builds("(?:{}|{}){}".format, inner, inner, _QUANTIFIERS)
        | st.builds("(?i:{})".format, inner)
        | st.builds("{}{}".format, inner, inner)
        | st.builds("{}|{}".format, inner, inner)
    ),
    max_leaves=5,
)


@given(expression=_EXPRESSIONS, text=st.text("abBcD1-._/", min_size=1, max_size=12))
def test_as_in_python(expression: str, text: str) -> None:
    """An expression matches what it matches in Python, which has the same syntax for what is common to both."""
    assert Expression(expression).search(text) == (re.search(expression, text) is not None)


@pytest.mark.parametrize(
    ("expression", "matched", "others"),
    [
        ("^/api/", ["/api/items"], ["/v1/api/", "/api", "/API/"]),
        ("(?i)^/api$", ["/api", "/Api"], ["/api/"]),
        ("a(?i)b|c", ["aB", "C"], ["AB"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        ("(?i)a(?-i:b)", ["Ab"], ["AB"]),
        (r"^(?P<lang>[a-z]{2})(-[A-Z]{2})?$", ["de", "de-AT"], ["de-at", "d"]),
        (r"^(?<name>a)\z", ["a"], ["aa"]),
        ("[[:alpha:][:^ascii:]_]", ["1a", "\xe4", "_"], ["1", ""]),
        (r"^\Qa.b\E$", ["a.b"], ["axb"]),
        (r"a\Qb", ["ab"], ["a"]),
        (r"^\x{2f}[\x2d-/]$", ["/-", "/."], ["/0"]),
        ("a{,2}", ["a{,2}"], ["aa"]),
        ("^[a-]{2}$", ["a-"], ["ab"]),
        ("", ["", "a"], []),
        ("(?s).(?m)$(?U)", ["a"], [""]),
    ],
)
def test_syntax(expression: str, matched: list[str], others: list[str]) -> None:
    """The syntax is that of RE2, and what is matched may be anywhere in the text."""
    compiled = Expression(expression)
    assert [each for each in (*matched, *others) if compiled.search(each)] == matched


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a(?=b)", "look-ahead"),
        ("a(?!b)", "look-ahead"),
        ("(?<=a)b", "look-behind"),
        ("(?<!a)b", "look-behind"),
        (r"(a)\1", "back references"),
        (r"(?P<n>a)(?P=n)", "back references"),
        (r"(?<n>a)\k<n>", "back references"),
        ("(?>a+)b", "atomic groups"),
        ("a++b", "possessive quantifiers"),
        ("a{2}+b", "possessive quantifiers"),
        ("(?R)", "recursion"),
        ("(a)(?1)", "a group cannot begin with `(?1)`"),
        ("(?&n)", "subroutines"),
        ("(?(1)a|b)", "conditions"),
        (r"\p{L}", "Unicode character classes"),
        (r"[\P{L}]", "Unicode character classes"),
        (r"a\Z", r"`\Z` is not supported"),
        ("(a", "a `(` has no `)`"),
        ("a)", "a `)` has no `(`"),
        ("[a", "a `[` has no `]`"),
        ("[b-a]", "a range that does not end after `b`"),
        (r"[a-\d]", "a range that does not end after `a`"),
        ("[[:letters:]]", "there is no class `[:letters:]`"),
        ("*a", "a quantifier has nothing before it"),
        ("a|*", "a quantifier has nothing before it"),
        ("a**", "a quantifier follows another one"),
        ("a\\", "a `\\` is at the end"),
        ("a{1001}", "from 0 to 1000"),
        ("a{3,2}", "from 0 to 1000"),
        (r"\x{110000}", "is not a character"),
        ("((a{100}){100}){100}", "too large"),
    ],
)
def test_errors(expression: str, said: str) -> None:
    """What cannot be read, and what load balancers do not have, is named."""
    with pytest.raises(ExpressionError) as caught:
        compile_expression(expression)
    assert said in str(caught.value)


@given(expression=st.text("ab()[]{}?*+|^$\\.-,<>=!:Pi0129dQE", max_size=20), text=st.text("ab1"))
def test_any_text(expression: str, text: str) -> None:
    """Any text is an expression, or an error that says why not."""
    with suppress(ExpressionError):
        Expression(expression).search(text)


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "(a*)*b"])
def test_number_of_steps(expression: str) -> None:
    """A text costs a step for each of its characters, however an expression is nested."""
    compiled = Expression(expression)
    steps = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        assert not compiled.search("a" * 2000 + "!")
    finally:
        sys.setprofile(None)
    assert steps < 100_000
