"""The last 4 KB of a log."""

from __future__ import annotations

import base64
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from samlocal.lambda_api.log_tail import LogTail


def decoded(tail: LogTail) -> bytes:
    return base64.b64decode(tail.encoded())


@given(st.lists(st.binary(max_size=9000), max_size=20))
def test_end_of_the_log(parts: list[bytes]) -> None:
    """Whatever the parts, their last 4096 bytes are kept."""
    tail = LogTail()
    for each in parts:
        tail.write(each)

    assert decoded(tail) == b"".join(parts)[-4096:]


def test_lines() -> None:
    """A line of the platform ends in a newline, whatever it quotes."""
    tail = LogTail()
    tail.line("START ä \udcff")

    assert decoded(tail) == "START ä \\udcff\n".encode()


def test_several_threads() -> None:
    """Lines that are written at the same time stay whole."""
    tail = LogTail()

    def write(line: str) -> None:
        for _ in range(500):
            tail.line(line)

    threads = [Thread(target=write, args=(letter * 63,)) for letter in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    lines = decoded(tail).splitlines()
    assert len(lines) == 64
    assert {len(line) for line in lines} == {63}
    assert all(len(set(line)) == 1 for line in lines)
