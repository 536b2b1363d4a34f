from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.docker.container.shell_messages import ShellMessages, signal_of

TOKEN = "0123abcd"
MARK = b"\x1e" + TOKEN.encode()


class Listener:
    """Collects the messages, and the words that were logged."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.logged: list[bytes] = []
        self.shell = ShellMessages(
            TOKEN, handle=lambda *each: self.messages.append(each), log=self.logged.append
        )


@given(
    parts=st.lists(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), max_size=4),
    last=st.binary(max_size=4),
    sizes=st.lists(st.integers(1, 20), min_size=1),
)
def test_messages_are_between_marks(
    parts: list[tuple[bytes, bytes]], last: bytes, sizes: list[int]
) -> None:
    """Messages are told from other text, for any chunking."""
    stream = b"".join(text + MARK + b"word " + message + MARK for text, message in parts) + last
    listener = Listener()
    number = 0
    while stream:
        size = sizes[number % len(sizes)]
        listener.shell.take(stream[:size])
        stream, number = stream[size:], number + 1
    listener.shell.pass_on()
    assert listener.messages == [("word", message) for _, message in parts]
    text = b"".join(listener.logged) + listener.shell._pending
    assert text == b"".join(text for text, _ in parts) + last


def test_only_the_last_piece_before_an_exit_is_the_shells() -> None:
    """All text before the last piece is the function's, and so is the last piece without an exit."""
    listener = Listener()
    listener.shell.take(b"mine\n")
    listener.shell.take(b"Killed\n")
    assert listener.logged == [b"mine\n"]
    reported = listener.shell.take_exit(b"137 3")
    assert (reported.status, reported.signal, reported.oom_kills) == (137, 9, 3)
    listener.shell.take(b"mine too\n")
    listener.shell.pass_on()
    assert listener.logged == [b"mine\n", b"mine too\n"]


def test_exit_with_the_status_of_a_signal() -> None:
    """Without the shell's words, a status is not a signal."""
    reported = Listener().shell.take_exit(b"137")
    assert (reported.status, reported.signal, reported.oom_kills) == (137, None, None)


@pytest.mark.parametrize(
    ("status", "number"),
    [(None, None), (0, None), (9, None), (137, 9), (134, 6), (142, None), (255, None)],
)
def test_without_a_shell_few_signals_are_known(status: int | None, number: int | None) -> None:
    """Without a shell, only signals with an unmistakable status are known."""
    assert signal_of(status, None) == number


def test_output_on_the_shells_stderr_is_not_a_signal() -> None:
    """The function's output on the shell's stderr is not taken for a signal."""
    assert signal_of(200, b"to stderr of process 1") is None
