"""Regular expressions that are matched in linear time, as AWS's load balancers do it.

They have no look-ahead, look-behind, back references, atomic groups, possessive quantifiers, subroutines, recursion and
no Unicode classes: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
What is left is the syntax of RE2: https://github.com/google/re2/wiki/Syntax

Python's `re` goes back and forth, for ever with some expressions. Here all ways through an expression are followed at
once, and where they lead is remembered: https://swtch.com/~rsc/regexp/regexp1.html
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import lru_cache
from string import ascii_letters, digits, hexdigits, punctuation, whitespace
from typing import Final, Literal

from samlocal.frozen_dataclass import frozen

_MOST_REPEATS: Final = 1000
_MOST_STEPS: Final = 5_000
_MOST_REMEMBERED: Final = 10_000

_Matcher = Callable[[str], bool]
_Assertion = Literal["start", "end", "boundary", "no boundary"]

_WORD: Final = frozenset(ascii_letters + digits + "_")
_CLASSES: Final = {"d": frozenset(digits), "s": frozenset("\t\n\f\r "), "w": _WORD}
_POSIX: Final = {
    "alnum": frozenset(ascii_letters + digits),
    "alpha": frozenset(ascii_letters),
    "ascii": frozenset(map(chr, range(128))),
    "blank": frozenset("\t "),
    "cntrl": frozenset(map(chr, (*range(32), 127))),
    "digit": frozenset(digits),
    "graph": frozenset(ascii_letters + digits + punctuation),
    "lower": frozenset(each for each in ascii_letters if each.islower()),
    "print": frozenset(ascii_letters + digits + punctuation + " "),
    "punct": frozenset(punctuation),
    "space": frozenset(whitespace),
    "upper": frozenset(each for each in ascii_letters if each.isupper()),
    "word": _WORD,
    "xdigit": frozenset(hexdigits),
}
_ASSERTIONS: Final[dict[str, _Assertion]] = {
    "A": "start",
    "z": "end",
    "b": "boundary",
    "B": "no boundary",
}
_CHARACTERS: Final = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COUNTS: Final = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_FLAGS: Final = re.compile(r"\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAME: Final = re.compile(r"\?P?<[A-Za-z_]\w*>")
_HEXADECIMAL: Final = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_POSIX_CLASS: Final = re.compile(r"\[:(\^?)(\w+):\]")
# What begins with these after an opening parenthesis, the longest first.
_REFUSED_GROUPS: Final = (
    ("?<=", "look-behinds"),
    ("?<!", "look-behinds"),
    ("?=", "look-aheads"),
    ("?!", "look-aheads"),
    ("?>", "atomic groups"),
    ("?P=", "back references"),
    ("?P>", "subroutines"),
    ("?&", "subroutines"),
    ("?R", "recursion"),
    ("?(", "conditions"),
    ("?#", "comments"),
)


class ExpressionError(ValueError):
    """An expression that is malformed, too large, or has what is not supported; the message is for people."""


class Expression:
    """A compiled expression."""

    def __init__(self, text: str) -> None:
        """Raises `ExpressionError`."""
        self._steps: list[_Step] = []
        _emit(_Parser(text).parse(), self._steps)
        self._steps.append(_Match())
        self._remembered: dict[tuple[frozenset[int], str, str], frozenset[int] | None] = {}

    def search(self, text: str) -> bool:
        """Return whether the expression matches anywhere in a text; `^` and `$` are its ends."""
        states: frozenset[int] = frozenset()
        before = ""
        for character in (*text, ""):
            key = (states, "a" if before in _WORD else before and "-", character)
            if key in self._remembered:
                following = self._remembered[key]
            else:
                following = self._advance(states, before, character)
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = following
            if following is None:
                return True
            states, before = following, character
        return False

    def _advance(self, states: frozenset[int], before: str, after: str) -> frozenset[int] | None:
        """Return where the next character leads; None if there is a match. The ends of the text are empty."""
        reached = {0, *states}
        pending = [*reached]
        advanced = set()
        while pending:
            index = pending.pop()
            step = self._steps[index]
            following: tuple[int, ...] = ()
            match step:
                case _Match():
                    return None
                case _Split():
                    following = step.targets
                case _Assert():
                    following = (index + 1,) if _holds(step.assertion, before, after) else ()
                case _Take():
                    if after and step.matches(after):
                        advanced.add(index + 1)
            for each in following:
                if each not in reached:
                    reached.add(each)
                    pending.append(each)
        return frozenset(advanced)


@lru_cache(maxsize=256)
def compile_expression(text: str) -> Expression:
    """Return an expression.

    Raises:
        ExpressionError: It is malformed, too large, or has what is not supported.
    """
    return Expression(text)


def _holds(assertion: _Assertion, before: str, after: str) -> bool:
    if assertion == "start":
        return not before
    if assertion == "end":
        return not after
    return ((before in _WORD) != (after in _WORD)) == (assertion == "boundary")


@frozen
class _Take:
    """A character; also a part of an expression."""

    matches: _Matcher


@frozen
class _Assert:
    """A place between characters; also a part of an expression."""

    assertion: _Assertion


@frozen
class _Split:
    """All of these steps are next."""

    targets: tuple[int, ...]


@frozen
class _Match:
    """The end."""


_Step = _Take | _Assert | _Split | _Match


@frozen
class _Sequence:
    parts: tuple[_Part, ...]


@frozen
class _Choice:
    parts: tuple[_Part, ...]


@frozen
class _Repeat:
    part: _Part
    least: int
    most: int | None


_Part = _Take | _Assert | _Sequence | _Choice | _Repeat


def _emit(part: _Part, steps: list[_Step]) -> None:
    """Append the steps of a part."""
    if len(steps) > _MOST_STEPS:
        raise ExpressionError("it is too large: it repeats too much")
    match part:
        case _Sequence():
            for each in part.parts:
                _emit(each, steps)
        case _Choice():
            _emit_choice(part, steps)
        case _Repeat():
            for _ in range(part.least):
                _emit(part.part, steps)
            if part.most is None:
                _emit_loop(part.part, steps)
            for _ in range((part.most or 0) - part.least):
                _emit_choice(_Choice(parts=(part.part, _Sequence(parts=()))), steps)
        case _:
            steps.append(part)


def _emit_choice(choice: _Choice, steps: list[_Step]) -> None:
    start = len(steps)
    steps.append(_Match())  # gets its targets below
    begins, ends = [], []
    for each in choice.parts:
        begins.append(len(steps))
        _emit(each, steps)
        ends.append(len(steps))
        steps.append(_Match())
    steps[start] = _Split(targets=tuple(begins))
    for end in ends:
        steps[end] = _Split(targets=(len(steps),))


def _emit_loop(part: _Part, steps: list[_Step]) -> None:
    start = len(steps)
    steps.append(_Match())
    _emit(part, steps)
    steps.append(_Split(targets=(start,)))
    steps[start] = _Split(targets=(start + 1, len(steps)))


_SIGNS: Final[dict[str, _Part]] = {
    ".": _Take(matches=lambda character: character != "\n"),
    "^": _Assert(assertion="start"),
    "$": _Assert(assertion="end"),
}


class _Parser:
    """Reads one expression from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ignores_case = False

    def parse(self) -> _Part:
        part = self._choice()
        if self._at < len(self._text):
            raise ExpressionError("a `)` has no `(`")
        return part

    def _choice(self) -> _Part:
        """Read alternatives up to the end, or to a closing parenthesis; flags hold until there."""
        ignores_case = self._ignores_case
        alternatives = [self._sequence()]
        while self._skip("|"):
            alternatives.append(self._sequence())
        self._ignores_case = ignores_case
        return alternatives[0] if len(alternatives) == 1 else _Choice(parts=tuple(alternatives))

    def _sequence(self) -> _Sequence:
        parts: list[_Part] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._repeated(self._atom()))
        return _Sequence(parts=tuple(parts))

    def _repeated(self, part: _Part) -> _Part:
        counts = self._counts()
        if counts is None:
            return part
        if self._skip("+"):
            raise ExpressionError("possessive quantifiers are not supported")
        self._skip("?")  # what it takes first does not change whether it matches
        if self._counts() is not None:
            raise ExpressionError("a quantifier follows another one")
        return _Repeat(part=part, least=counts[0], most=counts[1])

    def _counts(self) -> tuple[int, int | None] | None:
        """Read a quantifier; None if there is none."""
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._skip(sign):
                return counts
        found = self._find(_COUNTS)
        if found is None:
            return None
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise ExpressionError(
                f"`{found[0]}` is not a number of times from 0 to {_MOST_REPEATS}"
            )
        return least, most

    def _atom(self) -> _Part:
        if self._counts() is not None:
            raise ExpressionError("a quantifier has nothing before it")
        sign = self._next()
        if sign in _SIGNS:
            return _SIGNS[sign]
        if sign in "([\\":
            read = {"(": self._group, "[": self._class, "\\": self._escape}[sign]
            return read()
        return self._take({sign})

    def _group(self) -> _Part:
        for begin, what in _REFUSED_GROUPS:
            if self._text.startswith(begin, self._at):
                raise ExpressionError(f"{what} are not supported: `({begin}`")
        ignores_case = self._ignores_case
        if (flags := self._find(_FLAGS)) is not None:
            # The others are about lines, and what is taken first.
            if "i" in flags[1] + (flags[2] or ""):
                self._ignores_case = "i" in flags[1]
            if flags[3] == ")":
                return _Sequence(parts=())
        elif self._text.startswith("?", self._at) and self._find(_NAME) is None:
            shown = self._text[self._at : self._at + 3]
            raise ExpressionError(f"a group cannot begin with `({shown}`")
        part = self._choice()
        if not self._skip(")"):
            raise ExpressionError("a `(` has no `)`")
        self._ignores_case = ignores_case
        return part

    def _class(self) -> _Part:
        is_negated = self._skip("^")
        characters: set[str] = set()
        excluding: list[frozenset[str]] = []
        ranges: list[tuple[str, str]] = []
        is_first = True
        while is_first or not self._text.startswith("]", self._at):
            is_first = False
            if (posix := self._find(_POSIX_CLASS)) is not None:
                if posix[2] not in _POSIX:
                    raise ExpressionError(f"there is no class `{posix[0]}`")
                self._add(_POSIX[posix[2]], characters, excluding, is_negated=bool(posix[1]))
                continue
            low = self._class_item(characters, excluding)
            if low is None:
                continue
            if self._text.startswith("-", self._at) and not self._text.startswith("-]", self._at):
                self._at += 1
                high = self._class_item(set(), [])
                if high is None or high < low:
                    raise ExpressionError(f"a class has a range that does not end after `{low}`")
                ranges.append((low, high))
            else:
                characters.add(low)
        self._at += 1
        return self._take(characters, ranges, excluding, is_negated=is_negated)

    @staticmethod
    def _add(
        own: frozenset[str],
        characters: set[str],
        excluding: list[frozenset[str]],
        *,
        is_negated: bool,
    ) -> None:
        if is_negated:
            excluding.append(own)
        else:
            characters.update(own)

    def _class_item(self, characters: set[str], excluding: list[frozenset[str]]) -> str | None:
        """Return a character of a class; None if it was a class itself, which is added."""
        sign = self._next("a `[` has no `]`")
        if sign != "\\":
            return sign
        name = self._text[self._at : self._at + 1]
        if name.lower() in _CLASSES:
            self._at += 1
            self._add(_CLASSES[name.lower()], characters, excluding, is_negated=name.isupper())
            return None
        return self._escaped_character()

    def _escape(self) -> _Part:
        name = self._text[self._at : self._at + 1]
        if name in _ASSERTIONS:
            self._at += 1
            return _Assert(assertion=_ASSERTIONS[name])
        if name.lower() in _CLASSES:
            self._at += 1
            return self._take(_CLASSES[name.lower()], is_negated=name.isupper())
        if name == "Q":
            literal, _, _ = self._text[self._at + 1 :].partition("\\E")
            self._at = min(self._at + len(literal) + 3, len(self._text))
            return _Sequence(parts=tuple(self._take({each}) for each in literal))
        return self._take({self._escaped_character()})

    def _escaped_character(self) -> str:
        if (found := self._find(_HEXADECIMAL)) is not None:
            code = int(found[1] or found[2], 16)
            if code > sys.maxunicode:
                raise ExpressionError(f"`\\{found[0]}` is not a character")
            return chr(code)
        name = self._next("a `\\` is at the end")
        if name in _CHARACTERS:
            return _CHARACTERS[name]
        if name in "pP":
            raise ExpressionError(f"Unicode character classes are not supported: `\\{name}`")
        if name in "123456789kg":
            raise ExpressionError(f"back references are not supported: `\\{name}`")
        if name.isalnum():
            raise ExpressionError(f"`\\{name}` is not supported")
        return name

    def _take(
        self,
        characters: set[str] | frozenset[str],
        ranges: list[tuple[str, str]] | None = None,
        excluding: list[frozenset[str]] | None = None,
        *,
        is_negated: bool = False,
    ) -> _Take:
        """Return what takes characters of a class."""
        own, spans, others = frozenset(characters), tuple(ranges or ()), tuple(excluding or ())

        def has(character: str) -> bool:
            return (
                character in own
                or any(low <= character <= high for low, high in spans)
                or any(character not in each for each in others)
            )

        if self._ignores_case:
            return _Take(
                matches=lambda character: (
                    any(map(has, (character, character.lower(), character.upper()))) != is_negated
                )
            )
        return _Take(matches=lambda character: has(character) != is_negated)

    def _next(self, missing: str = "") -> str:
        if self._at >= len(self._text):
            raise ExpressionError(missing)
        self._at += 1
        return self._text[self._at - 1]

    def _skip(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    def _find(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found
