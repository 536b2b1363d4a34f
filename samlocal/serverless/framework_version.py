"""The version of the Serverless Framework that a service is written for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.documents.read_files import note_file

if TYPE_CHECKING:
    from samlocal.documents.node import Node

VERSION_4: Final = 4

_INSTALLED: Final = Path("node_modules/serverless/package.json")


def major_version(directory: Path, asked: Node | None) -> int | None:
    """Return the major version that is installed beside a service, else the one that it asks for; None if neither.

    `asked` is the value of `frameworkVersion`: a range, or a list of them.
    """
    package = directory / _INSTALLED
    note_file(package)
    try:
        text = str(json.loads(package.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        ranges = asked.value if asked and isinstance(asked.value, tuple) else (asked,)
        text = " ".join(filter(None, (each.optional_text() for each in ranges if each)))
    numbers = re.findall(r"(?<![\d.])\d+", text)
    return int(numbers[0]) if numbers else None
