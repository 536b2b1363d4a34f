from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.function_log import FunctionLog, PlainDestination

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNKS = st.lists(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", "é".encode()]), max_size=5).map(b"".join)
)
TEXT = "one\n\ntwo é\r\nthree\rfour\n".encode()
LINES = "one\n\ntwo é\nthree\nfour\n".encode()


class Shown:
    """A log, and what it shows."""

    def __init__(self, *, stamp: Callable[[], str] | None = None) -> None:
        self._shown = bytearray()
        self.log = FunctionLog(PlainDestination(self._shown.extend), stamp=stamp)

    @property
    def text(self) -> bytes:
        return bytes(self._shown)


@given(CHUNKS)
def test_carriage_returns_become_line_feeds(chunks: list[bytes]) -> None:
    """The boundaries of chunks do not change the output."""
    shown = Shown()
    for chunk in chunks:
        shown.log.write(chunk)
    assert shown.text == b"".join(chunks).replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def in_pieces(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_each_line_has_a_stamp(size: int) -> None:
    """Each line has one stamp, however the output is cut; lines of the platform have one too."""
    shown = Shown(stamp=lambda: "10:00 ")
    shown.log.line("START")
    for piece in in_pieces(TEXT, size):
        shown.log.write(piece)
    shown.log.write(b"half")
    shown.log.line("END")
    expected = b"START\n" + LINES + b"half\nEND\n"
    assert shown.text == b"".join(b"10:00 " + line + b"\n" for line in expected.split(b"\n")[:-1])


def test_a_stamp_is_from_the_beginning_of_its_line() -> None:
    """A line that comes in pieces has the time of its first piece."""
    numbers = count()
    shown = Shown(stamp=lambda: f"{next(numbers)} ")
    for piece in (b"a\nb", b"c", b"d\n", b"e\n"):
        shown.log.write(piece)
    assert shown.text == b"0 a\n0 bcd\n3 e\n"


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_an_extension_is_told_apart_by_its_name(size: int) -> None:
    """Each line of an extension begins with its name, after the stamp, however the output is cut."""
    shown = Shown(stamp=lambda: "10:00 ")
    extension = shown.log.named("watch.sh")
    for piece in in_pieces(TEXT, size):
        extension.write(piece)
    assert shown.text == b"".join(
        b"10:00 [watch.sh] " + line + b"\n" for line in LINES.split(b"\n")[:-1]
    )


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_no_line_is_torn(size: int) -> None:
    """Lines of the function and of extensions stay whole if their pieces arrive in turn."""
    shown = Shown()
    first, second = shown.log.named("first"), shown.log.named("second")
    for piece in in_pieces(TEXT, size):
        for log in (shown.log, first, second):
            log.write(piece)
    shown.log.flush()
    lines = shown.text.split(b"\n")
    for mark in (b"[first] ", b"[second] "):
        marked = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
        assert b"\n".join(marked) + b"\n" == LINES
    others = [line for line in lines if not line.startswith((b"[first] ", b"[second] "))]
    assert b"\n".join(others) == LINES


def test_output_of_the_function_comes_at_once() -> None:
    """An incomplete line of the function is shown; lines of extensions wait for its end."""
    shown = Shown()
    shown.log.write(b"Loading ")
    shown.log.named("watch.sh").write(b"registered\n")
    assert shown.text == b"Loading "
    shown.log.write(b"done\n")
    assert shown.text == b"Loading done\n[watch.sh] registered\n"


def test_lines_of_the_platform_end_the_wait() -> None:
    """A line of the platform comes after the lines that waited for the end of the function's line."""
    shown = Shown()
    shown.log.write(b"Loading ")
    shown.log.named("watch.sh").write(b"registered\n")
    shown.log.line("END")
    assert shown.text == b"Loading \n[watch.sh] registered\nEND\n"


def test_the_wait_is_limited() -> None:
    """A line of the function that does not end keeps little of an extension's output from being shown."""
    shown = Shown()
    shown.log.write(b"Loading ")
    extension = shown.log.named("watch.sh")
    line = b"x" * 1023 + b"\n"
    for _ in range(1024):
        extension.write(line)
    waiting = 1024 - shown.text.count(b"[watch.sh] x")
    assert shown.text.startswith(b"Loading \n[watch.sh] x")
    assert waiting == 0


def test_a_line_without_end_is_cut() -> None:
    """Output of an extension without line feeds is shown in long lines."""
    shown = Shown()
    extension = shown.log.named("watch.sh")
    for _ in range(300):
        extension.write(b"x" * 1024)
    assert shown.text.startswith(b"[watch.sh] xxx")
    extension.flush()
    assert shown.text.count(b"x") == 300 * 1024
    assert shown.text.endswith(b"\n")


def test_flushing_shows_everything() -> None:
    """Incomplete lines of all sources are ended and shown, once."""
    shown = Shown()
    extension = shown.log.named("watch.sh")
    extension.write(b"half")
    shown.log.flush()
    shown.log.flush()
    assert shown.text == b"[watch.sh] half\n"


def test_flushing_does_not_end_the_functions_line() -> None:
    """The function's own incomplete line is left as it is."""
    shown = Shown()
    shown.log.write(b"half")
    shown.log.flush()
    assert shown.text == b"half"


@pytest.mark.parametrize("end", ["", "\n"])
def test_something_else_can_follow_the_log(end: str) -> None:
    """The last line is ended once, after what waited for its end."""
    shown = Shown()
    shown.log.write(f"working{end}".encode())
    shown.log.named("agent").write(b"note")
    shown.log.end_line()
    shown.log.end_line()
    assert shown.text == b"working\n[agent] note\n"


def test_a_name_cannot_disturb_a_line() -> None:
    """A name with control characters, or one that is not text, is escaped."""
    shown = Shown()
    shown.log.named("a\n\x1b[31m\udce9").write(b"line\n")
    assert shown.text == rb"[a\n\x1b[31m\udce9] line" + b"\n"


def test_environments_share_a_log() -> None:
    """Output of several environments, and of their extensions, is passed on in whole lines."""
    shown = Shown()
    ratings, stars = (shown.log.environment(name) for name in ("Ratings", "Stars"))
    extension = ratings.named("watch.sh")
    ratings.write(b"great ")
    stars.line("START")
    extension.write(b"seen\n")
    ratings.write(b"stuff\nhalf")
    ratings.line("END")
    assert shown.text == b"START\n[watch.sh] seen\ngreat stuff\nhalf\nEND\n"
