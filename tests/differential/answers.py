"""What each program answers to a call, in a shape that can be compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests import nodejs
from tests.benchmarks.timing import REPOSITORY, SAMLOCAL
from tests.differential.framework import FOLDER, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.differential.service import Service

SECONDS: Final = 120
_PYTHON_ERROR: Final = re.compile(r"^(\w+(?:Error|Exception)): (.*)$", re.MULTILINE)
_NO_RESULT: Final = object()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a command ended: what is compared, and all that it wrote."""

    compared: Mapping[str, Any]
    output: str


def ask_serverless(serverless: Path, service: Service, folder: Path) -> Answer:
    home = FOLDER / "home"
    home.mkdir(exist_ok=True)
    variables = _shell(home) | VARIABLES | {"NODE_PATH": str(FOLDER / "node_modules")}
    ended = _run([str(serverless), "invoke", "local"], variables, service, folder)
    # Everything is on stdout: logs, errors of the command, and the result as JSON that begins a line.
    return Answer(compared=_compared(ended, _last_json(ended.stdout)), output=_all(ended))


def ask_samlocal(service: Service, folder: Path, *, sandbox: str, home: Path) -> Answer:
    variables = _shell(home) | {
        "SAMLOCAL_SANDBOX": sandbox,
        "SAMLOCAL_IMAGE_REPOSITORY": REPOSITORY,
    }
    ended = _run([SAMLOCAL, "invoke", "local"], variables, service, folder)
    return Answer(compared=_compared(ended, _parsed(ended.stdout)), output=_all(ended))


def _shell(home: Path) -> dict[str, str]:
    """Return the variables of a shell of no particular machine."""
    programs = (Path(sys.base_prefix) / "bin", nodejs.folder(), "/usr/bin", "/bin")
    return {
        "PATH": os.pathsep.join(map(str, programs)),
        "HOME": str(home),
        "SHELL_ONLY": "from the shell",
    }


def _run(
    command: list[str], variables: dict[str, str], service: Service, folder: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *service.arguments],
        cwd=folder,
        env=variables | dict(service.shell),
        input=service.stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _all(ended: subprocess.CompletedProcess[str]) -> str:
    return f"exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}"


def _compared(ended: subprocess.CompletedProcess[str], result: object) -> dict[str, Any]:
    """Return success, and the result or the function's error without its stack."""
    compared: dict[str, Any] = {"succeeds": ended.returncode == 0}
    if ended.returncode == 0:
        if result is not _NO_RESULT:
            compared["result"] = result
    elif isinstance(result, dict) and "errorMessage" in result:
        compared["error"] = {
            name: result[name] for name in ("errorType", "errorMessage") if result.get(name)
        }
    elif raised := _PYTHON_ERROR.findall(ended.stdout):
        compared["error"] = dict(zip(("errorType", "errorMessage"), raised[-1], strict=True))
    return compared


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text if text.strip() else _NO_RESULT


def _last_json(text: str) -> object:
    """Return the last JSON text that begins a line and ends the output."""
    begins = [match.start() for match in re.finditer(r'^(?=[\[{"\d\-tfn])', text, re.MULTILINE)]
    for begin in begins:
        try:
            return json.loads(text[begin:])
        except ValueError:
            continue
    return _NO_RESULT
