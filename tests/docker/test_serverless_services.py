"""Services of the Serverless Framework as people write them: each function in a container, and as a process."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import nodejs
from tests.docker.apps import java_client
from tests.docker.command import CHECKOUT, Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.docker.command import Finished
    from tests.docker.fixtures import CopyOf, SampleApp

SERVICES = CHECKOUT / "tests" / "projects" / "serverless"
IMAGES = ("java:21", "nodejs:22", "provided:al2023", "python:3.11", "python:3.13", "ruby:3.3")


@pytest.fixture
def service(copy_of: CopyOf, sample_app: SampleApp) -> Callable[[str], Path]:
    """Returns a copy of a service, with what its own tools build; no container of it may remain."""

    def there(name: str) -> Path:
        folder = copy_of(SERVICES / name, *IMAGES)
        if name == "bootstrap":
            (folder / "dist").mkdir()
            with zipfile.ZipFile(folder / "dist" / "upper.zip", "w") as archive:
                archive.write(folder / "src" / "bootstrap", "bootstrap")
        if name == "java":
            (folder / "target").mkdir()
            with zipfile.ZipFile(folder / "target" / "hello.zip", "w") as archive:
                # A process of this machine needs the runtime interface client, too.
                folders = (sample_app("hello-java") / "lib", java_client())
                jars = {jar.name: jar for each in folders for jar in each.glob("*.jar")}
                for jar_name, jar in jars.items():
                    archive.write(jar, f"lib/{jar_name}")
        return folder

    return there


def calls(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((SERVICES / name / "calls.yaml").read_text())
    return found


def answers(command: Samlocal, name: str) -> Iterator[tuple[dict[str, Any], Finished]]:
    """Invoke the functions of a service as its `calls.yaml` says."""
    for call in calls(name):
        options = ["--function", call["function"], *call.get("options", ())]
        event = json.dumps(call.get("event", {}))
        if "--path" not in options:
            options += ["--data", event]
        yield call, command("invoke", "local", *options)


def result_of(ended: Finished, call: dict[str, Any]) -> object:
    """Return the result without what depends on the machine, or the type and message of an error."""
    assert ended.exit_code == (3 if "error" in call else 0), ended.stderr
    result: object = json.loads(ended.stdout)
    if "error" in call:
        assert isinstance(result, dict)
        return {each: result[each] for each in ("errorType", "errorMessage")}
    if isinstance(result, dict):
        return {each: result[each] for each in result if each not in call.get("varies", ())}
    return result


@pytest.mark.parametrize("name", sorted(each.parent.name for each in SERVICES.glob("*/calls.yaml")))
def test_service(service: Callable[[str], Path], environment: dict[str, str], name: str) -> None:
    """Each function of a service has the expected result, in a container and as a process."""
    folder = service(name)
    # One that reads TypeScript comes first.
    environment |= {"PATH": f"{nodejs.folder()}{os.pathsep}{os.environ['PATH']}"}
    for sandbox in ("docker", "process"):
        variables = environment | {"SAMLOCAL_SANDBOX": sandbox}
        command = Samlocal(directory=folder, environment=variables)
        for call, ended in answers(command, name):
            expected = call.get("error") or call["result"]
            assert result_of(ended, call) == expected, (sandbox, call["function"])
