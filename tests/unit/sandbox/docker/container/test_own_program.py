from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from samlocal.sandbox.docker.container.own_program import OwnProgram, supervised
from samlocal.sandbox.docker.container.supervisor_script import supervisor_script
from samlocal.sandbox.sandbox import SandboxSpec


def test_program_of_a_supervisor() -> None:
    """The shell runs the script, whose arguments are the program; `env` adds what it would not get."""
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


def test_variables_named_as_those_of_the_script_are_unchanged() -> None:
    """The program gets the function's values, whatever the script does with its own variables."""
    script = supervisor_script("0123abcd", lists=True, listens=True)
    names = set(re.findall(r"\b_[a-z]+\b", script))
    spec = SandboxSpec(
        function="F",
        project=Path(),
        environment=dict.fromkeys(names, "the function's"),
        memory_mb=None,
        entrypoint=(sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"),
    )
    wrapped = supervised(spec, OwnProgram(), script)
    finished = subprocess.run(
        [*(wrapped.entrypoint or ()), *wrapped.command],
        env=dict(spec.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    assert {"_token", "_file"} < names
    printed = finished.stdout[: finished.stdout.index(b"}") + 1]
    assert json.loads(printed).items() >= spec.environment.items()
