"""Problems of authorizers are said at the start and after changes, each once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from samlocal.diagnostics import Diagnostic
from samlocal.http_api.authorizers.problem_checks import ProblemChecks
from samlocal.project.apis import Api, ApiKind

if TYPE_CHECKING:
    from collections.abc import Iterable


def api(*names: str) -> Api:
    return Api(
        kind=ApiKind.HTTP, full_path=" ".join(names), identifier="x", stage="$default", routes=()
    )


class FakeAuthorizers:
    """Has a problem for each word of an API's name, once it is `free`."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()

    async def find_problems(self, apis: Iterable[Api]) -> tuple[Diagnostic, ...]:
        await self.free.wait()
        return tuple(Diagnostic(message=name) for each in apis for name in each.full_path.split())


async def test_new_problems_only() -> None:
    """A problem that stays is said once; one that has gone is said when it comes again."""
    said: list[Diagnostic] = []
    checks = ProblemChecks(FakeAuthorizers(), report=said.append)
    heard = []
    for names in (("a",), ("a", "b"), ("b",), ("a", "b")):
        said.clear()
        checks.start([api(*names)])
        await asyncio.sleep(0.01)
        heard.append([each.message for each in said])
    assert heard == [["a"], ["b"], [], ["a"]]


async def test_a_change_during_a_check() -> None:
    """The APIs as they are now are checked, not those before."""
    said: list[Diagnostic] = []
    authorizers = FakeAuthorizers()
    authorizers.free.clear()
    checks = ProblemChecks(authorizers, report=said.append)
    checks.start([api("old")])
    await asyncio.sleep(0.01)
    checks.start([api("new")])
    authorizers.free.set()
    await asyncio.sleep(0.01)
    assert [each.message for each in said] == ["new"]
    checks.cancel()
