from __future__ import annotations

from pathlib import Path

from samlocal.sandbox.docker.container.own_program import OwnProgram, supervised
from samlocal.sandbox.sandbox import SandboxSpec


def test_program_of_a_supervisor() -> None:
    """The shell runs the script, whose arguments are the program; `env` adds what shells drop."""
    spec = SandboxSpec(
        function="F",
        project=Path(),
        environment={"my-dash": "", "PLAIN": "a"},
        memory_mb=None,
        entrypoint=("/run",),
        command=("a * b",),
    )
    wrapped = supervised(spec, OwnProgram(variables={"my.dotted": "a b"}), "script")
    assert wrapped.entrypoint == ("/bin/sh", "-c", "script")
    assert wrapped.command == ("env", "my.dotted=a b", "my-dash=", "/run", "a * b")
