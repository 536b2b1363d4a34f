"""Breakpoints in functions that run as processes of this machine."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.docker.debugging import scenarios

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker

    from tests.docker.command import Samlocal
    from tests.docker.debugging.scenarios import Scenario

LANGUAGES: dict[str, Scenario] = {
    "Python": scenarios.python,
    "NodeJs": scenarios.nodejs,
    "Java": scenarios.java,
    "Go": scenarios.go,
    "C": scenarios.c,
}


@pytest.mark.parametrize("function", LANGUAGES)
def test_breakpoint(
    samlocal: Samlocal,
    function: str,
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
) -> None:
    """A client on this machine reads and changes a local variable, and the result shows the change."""
    if function == "Java":
        extract_client(engine, stand_in("java:17"), samlocal.directory / "java" / "lib")
    processes = samlocal.with_variables(SAMLOCAL_SANDBOX="process")
    ended = LANGUAGES[function](processes, function, lambda: None)
    assert (ended.exit_code, ended.result["stars"]) == (0, 5), ended.stderr
    assert "as a process" in ended.stderr


def extract_client(engine: docker.APIClient, image: str, folder: Path) -> None:
    """Write the jars of the runtime interface client in an image to a folder of the function's code."""
    container = engine.create_container(image, "none")["Id"]
    try:
        content, _ = engine.get_archive(container, "/var/runtime/lib")
        with tarfile.open(fileobj=io.BytesIO(b"".join(content))) as archive:
            for member in archive:
                if file := archive.extractfile(member) if member.isfile() else None:
                    folder.mkdir(exist_ok=True)
                    (folder / member.name.rpartition("/")[2]).write_bytes(file.read())
    finally:
        engine.remove_container(container, force=True)
