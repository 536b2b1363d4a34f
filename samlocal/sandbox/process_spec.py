"""What a sandbox that is a plain process needs besides the sandbox: its program on this machine."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.sandbox.sandbox import SandboxKind, SandboxSpec


@frozen
class ProcessSpec:
    """All data that is needed to run a sandbox as processes of this machine.

    `program` starts the runtime; its first word is an absolute path of this machine, or a path below
    `/var/task` or `/opt` as the function sees it. `variables` are those that the program needs besides the
    function's environment, and that a container would have from its image, such as `PATH`. A path below
    `/var/task` or `/opt` in `program`, `variables` and the environment is replaced by the real one where
    there are no namespaces.

    `needs` are directories and files of this machine that must stay visible at their own paths: the
    interpreter and the runtime client. `label` is the program as messages name it, such as `Python 3.12.4`.
    """

    sandbox: SandboxSpec
    program: tuple[str, ...]
    label: str
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Path, ...] = ()

    kind: ClassVar[SandboxKind] = "process"

    @property
    def first_program(self) -> str:
        """What starts first, as messages name it: the function's wrapper script, or the program.

        https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
        """
        wrapper = self.sandbox.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
        is_first = wrapper is not None and self.program[0] == wrapper
        return f"the wrapper script `{wrapper}`" if is_first else self.label

    @property
    def is_debugged(self) -> bool:
        """Whether a debugger waits in the sandbox."""
        return self.sandbox.debugger is not None
