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
    """Send nothing anywhere."""


@given(
    outputs=st.lists(st.binary(max_size=5) | st.just(b"\x1e"), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 40), min_size=1),
)
def test_marks_are_taken_out(outputs: list[bytes], sizes: list[int]) -> None:
    """However the output is cut into pieces, all but the marks comes out, in its order."""
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


def test_output_without_a_mark_is_not_held_back() -> None:
    """It comes as soon as it is there, but for what may be the beginning of a mark."""
    marks = OutputMarks(ignore)
    output = marks.strip(iter([b"one\n", b"two \x1e", b" three"]))
    assert list(output) == [b"one\n", b"two ", b"\x1e three"]


def test_waiting_ends_when_all_before_the_mark_has_been_taken() -> None:
    """A mark comes back after what was written before it."""
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
    """No mark comes from a container that has ended, and none can be sent there."""

    def fail(_mark: bytes) -> None:
        raise BrokenPipeError

    marks = OutputMarks(fail)
    waiting = Thread(target=marks.wait)
    waiting.start()
    assert list(marks.strip(iter([b"last words"]))) == [b"last words"]
    waiting.join(10)
    assert not waiting.is_alive()


def test_waiting_for_a_mark_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends; a mark that comes late isn't taken for a later one."""
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
