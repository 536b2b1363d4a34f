"""The command that builds the code of a service, by the files of its directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.documents.read_files import note_file

if TYPE_CHECKING:
    from pathlib import Path

# https://docs.npmjs.com/cli/commands/npm-run
SCRIPT_COMMAND: Final = "npm run build"
_PACKAGE: Final = "package.json"
_COMMANDS: Final = {
    "pom.xml": "mvn package",
    "build.gradle": "gradle build",
    "build.gradle.kts": "gradle build",
    "build.sbt": "sbt assembly",
    "build.sh": "./build.sh",
    "Makefile": "make",
    _PACKAGE: SCRIPT_COMMAND,
}


def build_command(directory: Path) -> str | None:
    """Return the command that builds what is in a directory; None if no file says so."""
    for name, command in _COMMANDS.items():
        path = directory / name
        if path.is_file() and (name != _PACKAGE or _has_build_script(path)):
            return command
    return None


def _has_build_script(path: Path) -> bool:
    note_file(path)
    try:
        return bool(json.loads(path.read_bytes())["scripts"]["build"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
