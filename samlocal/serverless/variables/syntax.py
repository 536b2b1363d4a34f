r"""The syntax of variables: a text as literal text and variables.

    ${self:custom.table}                       a source with an address
    ${file(./${opt:stage}.yml):table, 'none'}  with parameters, nested variables and a fallback
    \${self:service}, \\${self:service}        a literal `${`, and a backslash before a variable

What does not begin as a variable is literal text, in which variables are resolved: `${AWS::Region}`,
`${Foo.${self:service}}`. These are the rules of version 3:
https://github.com/serverless/serverless/blob/v3.40.0/lib/configuration/variables/parse.js
"""

from __future__ import annotations

import json
import re
from typing import Final

from samlocal.documents.node import MAX_DEPTH
from samlocal.serverless.variables.literals import parse_word
from samlocal.serverless.variables.parts import (
    Literal,
    Parts,
    Reference,
    Variable,
    VariableSyntaxError,
)

_OPENING: Final = re.compile(r"(?<!\\)(\\*)\$\{")  # backslashes escape it
_FOREIGN: Final = re.compile(r"\$\{|\}")
_TYPE: Final = re.compile(r"[a-z][a-zA-Z0-9.-]*")
_SPACES: Final = re.compile(" *")
_ADDRESS: Final = re.compile(r"(?:(?!\$\{)[^},])*")
_PARAMETER: Final = re.compile(r"(?:(?!\$\{)[^}),])*")
_WORD: Final = re.compile(r"[a-zA-Z0-9. -]+")
_FALLBACK_TYPE: Final = re.compile(r"[a-z][a-zA-Z0-9]*")
_STRING: Final = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LITERALS: Final = (
    "a fallback is another source, a quoted text, a number, `true`, `false` or `null`"
)


def parse_text(text: str, *, is_version_4: bool = False) -> Parts:
    """Return the parts of a text in order: literal text without its escapes, and variables.

    Version 4 also takes variables as fallbacks: `${opt:stage, ${self:provider.stage}}`.

    Raises:
        VariableSyntaxError: a variable is malformed, or does not end.
    """
    parts: list[str | Variable] = []
    index = 0
    while opening := _OPENING.search(text, index):
        backslashes = len(opening[1])
        parts.append(text[index : opening.start()] + "\\" * (backslashes // 2))
        if backslashes % 2:
            parts.append("${")
            index = opening.end()
        else:
            parser = _Parser(text, takes_variables=is_version_4)
            index = parser.parse_opening(opening.end(1), parts, depth=0, is_nested=False)
    return _joined([*parts, text[index:]])


def _joined(parts: list[str | Variable]) -> Parts:
    joined: list[str | Variable] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


class _Parser:
    """Parses what begins with `${` at an index of a text; each method returns the index where that ends."""

    def __init__(self, text: str, *, takes_variables: bool) -> None:
        self._text = text
        self._takes_variables = takes_variables  # as fallbacks

    def parse_opening(
        self, start: int, parts: list[str | Variable], *, depth: int, is_nested: bool
    ) -> int:
        """Add what begins with the `${` at `start`: a variable, or literal text with variables in it.

        Inside of a variable (`is_nested`), only a variable may begin.
        """
        if depth > MAX_DEPTH:
            raise VariableSyntaxError(f"variables nest more than {MAX_DEPTH} levels deep", start)
        kind = _TYPE.match(self._text, start + 2)
        end = kind.end() if kind else start + 2
        follows = self._text[end : end + 1]
        # `${aws::x}` is not a variable, and neither is `${foo}`.
        if (
            kind
            and follows in {":", "("}
            and (is_nested or follows == "(" or not self._is_pseudo(end))
        ):
            variable, end = self._variable(start, kind[0], end, depth)
            parts.append(variable)
            return end
        if is_nested:
            raise self._not_a_variable(start)
        return self._foreign(start, parts, depth)

    def _is_pseudo(self, colon: int) -> bool:
        return self._at(self._skip(colon + 1)) == ":"

    def _not_a_variable(self, start: int) -> VariableSyntaxError:
        shown = self._text[start : self._text.find("}", start) + 1] or self._text[start:]
        if self._is_open_at_end(start):
            return self._unterminated(start)
        return VariableSyntaxError(
            f"`{shown}` inside of a variable is not a variable itself",
            start,
            hint="a variable begins with its source: `${self:custom.name}`",
        )

    def _is_open_at_end(self, start: int) -> bool:
        kind = _TYPE.match(self._text, start + 2)
        return (kind.end() if kind else start + 2) == len(self._text)

    def _foreign(self, start: int, parts: list[str | Variable], depth: int) -> int:
        """Add literal text up to its `}`, and the variables inside of it."""
        index = start + 2
        parts.append("${")
        while found := _FOREIGN.search(self._text, index):
            parts.append(self._text[index : found.start()])
            if found[0] == "}":
                parts.append("}")
                return found.end()
            index = self.parse_opening(found.start(), parts, depth=depth + 1, is_nested=False)
        parts.append(self._text[index:])
        return len(self._text)

    def _variable(self, start: int, kind: str, end: int, depth: int) -> tuple[Variable, int]:
        sources: list[Reference | Literal] = []
        source, end = self._reference(start + 2, kind, end, start, depth)
        sources.append(source)
        while self._at(end) == ",":
            index = self._skip(end + 1)
            if self._takes_variables and self._text.startswith("${", index):
                nested: list[str | Variable] = []
                end = self._skip(self.parse_opening(index, nested, depth=depth + 1, is_nested=True))
                sources += (
                    each for part in nested if isinstance(part, Variable) for each in part.sources
                )
                continue
            fallback, end = self._fallback(index, start, depth)
            sources.append(fallback)
            if isinstance(fallback, Literal):
                break
        if self._at(end) != "}":
            raise self._unexpected(end, start)
        return Variable(tuple(sources), self._text[start : end + 1]), end + 1

    def _reference(
        self, first: int, kind: str, end: int, start: int, depth: int
    ) -> tuple[Reference, int]:
        """Parse a source whose type ends before the `:` or `(` at `end`."""
        params: tuple[Parts | Literal, ...] = ()
        address: Parts | None = None
        if self._at(end) == "(":
            params, end = self._parameters(end + 1, start, depth)
            end = self._skip(end)
        if self._at(end) == ":":
            address, end = self._address(self._skip(end + 1), start, depth)
        elif self._at(end) not in {",", "}"}:
            raise self._unexpected(end, start)
        return Reference(kind, params, address, self._text[first:end].rstrip()), end

    def _address(self, index: int, start: int, depth: int) -> tuple[Parts | None, int]:
        first = self._at(index)
        if first in {"'", '"'}:
            value, end = self._string(index, start)
            return (value,), self._skip(end)
        if first == ":":
            raise VariableSyntaxError("the address begins with a `:`", index)
        parts, end = self._operand(_ADDRESS, index, start, depth)
        return parts or None, end

    def _parameters(
        self, index: int, start: int, depth: int
    ) -> tuple[tuple[Parts | Literal, ...], int]:
        params: list[Parts | Literal] = []
        while True:
            index = self._skip(index)
            if self._at(index) == ")":
                return tuple(params), index + 1
            param, index = self._parameter(index, start, depth)
            params.append(param)
            if self._at(index) == ",":
                index += 1
            elif self._at(index) != ")":
                raise self._unexpected(index, start)

    def _parameter(self, index: int, start: int, depth: int) -> tuple[Parts | Literal, int]:
        if self._at(index) in {"'", '"'}:
            value, end = self._string(index, start)
            return Literal(value), self._skip(end)
        parts, end = self._operand(_PARAMETER, index, start, depth)
        if any(isinstance(part, Variable) for part in parts):
            return parts, end
        return parse_word("".join(map(str, parts)), is_text=True) or Literal(None), end

    def _operand(
        self, literal: re.Pattern[str], index: int, start: int, depth: int
    ) -> tuple[Parts, int]:
        """Parse literal text and variables up to a character that ends both."""
        parts: list[str | Variable] = []
        while True:
            match = literal.match(self._text, index)
            index = match.end() if match else index
            parts.append(match[0] if match else "")
            if not self._text.startswith("${", index):
                break
            index = self.parse_opening(index, parts, depth=depth + 1, is_nested=True)
        if index == len(self._text):
            raise self._unterminated(start)
        if isinstance(parts[0], str):  # spaces are skipped already, line ends and tabs are not
            parts[0] = parts[0].lstrip()
        if isinstance(parts[-1], str):
            parts[-1] = parts[-1].rstrip()
        return _joined(parts), index

    def _fallback(self, index: int, start: int, depth: int) -> tuple[Reference | Literal, int]:
        if self._at(index) in {"'", '"'}:
            value, end = self._string(index, start)
            return Literal(value), self._skip(end)
        word = _WORD.match(self._text, index)
        end = word.end() if word else index
        if end == len(self._text):
            raise self._unterminated(start)
        if word is None:
            raise self._not_a_fallback(index)
        if self._at(end) in {":", "("}:
            if not _FALLBACK_TYPE.fullmatch(word[0]):
                raise VariableSyntaxError(f"`{word[0]}` is not a source", index)
            return self._reference(index, word[0], end, start, depth)
        literal = parse_word(word[0].strip())
        if literal is None:
            quoted = f"'{word[0].strip()}'"
            hint = f"quote a text: `{quoted}`"
            raise VariableSyntaxError(
                f"`{word[0].strip()}` is not a fallback", index, hint=f"{hint}; {_LITERALS}"
            )
        return literal, end

    def _not_a_fallback(self, index: int) -> VariableSyntaxError:
        if self._text.startswith("${", index):
            return VariableSyntaxError(
                "a variable cannot be a fallback itself",
                index,
                hint="write the fallback without `${` and `}`: `${opt:stage, self:provider.stage}`",
            )
        return VariableSyntaxError("the fallback is missing", index, hint=_LITERALS)

    def _string(self, index: int, start: int) -> tuple[str, int]:
        match = _STRING.match(self._text, index)
        if match is None:
            raise VariableSyntaxError(f"the quote in `{self._text[start:]}` is not closed", index)
        if match[0][0] == "'":
            return match[0][1:-1], match.end()
        try:
            value: str = json.loads(match[0])
        except ValueError as exc:
            raise VariableSyntaxError(
                f"`{match[0]}` is not a string of JSON",
                index,
                hint="single quotes keep everything as it is",
            ) from exc
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value), match.end()

    def _unexpected(self, index: int, start: int) -> VariableSyntaxError:
        if index >= len(self._text):
            return self._unterminated(start)
        shown = self._text[index]
        return VariableSyntaxError(
            f"unexpected `{shown}` in `{self._text[start : index + 1]}`", index
        )

    def _unterminated(self, start: int) -> VariableSyntaxError:
        return VariableSyntaxError(
            f"`{self._text[start:]}` is not closed",
            start,
            hint="a variable ends with `}`; write `\\${` for text that is not a variable",
        )

    def _skip(self, index: int) -> int:
        match = _SPACES.match(self._text, index)
        return match.end() if match else index

    def _at(self, index: int) -> str:
        return self._text[index : index + 1]
