"""A project with two functions, and what serves it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from samlocal.preparation.options import FunctionOptions, ProjectOptions
from samlocal.serving.function_call import FunctionCall
from samlocal.serving.options import ServingOptions
from samlocal.serving.project_snapshot import RepeatedHost
from samlocal.serving.served_project import ServedProject
from tests.functional.execution.fakes import RecordingLog
from tests.functional.serving.fake_fleet import FakeFleet
from tests.unit.preparation.host import RecordingObserver, host

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from samlocal.function import Function

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function: {Runtime: python3.13, Handler: app.handler}
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${Stage}-ratings"
      CodeUri: ratings/
      AutoPublishAlias: live
      ReservedConcurrentExecutions: 3
      Environment: {Variables: {CURRENCY: EUR}}
  Notify:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: notify/}
"""


@dataclass
class Shop:
    """A project on disk, the fleet that its functions run in, and all that is said about it."""

    directory: Path
    fleet: FakeFleet = field(default_factory=FakeFleet)
    observer: RecordingObserver = field(default_factory=RecordingObserver)
    logs: dict[str, RecordingLog] = field(default_factory=dict)

    @property
    def template(self) -> Path:
        return self.directory / "template.yaml"

    def options(self, **members: Any) -> ServingOptions:  # noqa: ANN401  # of the options
        options = ServingOptions(
            project=ProjectOptions(region="eu-central-1"),
            function=FunctionOptions(reads_credentials=False),
        )
        return replace(options, **members)

    def serve(
        self,
        options: ServingOptions | None = None,
        *,
        stdin: str = "",
        **watching: Any,  # noqa: ANN401  # of the project
    ) -> ServedProject:
        """Return the project, to be entered."""
        return ServedProject(
            options or self.options(),
            RepeatedHost(host(self.directory, stdin=stdin, PATH="")),
            self.fleet,
            observer=self.observer,
            log=self._log,
            **watching,
        )

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the template."""
        text = self.template.read_text()
        assert old in text
        self.template.write_text(text.replace(old, new))

    def _log(self, function: Function) -> RecordingLog:
        return self.logs.setdefault(function.logical_id, RecordingLog())


async def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110  # no event tells of it
            await asyncio.sleep(0.001)


async def noticed(served: ServedProject) -> None:
    """Wait until the project has noticed that a file has changed."""
    await until(lambda: not served._watch.is_settled())


async def settled(served: ServedProject) -> None:
    """Wait until a change that was made before is taken into account."""
    await noticed(served)
    await served.functions()


def call(function: str = "Ratings", **members: Any) -> FunctionCall:  # noqa: ANN401  # of the call
    """Return an invocation of a function."""
    return replace(FunctionCall(function=function, payload=b"{}", request_id="r-1"), **members)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project whose functions return the content of their file."""
    directory = tmp_path / "shop"
    for name in ("ratings", "notify"):
        (directory / name).mkdir(parents=True)
        (directory / name / "app.py").write_text(f"{name} 1")
    (directory / "template.yaml").write_text(TEMPLATE)
    return Shop(directory)
