from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.documents.input_files import InputKind, Source
from samlocal.env_vars import dotenv
from samlocal.env_vars.dotenv import parse_dotenv
from samlocal.errors import EnvVarsError

SOURCE = Source(
    kind=InputKind(noun="env file", error=EnvVarsError, max_bytes=1000), path=Path(".env")
)


BACKSLASH_OR_QUOTE = r"([\\'])"
ESCAPED = r"\\\1"


def parse(text: str, **shell: str) -> dict[str, str]:
    return {a.name: a.value for a in parse_dotenv(text, SOURCE, shell=shell)}


def test_the_documented_example() -> None:
    """The example in the module's docstring has the values that its comments state."""
    documentation = inspect.cleandoc(dotenv.__doc__ or "")
    example = inspect.cleandoc("\n".join(documentation.split("\n\n")[1].splitlines()))
    assert parse(example) == {
        "STAGE": "dev",
        "TABLE_NAME": "ratings",
        "EMPTY": "",
        "QUOTED": 'two\nlines, a "quote" and dev',
        "LITERAL": r"kept as it is: \n ${STAGE}",
        "GREETING": "a value may\nspan lines",
        "HOST": "localhost",
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        pytest.param("A=b", "b", id="plain"),
        pytest.param("  A = b  ", "b", id="blanks around"),
        pytest.param("A=b c", "b c", id="blank inside"),
        pytest.param("A=b # c", "b", id="comment"),
        pytest.param("A= # c", "", id="nothing but a comment"),
        pytest.param("A=#b", "#b", id="no comment without a blank"),
        pytest.param("A=b#c", "b#c", id="hash inside"),
        pytest.param("A=b=c", "b=c", id="equals sign"),
        pytest.param("A", "", id="name alone"),
        pytest.param("A=", "", id="empty"),
        pytest.param('A="b" # c', "b", id="comment after quotes"),
        pytest.param('A=""', "", id="empty quotes"),
        pytest.param(r"A='it\'s \\ \n'", r"it's \ \n", id="escapes in single quotes"),
        pytest.param(r'A="\t\"\\\$"', '\t"\\\\$', id="escapes in double quotes"),
        pytest.param(r'A="\a\b\f\n\r\t\v"', "\a\b\f\n\r\t\v", id="control characters"),
        pytest.param(r"A=a\nb", r"a\nb", id="no escapes without quotes"),
        pytest.param("A=it's", "it's", id="quote inside"),
        pytest.param("export A=b", "b", id="export"),
        pytest.param("'A'=b", "b", id="quoted name"),
        pytest.param("A=é", "é", id="other letters"),
    ],
)
def test_values(line: str, value: str) -> None:
    """Each line assigns the value that python-dotenv, and so sam, reads from it."""
    assert parse(f"# before\n\n{line}\nZ=after\n") == {"A": value, "Z": "after"}
    assert parse(line) == {"A": value}


def test_references_look_above_then_into_the_shell_then_at_their_default() -> None:
    """`${NAME}` is the value of a line above, else the shell's, else the default."""
    text = "A=own\nB=${A}-${HOME}-${NOPE:-d}-${C}\nC=later\n$D=x\nE=$A"
    seen = parse(text, HOME="/home/me", A="shell")
    assert seen["B"] == "own-/home/me-d-"
    assert seen["E"] == "$A"


def test_a_reference_to_nothing_is_reported() -> None:
    """An assignment names its references to undefined variables."""
    [_, assignment] = parse_dotenv("A=1\nB=${A}${X}${Y:-}", SOURCE, shell={})
    assert (assignment.value, assignment.unknown) == ("1", ("X",))


def test_a_reference_to_nothing_that_is_quoted() -> None:
    """A literal value has no references, and its text may be a secret: no log shows it."""
    [assignment] = parse_dotenv("A='${X} hunter2'", SOURCE, shell={})
    assert (assignment.value, assignment.unknown) == ("${X} hunter2", ())
    assert "hunter2" not in repr(assignment)


def test_a_value_that_is_quoted_in_part() -> None:
    """The hint of the error says how to write it."""
    with pytest.raises(EnvVarsError) as caught:
        parse('A="b" c')
    assert caught.value.hint == "quote the whole value"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("A=1\n=2", ".env:2:1: not `NAME=value`", id="no name"),
        pytest.param("A=1\n  B 2", ".env:2:5: not `NAME=value`: no `=` follows `B`", id="no sign"),
        pytest.param("export", ".env:1:1: not `NAME=value`", id="export alone"),
        pytest.param("A='b' c", ".env:1:6: not `NAME=value`: something follows", id="after quotes"),
        pytest.param('A=1\nB="c\nd', ".env:2:3: the quote is not closed", id="open quote"),
        pytest.param("A: 1", ".env:1:4: not `NAME=value`: no `=` follows `A:`", id="colon"),
    ],
)
def test_malformed_files(text: str, message: str) -> None:
    """A line that is not an assignment is an error with line and column: no line is skipped."""
    with pytest.raises(EnvVarsError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,5}", fullmatch=True), st.text(max_size=20)))
def test_any_value_can_be_written_in_single_quotes(variables: dict[str, str]) -> None:
    """Any value in single quotes, with backslashes and quotes escaped, is read unchanged."""
    text = "".join(
        f"{name}='{re.sub(BACKSLASH_OR_QUOTE, ESCAPED, value)}'\n"
        for name, value in variables.items()
    )
    assert parse(text) == variables


@given(st.text(alphabet="AB=\n#'\"\\$${} \t\r", max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text either parses or raises an error with a place."""
    try:
        parse(text)
    except EnvVarsError as caught:
        error = caught
    else:
        return
    assert error.place is not None
