from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.docker.container import output_marks
from samlocal.sandbox.docker.container.output_marks import OutputMarks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def ignore(_mark: bytes) -> None:
    """Discard all data."""


@given(
    outputs=st.lists(st.binary(max_size=5) | st.just(b"\x1e"), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 40), min_size=1),
)
def test_marks_are_removed(outputs: list[bytes], sizes: list[int]) -> None:
    """Marks are removed from the output, for any chunking."""
    sent: list[bytes] = []
    marks = OutputMarks(sent.append)
    stream = marks._mark.join(outputs)

    def pieces() -> Iterator[bytes]:
        rest, number = stream, 0
        while rest:
            size = sizes[number % len(sizes)]
            yield rest[:size]
            rest, number = rest[size:], number + 1

    assert b"".join(marks.strip(pieces())) == b"".join(outputs)
    assert marks._received == len(outputs) - 1


def test_output_without_a_mark_is_yielded_at_once() -> None:
    """Output is yielded at once, except a possible beginning of a mark."""
    marks = OutputMarks(ignore)
    output = marks.strip(iter([b"one\n", b"two \x1e", b" three"]))
    assert list(output) == [b"one\n", b"two ", b"\x1e three"]


def test_wait_ends_after_the_output_before_the_mark() -> None:
    """The wait for a mark ends after all earlier output was taken."""
    pieces: list[bytes] = [b"before"]
    marks = OutputMarks(lambda mark: pieces.append(mark.strip(b"\n") + b"after"))
    seen: list[bytes] = []

    waiting = Thread(target=marks.wait)
    waiting.start()
    while len(pieces) < 2:
        pass
    output = marks.strip(iter(pieces))
    seen.append(next(output))
    assert waiting.is_alive()
    seen.append(next(output))
    waiting.join(10)
    assert (seen, waiting.is_alive()) == ([b"before", b"after"], False)


def test_waiting_ends_with_the_output() -> None:
    """The wait for a mark ends with the output of the container."""

    def fail(_mark: bytes) -> None:
        raise BrokenPipeError

    marks = OutputMarks(fail)
    waiting = Thread(target=marks.wait)
    waiting.start()
    assert list(marks.strip(iter([b"last words"]))) == [b"last words"]
    waiting.join(10)
    assert not waiting.is_alive()


def test_waiting_for_a_missing_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for a mark has a limit, and a late mark does not end a later wait."""
    monkeypatch.setattr(output_marks, "_LONGEST_WAIT_SECONDS", 0.01)
    marks = OutputMarks(ignore)
    marks.wait()
    monkeypatch.setattr(output_marks, "_LONGEST_WAIT_SECONDS", 20)
    waiting = Thread(target=marks.wait)
    waiting.start()
    output = marks.strip(iter([marks._mark + b"a", marks._mark + b"b"]))
    assert next(output) == b"a"
    assert waiting.is_alive()
    assert next(output) == b"b"
    waiting.join(10)
    assert not waiting.is_alive()
