"""Invocations whose callers stop waiting for them."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from threading import Event, Thread, Timer
from typing import TYPE_CHECKING

import pytest

import samlocal
from tests.functional.execution.fakes import FakeSandbox, answer_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.execution.conftest import Start
    from tests.functional.execution.fakes import Runtime


class GivenUpError(Exception):
    """What interrupts the caller."""


@contextmanager
def given_up() -> Iterator[None]:
    """Interrupt this thread after a moment, as Ctrl-C would."""

    def interrupt(*_: object) -> None:
        raise GivenUpError

    handler = signal.signal(signal.SIGUSR1, interrupt)
    send = Timer(0.3, signal.pthread_kill, [threading.get_ident(), signal.SIGUSR1])
    send.start()
    try:
        with pytest.raises(GivenUpError):
            yield
    finally:
        send.join()
        signal.signal(signal.SIGUSR1, handler)


class Removal(FakeSandbox):
    """A sandbox whose removal takes as long as the test wants."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.may_end = Event()

    def __exit__(self, *exc_info: object) -> None:
        assert self.may_end.wait(20)
        super().__exit__(*exc_info)


def test_invocation_given_up_during_the_removal(start: Start) -> None:
    """No environment runs it, and the next invocation is not its victim."""
    served: list[bytes] = []

    def program(runtime: Runtime) -> int:
        event = runtime.next()
        served.append(event.payload)
        if event.payload == b'"crash"':
            return 1
        runtime.respond(event, event.payload)
        runtime.next()
        return 0

    first = Removal(program, can_restart=False)
    with start(samlocal.LogBuffer(), first, FakeSandbox(program)) as function:
        assert function.invoke("crash").outcome == "failure"
        with given_up():
            function.invoke("given up")
        first.may_end.set()
        result = function.invoke("next")

    assert (result.outcome, result.payload) == ("success", b'"next"')
    assert served == [b'"crash"', b'"next"']


def test_invocation_after_one_that_was_given_up(start: Start) -> None:
    """An invocation gets a new environment while the last one, whose invocation was given up, ends."""
    first = Removal(answer_nothing)

    def program(runtime: Runtime) -> int:
        event = runtime.next()
        runtime.respond(event, b"5")
        runtime.next()
        return 0

    results: list[samlocal.InvocationResult] = []
    with start(samlocal.LogBuffer(), first, FakeSandbox(program)) as function:
        with given_up():
            function.invoke()
        thread = Thread(target=lambda: results.append(function.invoke()))
        thread.start()
        first.may_end.set()
        thread.join()

    assert [each.payload for each in results] == [b"5"]
