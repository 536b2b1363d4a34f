"""Breakpoints in each language, short and long."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.docker.debugging import scenarios

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docker.command import Samlocal
    from tests.docker.debugging.scenarios import Scenario
    from tests.docker.debugging.session import Ended

# The functions' timeout is 3 s.
LONG_SECONDS = 60.0

LANGUAGES: dict[str, Scenario] = {
    "Python": scenarios.python,
    "NodeJs": scenarios.nodejs,
    "Java": scenarios.java,
    "Ruby": scenarios.ruby,
    "Go": scenarios.go,
    "C": scenarios.c,
}


@pytest.mark.parametrize("function", [*LANGUAGES, "PythonImage", "CImage"])
def test_breakpoint(samlocal: Samlocal, function: str) -> None:
    """A client reads and changes a local variable at a breakpoint, and the result shows the change."""
    debug = LANGUAGES[function.removesuffix("Image")]
    check(debug(samlocal, function, lambda: None))


@pytest.mark.timeout(300)
def test_a_minute_at_a_breakpoint(samlocal: Samlocal) -> None:
    """Functions in all languages still answer after a stop longer than the timeout."""
    with ThreadPoolExecutor(len(LANGUAGES)) as pool:
        running = [
            pool.submit(debug, samlocal, function, lambda: time.sleep(LONG_SECONDS))
            for function, debug in LANGUAGES.items()
        ]
        for each in running:
            check(each.result())


def check(ended: Ended) -> None:
    assert (ended.exit_code, ended.result["stars"]) == (0, 5), ended.stderr
    # Of ten hours; some of the functions tell.
    assert ended.result.get("remaining", 36_000_000) > 35_000_000


@pytest.fixture(autouse=True)
def _images(stand_in: Callable[[str], str]) -> None:
    for image in ("java:17", "nodejs:22", "provided:al2023", "ruby:3.3"):
        stand_in(image)
