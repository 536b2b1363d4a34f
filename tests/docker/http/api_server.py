"""`samlocal local start-api`, run as a user runs it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from tests.docker.command import DIRECT, Samlocal
from tests.docker.endpoint import Endpoint
from tests.docker.leftovers import leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker


class ApiServer(NamedTuple):
    """A running command, the URLs of its sites in their order, and the command as a user would run it again."""

    endpoint: Endpoint
    urls: list[str]
    samlocal: Samlocal

    def url_of(self, api: str) -> str:
        """Return where an API is served, or the URL of a function."""
        found = re.search(rf"(https?://127\.0\.0\.1:\d+)\S* .* {api}\n", self.endpoint.shown)
        assert found, self.endpoint.shown
        return found[1]


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
        yield ApiServer(endpoint, list(urls), samlocal)
        assert endpoint.end() == 0, endpoint.shown
    finally:
        endpoint.close()


@contextmanager
def serving_project(
    engine: docker.APIClient, project: Path, *options: str, **variables: str
) -> Iterator[ApiServer]:
    """Serve the APIs of a project that lies in a folder of the test's own; no container remains."""
    own = {"SAMLOCAL_IMAGE_REPOSITORY": "localhost/samlocal", "HOME": str(project.parent)}
    with TemporaryDirectory(prefix="samlocal-") as runtime:  # paths of sockets have to be short
        environment = own | DIRECT | {"XDG_RUNTIME_DIR": runtime} | variables
        samlocal = Samlocal(directory=project, environment=environment)
        with serving_apis(samlocal, *options) as running:
            yield running
    assert not leftovers(engine, project)
