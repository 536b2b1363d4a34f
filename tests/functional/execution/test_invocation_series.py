"""Consecutive invocations in one sandbox, as with `--repeat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineError
from samlocal.execution.invocation_series import run_series
from tests.functional.execution.fakes import FakeSandbox, configuration, echo, invocation
from tests.functional.execution.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.invocation import Invocation
    from tests.functional.execution.fakes import ExternalExtension, Runtime


def numbered(*payloads: bytes) -> tuple[Invocation, ...]:
    return tuple(
        invocation(payload, request_id=f"id-{number}") for number, payload in enumerate(payloads)
    )


def run(
    sandbox: FakeSandbox,
    series: Series,
    *,
    timeout_seconds: float = 5,
    on_interrupt: Callable[[Callable[[], None]], None] = lambda _stop: None,
) -> None:
    with sandbox:
        run_series(
            sandbox,
            configuration(timeout_seconds=timeout_seconds),
            series,
            log=sandbox.log,
            on_interrupt=on_interrupt,
        )


def obey(runtime: Runtime) -> int:
    """Do what each event says, and otherwise return the number of the runtime and its invocations."""
    number = 0
    while True:
        event = runtime.next()
        number += 1
        if event.payload == b"exit":
            return 7
        if event.payload == b"hang":
            runtime.hang()
        runtime.respond(event, f"{runtime.number}.{number}".encode())


def listen(extension: ExternalExtension) -> int:
    extension.register("INVOKE", "SHUTDOWN")
    while extension.next()["eventType"] != "SHUTDOWN":
        pass
    return 0


def test_all_run_in_one_runtime() -> None:
    """Each invocation has its result and its report; only the first one has Init."""
    sandbox = FakeSandbox(obey)
    series = Series(*numbered(b"1", b"2", b"3"))
    run(sandbox, series)

    assert [each.payload for each in series.results] == [b"1.1", b"1.2", b"1.3"]
    assert [[phase.name for phase in each.phases] for each in series.results] == [
        ["init", "invoke"],
        ["invoke"],
        ["invoke"],
    ]
    ended = [line for line in sandbox.log.entries if line.startswith("END")]
    assert ended == [f"END RequestId: id-{number}" for number in range(3)]
    assert sandbox.stopped.is_set()


@pytest.mark.parametrize("failing", ["exit", "hang"])
def test_the_runtime_starts_again_after_a_failure(failing: str) -> None:
    """After a crash or a timeout, the next invocation has a new runtime in the same sandbox."""
    sandbox = FakeSandbox(obey)
    series = Series(*numbered(b"1", failing.encode(), b"3"))
    run(sandbox, series, timeout_seconds=0.5)

    first, failed, last = series.results
    assert (first.payload, last.payload) == (b"1.1", b"2.1")
    assert failed.outcome == ("failure" if failing == "exit" else "timeout")
    assert failed.phases[-1].status == failed.report.status != "success"
    assert [each.name for each in last.phases] == ["init", "invoke"]
    assert last.report.init_duration_ms is None  # it is a part of the invocation


def test_invocations_remain_if_the_sandbox_ends_with_its_runtime() -> None:
    """Without restarts, the remaining invocations are for another sandbox."""
    series = Series(*numbered(b"exit", b"2"))
    run(FakeSandbox(obey, can_restart=False), series)
    assert (len(series.results), series.remaining) == (1, 1)

    run(FakeSandbox(obey, can_restart=False), series)
    assert series.results[1].payload == b"1.1"
    assert series.remaining == 0


def test_shutdown_belongs_to_the_last_invocation() -> None:
    """With extensions, the last invocation has Shutdown as a phase, and so has one that failed."""
    series = Series(*numbered(b"1", b"exit", b"3"))
    run(FakeSandbox(obey, extensions={"listener": listen}), series)

    assert [[phase.name for phase in each.phases] for each in series.results] == [
        ["init", "invoke"],
        ["invoke", "shutdown"],
        ["init", "invoke", "shutdown"],
    ]
    (shutdown,) = (each for each in series.results[2].phases if each.name == "shutdown")
    assert (shutdown.status, shutdown.error_type) == ("success", None)
    assert shutdown.start >= series.results[2].phases[1].start


def test_an_interrupt_ends_the_series() -> None:
    """An interrupt cancels the invocation that runs; results until then are kept."""
    stops: list[Callable[[], None]] = []

    def stop_in_second(runtime: Runtime) -> int:
        runtime.respond(runtime.next(), b"1")
        runtime.next()
        stops[0]()
        runtime.hang()
        return 0

    series = Series(*numbered(b"1", b"2", b"3"))
    run(FakeSandbox(stop_in_second), series, on_interrupt=stops.append)
    assert [each.payload for each in series.results] == [b"1"]
    assert series.remaining == 2


def test_a_lost_sandbox_is_an_error() -> None:
    """A sandbox that cannot be had raises its error at the first invocation."""
    series = Series(*numbered(b"1", b"2"))
    with pytest.raises(EngineError, match="gone"):
        run(FakeSandbox(echo, failure=EngineError("gone")), series)
    assert series.remaining == 2
