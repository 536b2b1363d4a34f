"""A function that the library runs in given sandboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

import samlocal
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.factory import SandboxFactory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.sandbox.sandbox import Sandbox
    from tests.functional.execution.fakes import FakeSandbox

TEMPLATE = """
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: .}
"""


class Start(Protocol):
    """Starts a function with a log; its environments take the sandboxes in order."""

    def __call__(self, log: samlocal.Log, *sandboxes: FakeSandbox) -> samlocal.RunningFunction: ...


MANAGED_TEMPLATE = """
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      MemorySize: 2048
      CapacityProviderConfig: {Arn: !Ref Provider, PerExecutionEnvironmentMaxConcurrency: 3}
  Provider: {Type: AWS::Serverless::CapacityProvider}
"""


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    return _starter(TEMPLATE, monkeypatch, tmp_path)


@pytest.fixture
def start_managed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Starts a function on managed instances, whose environments take three invocations at once."""
    return _starter(MANAGED_TEMPLATE, monkeypatch, tmp_path)


@pytest.fixture
def start_for_tenants(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Starts a function on managed instances with tenant isolation."""
    tenancy = "      TenancyConfig: {TenantIsolationMode: PER_TENANT}\n  Provider:"
    return _starter(MANAGED_TEMPLATE.replace("  Provider:", tenancy), monkeypatch, tmp_path)


def _starter(template: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    (tmp_path / "template.yaml").write_text(template)
    options = samlocal.FunctionOptions(reads_credentials=False)
    prepared = samlocal.prepare(samlocal.open_project(tmp_path / "template.yaml"), options=options)

    def start(log: samlocal.Log, *sandboxes: FakeSandbox) -> samlocal.RunningFunction:
        left = iter(sandboxes)

        def run(_factory: object, _spec: object, use: Callable[[Sandbox], None]) -> None:
            with next(left) as sandbox:
                use(sandbox)

        monkeypatch.setattr(SandboxFactory, "run", run)
        return samlocal.start(prepared, log=log)

    monkeypatch.setattr(Backend, "connect", lambda _backend: None)
    return start
