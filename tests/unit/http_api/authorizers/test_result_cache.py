from __future__ import annotations

import asyncio

import pytest

from samlocal.http_api.authorizers.result_cache import ResultCache


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class _Maker:
    """Makes a new number each time, once its gate is open."""

    def __init__(self) -> None:
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        await self.gate.wait()
        return number


def _cache(clock: _Clock | None = None, max_entries: int = 10) -> ResultCache[int]:
    return ResultCache(
        clock=clock or _Clock(), is_kept=lambda value: value != 13, max_entries=max_entries
    )


async def test_a_result_is_kept_for_its_time() -> None:
    """A result is there until its time has passed, and not at that moment."""
    clock = _Clock()
    cache, make = _cache(clock), _Maker()
    await cache.make("a", 5, make)
    clock.now += 4.999
    assert cache.find("a") == 1
    clock.now += 0.001
    assert cache.find("a") is None


async def test_results_of_different_keys_do_not_mix() -> None:
    """Each key has its own result."""
    cache, make = _cache(), _Maker()
    assert [await cache.make(key, 5, make) for key in "ab"] == [1, 2]
    assert [cache.find(key) for key in "abc"] == [1, 2, None]


async def test_callers_at_the_same_time_share_one_result() -> None:
    """What makes a result runs once for all callers with its key, and once for another key."""
    cache, make = _cache(), _Maker()
    make.gate.clear()
    callers = [asyncio.create_task(cache.make(key, 5, make)) for key in ("a", "a", "b", "a")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    make.gate.set()
    assert await asyncio.gather(*callers) == [1, 1, 2, 1]


async def test_a_caller_that_is_cancelled_does_not_stop_the_others() -> None:
    """The first caller hangs up, and the second gets the result."""
    cache, make = _cache(), _Maker()
    make.gate.clear()
    first, second = (asyncio.create_task(cache.make("a", 5, make)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    make.gate.set()
    assert (await second, make.made, first.cancelled()) == (1, 1, True)


async def test_what_is_not_worth_keeping_is_not_kept() -> None:
    """Such a result goes to its callers only."""
    cache, make = _cache(), _Maker()
    make.made = 12
    assert await cache.make("a", 5, make) == 13
    assert cache.find("a") is None
    assert await cache.make("a", 5, make) == 14


async def test_an_error_reaches_all_callers_and_is_not_kept() -> None:
    """The next caller tries again."""
    cache = _cache()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise OSError("no")

    results = await asyncio.gather(
        cache.make("a", 5, fail), cache.make("a", 5, fail), return_exceptions=True
    )
    assert [str(each) for each in results] == ["no", "no"]
    assert await cache.make("a", 5, _Maker()) == 1


async def test_the_oldest_results_make_room() -> None:
    """No more results are kept than the cache may have."""
    cache, make = _cache(max_entries=2), _Maker()
    for key in "abc":
        await cache.make(key, 5, make)
    assert [cache.find(key) for key in "abc"] == [None, 2, 3]


async def test_a_forgotten_result_is_not_kept_later() -> None:
    """A result that is being made when the cache is emptied goes to its caller, and is made again after."""
    cache, make = _cache(), _Maker()
    make.gate.clear()
    old = asyncio.create_task(cache.make("a", 5, make))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    cache.forget()
    new = asyncio.create_task(cache.make("a", 5, make))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    make.gate.set()
    assert (await old, await new, cache.find("a")) == (1, 2, 2)


async def test_closing_cancels_what_runs() -> None:
    """Callers that still wait are cancelled, too."""
    cache, make = _cache(), _Maker()
    make.gate.clear()
    caller = asyncio.create_task(cache.make_unkept(make))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await caller
