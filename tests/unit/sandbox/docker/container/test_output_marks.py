from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.docker.container import output_marks
from samlocal.sandbox.docker.container.output_marks import OutputMarks, new_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

TOKEN = "0123abcd"
MARK = b"\x1e" + TOKEN.encode()


def do_nothing() -> None:
    """No mark comes."""


def marks_with(
    *, request: Callable[[], None] = do_nothing, ended: Callable[[], None] = do_nothing
) -> OutputMarks:
    return OutputMarks(TOKEN, request=request, ended=ended)


@given(
    outputs=st.lists(
        st.tuples(st.binary(max_size=5) | st.just(b"\x1e"), st.sampled_from([b"f", b"e"])),
        max_size=4,
    ),
    last=st.binary(max_size=5),
    sizes=st.lists(st.integers(1, 40), min_size=1),
)
def test_marks_are_removed(
    outputs: list[tuple[bytes, bytes]], last: bytes, sizes: list[int]
) -> None:
    """Marks are removed from the output, for any chunking."""
    ends: list[None] = []
    marks = marks_with(ended=lambda: ends.append(None))
    stream = b"".join(output + MARK + kind for output, kind in outputs) + last
    requested = [marks.request() for _, kind in outputs if kind == b"f"]

    def pieces() -> Iterator[bytes]:
        rest, number = stream, 0
        while rest:
            size = sizes[number % len(sizes)]
            yield rest[:size]
            rest, number = rest[size:], number + 1

    assert b"".join(marks.strip(pieces())) == b"".join(output for output, _ in outputs) + last
    assert all(mark and mark.done() for mark in requested)
    assert len(ends) == sum(kind == b"e" for _, kind in outputs)


def test_output_without_a_mark_is_yielded_at_once() -> None:
    """Output is yielded at once, except a possible beginning of a mark."""
    output = marks_with().strip(iter([b"one\n", b"two \x1e", b" three"]))
    assert list(output) == [b"one\n", b"two ", b"\x1e three"]


def test_end_is_told_after_the_output_before_it() -> None:
    """The end of a process is told when all that it wrote has been taken."""
    told: list[bytes] = []
    marks = marks_with(ended=lambda: told.append(b"ended"))
    told.extend(marks.strip(iter([b"last" + MARK + b"e", b"of the next"])))
    assert told == [b"last", b"ended", b"of the next"]


def test_wait_ends_after_the_output_before_the_mark() -> None:
    """The wait for a mark ends after all earlier output was taken."""
    pieces: list[bytes] = [b"before"]
    marks = marks_with(request=lambda: pieces.append(MARK + b"fafter"))
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
    marks = marks_with()
    waiting = Thread(target=marks.wait)
    waiting.start()
    assert list(marks.strip(iter([b"last words"]))) == [b"last words"]
    waiting.join(10)
    assert not waiting.is_alive()


def test_waiting_for_a_missing_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for a mark has a limit. If no mark comes, nobody waits again: the shell's listener is gone."""
    monkeypatch.setattr(output_marks, "_LONGEST_WAIT_SECONDS", 0.01)
    requests: list[None] = []
    marks = marks_with(request=lambda: requests.append(None))
    assert not marks.wait()
    monkeypatch.setattr(output_marks, "_LONGEST_WAIT_SECONDS", 20)
    assert not marks.wait()
    assert len(requests) == 1
    assert list(marks.strip(iter([MARK + b"fa"]))) == [b"a"]


def test_tokens_differ() -> None:
    """No two containers share their marks."""
    assert new_token() != new_token()
