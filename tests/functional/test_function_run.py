"""Several invocations of a prepared function, in as many sandboxes as they need."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING, cast

import pytest

import samlocal
from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.console_series import ConsoleSeries
from samlocal.cli.function_run import FunctionRun
from samlocal.cli.sandbox_runner import SandboxRunner
from samlocal.sandbox.factory import SandboxFactory
from tests.functional.execution.conftest import TEMPLATE
from tests.functional.execution.fakes import FakeSandbox, invocation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from samlocal.engine.engine import Engine
    from samlocal.invocation import Invocation
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.sandbox import Sandbox
    from tests.functional.execution.fakes import Runtime


def exit_in_second(runtime: Runtime) -> int:
    """Answer one event, and exit in the next one."""
    runtime.respond(runtime.next(), b'"hey"')
    runtime.next()
    return 7


@pytest.mark.parametrize("can_restart", [True, False])
def test_all_invocations_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    can_restart: bool,  # noqa: FBT001  # parametrized
) -> None:
    """A sandbox that ends with its runtime is replaced; the first failure gives the exit code."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    options = samlocal.FunctionOptions(reads_credentials=False)
    prepared = samlocal.prepare(samlocal.open_project(tmp_path / "template.yaml"), options=options)
    specs: list[ContainerSpec] = []

    def run(_factory: object, spec: ContainerSpec, use: Callable[[Sandbox], None]) -> None:
        specs.append(spec)
        with FakeSandbox(exit_in_second, can_restart=can_restart) as sandbox:
            use(sandbox)

    monkeypatch.setattr(SandboxFactory, "run", run)
    numbers = count(1)

    def new() -> Invocation:
        return invocation(request_id=f"id-{next(numbers)}")

    runner = SandboxRunner(prepared, cast("Engine", nullcontext()))
    command = FunctionRun(prepared, runner, ConsoleLog())
    series = ConsoleSeries(new, 5, hint=lambda _result: None, reports=None, cold_path=lambda _: {})
    exit_code = command.invoke(series)

    out, err = capfd.readouterr()
    assert exit_code == 5
    crash = '{"errorType": "Runtime.ExitError", "errorMessage": "RequestId: id-%d Error: Runtime exited with error: exit status 7"}'
    assert out.splitlines() == ['"hey"', crash % 2, '"hey"', crash % 4, '"hey"']
    assert err.count("Error: Runtime.ExitError") == 2
    assert len(specs) == (1 if can_restart else 3)
    assert specs[0].sandbox.is_reused
