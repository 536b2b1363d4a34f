"""The syntax of variables, against what version 3's own parser gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.serverless.variables.parts import (
    Literal,
    Parts,
    Reference,
    Variable,
    VariableSyntaxError,
)
from samlocal.serverless.variables.syntax import parse_text

PIECES = ("${", "}", "\\", "$", ":", "(", ")", ",", "'", '"', " ", "a", "self", "A", "1", "\n", "é")


def written(parts: Parts) -> list[str]:
    return [part if isinstance(part, str) else part.text for part in parts]


def only_variable(text: str) -> Variable:
    [part] = parse_text(text)
    assert isinstance(part, Variable)
    return part


def only_reference(text: str) -> Reference:
    [source] = only_variable(text).sources
    assert isinstance(source, Reference)
    return source


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "$",
        "$x",
        "{x}",
        "${}",
        "${Foo}",
        "${foo}",
        "${foo.bar-baz}",
        "${AWS::Region}",
        "${aws::x}",
        "${ self:x }",
        "${-self:x}",
        "${self x}",
        "${se_lf:x}",
        "${Foo",
        "${foo",
        "${",
        "$${Foo}",
        "\\$x",
        "\\a\\b\\",
        "a${Foo}b${Bar}c",
    ],
)
def test_what_is_not_a_variable_stays(text: str) -> None:
    """A text that begins no variable is literal text as it is."""
    assert "".join(written(parse_text(text))) == text
    assert not any(isinstance(part, Variable) for part in parse_text(text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("${self:x}", ["${self:x}"], id="whole"),
        pytest.param("a${self:x}b${env:Y}", ["a", "${self:x}", "b", "${env:Y}"], id="several"),
        pytest.param("${Foo.${self:x}}", ["${Foo.", "${self:x}", "}"], id="in literal text"),
        pytest.param("${ ${self:x}-${A${env:B}}}", ["${ ", "${self:x}", "-${A", "${env:B}", "}}"], id="in literal text twice"),
        pytest.param("${Foo.${self:x}", ["${Foo.", "${self:x}"], id="in literal text without end"),
        pytest.param(r"\${self:x}", ["${self:x}"], id="escaped"),
        pytest.param(r"\\${self:x}", ["\\", "${self:x}"], id="escaped backslash"),
        pytest.param(r"\\\${self:x}", [r"\${self:x}"], id="both escaped"),
        pytest.param(r"\\\\${self:x}", ["\\\\", "${self:x}"], id="two escaped backslashes"),
        pytest.param(r"\\a${self:x}", [r"\\a", "${self:x}"], id="backslashes elsewhere"),
        pytest.param(r"\${Foo}", ["${Foo}"], id="escaped literal text"),
        pytest.param("$${self:x}", ["$", "${self:x}"], id="dollar before"),
        pytest.param(r"$\${self:x}", ["$${self:x}"], id="dollar before an escape"),
        pytest.param(r"\$${self:x}", [r"\$", "${self:x}"], id="backslash and dollar before"),
    ],
)  # fmt: skip
def test_a_text_is_parts_in_order(text: str, parts: list[str]) -> None:
    """Variables are parts of their own, between literal text without escapes."""
    assert written(parse_text(text)) == parts


@pytest.mark.parametrize(
    ("text", "kind", "params", "address"),
    [
        pytest.param("${self:a.b.0}", "self", (), ("a.b.0",), id="address"),
        pytest.param("${self:}", "self", (), None, id="no address"),
        pytest.param("${self: }", "self", (), None, id="blank address"),
        pytest.param("${self: a b }", "self", (), ("a b",), id="blanks around an address"),
        pytest.param("${self:\n  a\t\n}", "self", (), ("a",), id="lines around an address"),
        pytest.param("${file(\n a.yml\n):x}", "file", (Literal("a.yml"),), ("x",), id="lines around a parameter"),
        pytest.param("${self:'a, }'}", "self", (), ("a, }",), id="quoted address"),
        pytest.param('${self:"a\\"b" }', "self", (), ('a"b',), id="address in double quotes"),
        pytest.param("${foo.bar:x}", "foo.bar", (), ("x",), id="dot in the first type"),
        pytest.param("${file(./a.yml)}", "file", (("./a.yml",),), None, id="parameter"),
        pytest.param("${file(./a.yml) : b}", "file", (("./a.yml",),), ("b",), id="blanks around the colon"),
        pytest.param("${a()}", "a", (), None, id="no parameters"),
        pytest.param("${a( )}", "a", (), None, id="blank parameters"),
        pytest.param("${a(1, true,null, x y ,'1',\"2\")}", "a", (1, True, None, "x y", "1", "2"), None, id="typed parameters"),
        pytest.param("${a(,b)}", "a", (None, "b"), None, id="empty parameter"),
        pytest.param("${a(b,)}", "a", ("b",), None, id="comma at the end"),
        pytest.param("${self:a$b}", "self", (), ("a$b",), id="dollar in an address"),
        pytest.param("${self:a$}", "self", (), ("a$",), id="dollar at the end of an address"),
    ],
)  # fmt: skip
def test_a_source_has_a_type_parameters_and_an_address(
    text: str, kind: str, params: tuple[object, ...], address: Parts | None
) -> None:
    """A source is read into what it is asked; unquoted parameters have types."""
    reference = only_reference(text)
    found = tuple(
        p.value if isinstance(p, Literal) else "".join(written(p)) for p in reference.params
    )
    expected = tuple(p[0] if isinstance(p, tuple) else p for p in params)
    assert (reference.type, found, reference.address) == (kind, expected, address)
    assert [type(each) for each in found] == [type(each) for each in expected]
    assert reference.text == text[2:-1].rstrip()


@pytest.mark.parametrize(
    ("fallback", "value"),
    [
        pytest.param("'a b'", "a b", id="single quotes"),
        pytest.param("'}, \\n'", "}, \\n", id="single quotes keep everything"),
        pytest.param('"a\\n\\u00e9"', "a\né", id="double quotes are JSON"),
        pytest.param("''", "", id="empty"),
        pytest.param("1.50", 1.5, id="number"),
        pytest.param("-5", -5, id="negative number"),
        pytest.param("1e3", 1000, id="exponent"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param(".5", 0.5, id="no whole part"),
        pytest.param("true", True, id="true"),
        pytest.param("false  ", False, id="false"),
        pytest.param("null", None, id="null"),
    ],
)
def test_a_literal_is_a_fallback(fallback: str, value: object) -> None:
    """Text, numbers, booleans and null end a chain of sources, with their types."""
    [_, _, literal] = only_variable(f"${{self:a, opt:b,{fallback}}}").sources
    assert isinstance(literal, Literal)
    assert literal == Literal(value)  # type: ignore[arg-type]
    assert type(literal.value) is type(value)


def test_variables_nest_in_addresses_and_parameters() -> None:
    """Both may hold variables anywhere, these in turn as well."""
    reference = only_reference("${file(./${opt:stage, 'a'}.yml):b.${env:X${self:y}}.c}")
    [path] = reference.params
    assert not isinstance(path, Literal)
    assert written(path) == ["./", "${opt:stage, 'a'}", ".yml"]
    assert reference.address is not None
    assert written(reference.address) == ["b.", "${env:X${self:y}}", ".c"]


def test_version_4_takes_variables_as_fallbacks() -> None:
    """Their sources come in the order in which they are written."""
    [variable] = parse_text("${opt:a, ${self:b, ${env:C} }, 'd'}", is_version_4=True)
    assert isinstance(variable, Variable)
    texts = [each.text if isinstance(each, Reference) else each.value for each in variable.sources]
    assert texts == ["opt:a", "self:b", "env:C", "d"]


@pytest.mark.parametrize(
    ("text", "reason", "index"),
    [
        pytest.param("a${self:x", "`${self:x` is not closed", 1, id="no end"),
        pytest.param("${self:x, ", "`${self:x, ` is not closed", 0, id="no end after a comma"),
        pytest.param("${self:x, env", "`${self:x, env` is not closed", 0, id="no end in a fallback"),
        pytest.param("${file(x", "`${file(x` is not closed", 0, id="no end in a parameter"),
        pytest.param("${file(x)", "`${file(x)` is not closed", 0, id="no end after parameters"),
        pytest.param("${self:a${env", "`${env` is not closed", 8, id="no end in a nested variable"),
        pytest.param("${Foo ${self:x", "`${self:x` is not closed", 6, id="no end in literal text"),
        pytest.param("${self:x, 'a}", "the quote in `${self:x, 'a}` is not closed", 10, id="no end of quotes"),
        pytest.param("${self:x, foo}", "`foo` is not a fallback", 10, id="bare word"),
        pytest.param("${self:x, self:y, foo bar}", "`foo bar` is not a fallback", 18, id="bare words"),
        pytest.param("${self:x, ${env:Y}}", "a variable cannot be a fallback itself", 10, id="nested fallback"),
        pytest.param("${self:x, }", "the fallback is missing", 10, id="no fallback"),
        pytest.param("${self:x, 'a', env:B}", "unexpected `,` in `${self:x, 'a',`", 13, id="more after a text"),
        pytest.param("${self:x, 1, env:B}", "unexpected `,` in `${self:x, 1,`", 11, id="more after a number"),
        pytest.param("${self:x, 'a' b}", "unexpected `b` in `${self:x, 'a' b`", 14, id="text after quotes"),
        pytest.param('${self:x, "\\q"}', '`"\\q"` is not a string of JSON', 10, id="bad escape"),
        pytest.param("${self:x, A:b}", "`A` is not a source", 10, id="fallback of no type"),
        pytest.param("${self:a.${Foo}}", "`${Foo}` inside of a variable is not a variable itself", 9, id="nested literal text"),
        pytest.param("${self:a.${}}", "`${}` inside of a variable is not a variable itself", 9, id="nested nothing"),
        pytest.param("${file(a}", "unexpected `}` in `${file(a}`", 8, id="parameter without end"),
        pytest.param("${file(a)b}", "unexpected `b` in `${file(a)b`", 9, id="text after parameters"),
        pytest.param("${file(a)::b}", "the address begins with a `:`", 10, id="two colons"),
    ],
)  # fmt: skip
def test_a_malformed_variable_is_an_error(text: str, reason: str, index: int) -> None:
    """The error says what is wrong, and where."""
    with pytest.raises(VariableSyntaxError, match=re.escape(reason)) as caught:
        parse_text(text)
    assert (caught.value.reason, caught.value.index) == (reason, index)


@given(st.text().filter(lambda text: "${" not in text))
def test_text_without_variables_is_itself(text: str) -> None:
    """What has no `${` is literal text, whatever it is."""
    assert written(parse_text(text)) == ([text] if text else [])


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """The parser ends in parts that are in the text in this order, or in an error at a place in it."""
    try:
        parts = written(parse_text(text))
    except VariableSyntaxError as error:
        index, parts = error.index, []
        assert 0 <= index <= len(text)  # most texts raise nothing
    rest = iter(text)
    assert all(character in rest for character in "".join(parts))


@given(st.text(alphabet="a{}:$, ()'", max_size=20))
def test_every_text_can_be_escaped(text: str) -> None:
    """A backslash before each `${`, and each backslash before it twice, gives the text itself."""
    escaped = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
    assert "".join(written(parse_text(escaped))) == text
