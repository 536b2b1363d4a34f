"""`samlocal local start-api`, run as a user runs it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.docker.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.command import Samlocal


class ApiServer(NamedTuple):
    """A running command, and the URLs of its sites in their order."""

    endpoint: Endpoint
    urls: list[str]


@contextmanager
def serving_apis(
    samlocal: Samlocal, *options: str, command: str = "start-api"
) -> Iterator[ApiServer]:
    """Start the command on free ports; leaving the block ends it."""
    process = samlocal.start("local", command, "-p", "0", "--no-credentials", *options)
    endpoint = Endpoint(process, samlocal.directory)
    try:
        endpoint.wait_for(r"\(Ctrl-C ends it\)")
        urls = dict.fromkeys(re.findall(r"https?://127\.0\.0\.1:\d+", endpoint.shown))
        yield ApiServer(endpoint, list(urls))
        assert endpoint.end() == 0, endpoint.shown
    finally:
        endpoint.close()
