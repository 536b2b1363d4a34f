"""Services as data: the files of each, and the calls that both programs answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What the functions return unless a service has its own: the event, and the environment.
PYTHON_LOOK: Final = """\
import os

def look(event, context):
    return {"event": event, "environment": dict(os.environ)}
"""
NODE_LOOK: Final = """\
exports.look = async (event) => ({ event, environment: { ...process.env } });
"""
HANDLERS: Final = {"python": {"handler.py": PYTHON_LOOK}, "node": {"handler.js": NODE_LOOK}}
RUNTIMES: Final = {"python": "python3.11", "node": "nodejs20.x"}


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service and one call of `serverless invoke local`.

    `differences` are paths of what is compared, such as `result.event`, with the row of the documentation
    that says why the programs differ there. Each of them must occur. With `ends_both_in_error` both refuse.
    """

    name: str
    files: Mapping[str, str]
    arguments: tuple[str, ...] = ("--function", "hello", "--data", "{}")
    stdin: str = ""
    shell: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, str] = field(default_factory=dict)
    ends_both_in_error: bool = False

    def write(self, folder: Path) -> None:
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The variable parts of a `serverless.yml` that has a function `hello`, as YAML."""

    language: str = "python"
    top: str = ""
    provider: str = ""
    function: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def all_files(self) -> dict[str, str]:
        text = (
            "service: shop\n"
            f"{self.top}"
            f"provider:\n  name: aws\n  runtime: {RUNTIMES[self.language]}\n"
            f"{_indented(self.provider, 2)}"
            f"functions:\n  hello:\n    handler: handler.look\n{_indented(self.function, 4)}"
        )
        return {"serverless.yml": text, **HANDLERS[self.language], **self.files}


def _indented(text: str, spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}" for line in text.splitlines(keepends=True))


def environment(lines: str) -> str:
    """Return the YAML of an `environment` with these lines."""
    return f"environment:\n{_indented(lines, 2)}"


def call(*arguments: str) -> tuple[str, ...]:
    """Return the arguments of a call of `hello`, which gets an empty event if they have none."""
    event = () if {"--data", "-d"} & set(arguments) else ("--data", "{}")
    return ("--function", "hello", *arguments, *event)
