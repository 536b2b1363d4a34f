"""A fleet that is used at random keeps its promises."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from samlocal.errors import EnvironmentUnusableError, ImageNotFoundError, ThrottledError
from tests.functional.execution.fleet.sandboxes import (
    SECONDS,
    Sandboxes,
    entered,
    event,
    faked,
    function,
)

if TYPE_CHECKING:
    from samlocal.execution.fleet.fleet import Fleet
    from samlocal.execution.fleet.fleet_function import FleetFunction
    from samlocal.invocation import InvocationResult

Kind = Literal["answer", "hold", "exit", "hang"]
MOST = 3
RESERVED = {"A": None, "B": 2, "C": 1}

KEYS = st.sampled_from(sorted(RESERVED))
INDICES = st.integers(0, 30)
ACTIONS = st.one_of(
    st.tuples(
        st.just("invoke"),
        KEYS,
        st.sampled_from(["answer", "answer", "answer", "hold", "exit", "hang"]),
        st.sampled_from([None, "blue"]),
        st.booleans(),
    ),
    st.tuples(st.just("cancel"), INDICES),
    st.tuples(st.just("kill"), INDICES),
    st.tuples(st.just("change"), KEYS),
    st.tuples(st.just("retire"), KEYS),
    st.tuples(st.just("warm_up"), KEYS),
    st.tuples(st.just("fail_start")),
    st.tuples(st.just("answer_held")),
    st.tuples(st.just("pass_time"), st.integers(0, 20)),
)


@dataclass
class Use:
    """The use of a fleet, one action at a time."""

    fleet: Fleet
    sandboxes: Sandboxes
    fingerprints: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESERVED, 0))
    calls: list[asyncio.Task[InvocationResult]] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    warm_ups: list[asyncio.Task[None]] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)

    def function(self, key: str) -> FleetFunction:
        fingerprint = f"{key}{self.fingerprints[key]}"
        return function(key, fingerprint=fingerprint, reserved=RESERVED[key])

    async def invoke(self, key: str, kind: Kind, tenant: str | None, fresh: bool) -> None:  # noqa: FBT001  # an action
        called = self.function(key)
        payload = f"{kind} {called.fingerprint} {tenant} {fresh}".encode()
        invocation = event(payload, tenant_id=tenant)
        calling = self.fleet.invoke(called, invocation, fresh=fresh)
        self.calls.append(asyncio.create_task(calling))
        self.payloads.append(payload)

    async def cancel(self, index: int) -> None:
        if self.calls:
            index %= len(self.calls)
            if not self.calls[index].done():
                self.calls[index].cancel()
                self.cancelled.add(index)

    async def kill(self, index: int) -> None:
        if self.sandboxes.open:
            self.sandboxes.open[index % len(self.sandboxes.open)].die()

    async def change(self, key: str) -> None:
        self.fingerprints[key] += 1
        self.fleet.retire(key, keep=self.function(key).fingerprint)

    async def retire(self, key: str) -> None:
        self.fleet.retire(key)

    async def warm_up(self, key: str) -> None:
        self.warm_ups.append(asyncio.create_task(self.fleet.warm_up(self.function(key))))

    async def fail_start(self) -> None:
        self.sandboxes.prepare(failure=ImageNotFoundError("no image"))

    async def answer_held(self) -> None:
        self.sandboxes.answer_held()

    async def pass_time(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1000)

    def check_ends(self) -> None:
        """Check that each call has ended with what it may end with."""
        for number, call in enumerate(self.calls):
            if call.cancelled():
                assert number in self.cancelled
                continue
            error = call.exception()
            expected = ThrottledError, EnvironmentUnusableError, ImageNotFoundError
            assert error is None or isinstance(error, expected)
            if error is None and call.result().outcome == "success":
                sandbox = self.sandboxes.all[int(call.result().payload)]
                assert self.payloads[number] in sandbox.served
        for warm_up in self.warm_ups:
            assert isinstance(
                warm_up.exception(), EnvironmentUnusableError | ImageNotFoundError | None
            )

    def check_sandboxes(self) -> None:
        """Check what each sandbox has served, and how many there were at once."""
        assert self.sandboxes.most_open <= MOST
        for sandbox in self.sandboxes.all:
            served = [each.decode().split() for each in sandbox.served]
            assert sandbox.most_at_once <= 1
            assert len({(code, tenant) for _, code, tenant, _ in served}) <= 1
            assert len(served) <= 1 or all(fresh == "False" for *_, fresh in served)


@settings(max_examples=60)
@given(actions=st.lists(ACTIONS, min_size=3, max_size=40))
def test_random_use(actions: list[tuple[str, ...]]) -> None:
    """However a fleet is used, it keeps its limits, isolates its invocations, and answers all of them.

    At the end nothing is reserved, and nothing is left.
    """

    async def use() -> None:
        sandboxes = Sandboxes()
        with faked(sandboxes):
            async with entered(sandboxes, most=MOST, idle_seconds=0.05) as fleet:
                using = Use(fleet, sandboxes)
                for name, *arguments in actions:
                    await getattr(using, name)(*arguments)
                    await asyncio.sleep(0)
                sandboxes.answer_held()
                await fleet_is_usable(using)
            await asyncio.gather(*using.calls, *using.warm_ups, return_exceptions=True)
            using.check_ends()
            using.check_sandboxes()
            assert not fleet.is_busy
            assert fleet.environments == ()
            assert sandboxes.open == []

    asyncio.run(use())


async def fleet_is_usable(using: Use) -> None:
    """Check that each function can be invoked when the calls that would never end are cancelled."""
    running = [number for number, each in enumerate(using.calls) if not each.done()]
    for number in running:
        using.calls[number].cancel()
        using.cancelled.add(number)
    if using.calls:
        await asyncio.wait(using.calls)
    using.sandboxes.forget_prepared()
    async with asyncio.timeout(SECONDS):
        for key in RESERVED:
            assert (await succeed(using, key)).outcome == "success"


async def succeed(using: Use, key: str) -> InvocationResult:
    """Invoke a function, again if a sandbox that cannot start was started before."""
    called = using.function(key)
    payload = f"answer {called.fingerprint} None False".encode()
    for _ in range(MOST):
        with suppress(ImageNotFoundError):
            return await using.fleet.invoke(called, event(payload))
    return await using.fleet.invoke(called, event(payload))
