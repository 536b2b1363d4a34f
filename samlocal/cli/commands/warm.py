"""`samlocal warm list` and `samlocal warm stop`: what `local invoke --keep-warm` keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

from samlocal.cli.console import print_status, show_output, show_warning
from samlocal.cli.options.general import OutputOption
from samlocal.cli.table import table
from samlocal.function import is_named

_HEADINGS: Final = ("FUNCTION", "STATE", "INVOCATIONS", "ENDS IN", "PROJECT", "ENGINE")


def list_warm(*, output: OutputOption = "text") -> None:
    """List the execution environments that are kept warm."""
    from samlocal.service.launcher import ask_services

    environments = ask_services("list")
    if output == "json":
        show_output(json.dumps(environments, indent=2))
    elif environments:
        show_output(table(_HEADINGS, map(_row, environments)))
    else:
        print_status("Nothing is kept warm (`samlocal local invoke --keep-warm 5m` keeps it)")


def stop_warm(
    *,
    functions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FUNCTION]...",
            help="Logical IDs or full paths (Stack/Function), of any project. [default: everything, "
            "and the background service itself]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """End execution environments that are kept warm.

    Running invocations end first, but have only 10 seconds if everything ends.
    """
    from samlocal.service.launcher import ask_services, remove_stale_sockets

    stopped = ask_services("stop", functions or [])
    remove_stale_sockets()
    names = sorted({str(each["function"]) for each in stopped})
    if names:
        print_status(f"Stopped {', '.join(names)}")
    elif not functions:
        print_status("Nothing was kept warm")
    for name in functions or ():
        if not any(is_named(each, (name,)) for each in names):
            _show_unknown(name)


def _show_unknown(name: str) -> None:
    """Say that a function was not warm, and which one may be meant."""
    from samlocal.service.launcher import ask_services
    from samlocal.suggestions import did_you_mean

    warm = {str(each["function"]) for each in ask_services("list") if each["state"] != "stopping"}
    hint = did_you_mean(name, warm) or "`samlocal warm list` shows what is warm"
    show_warning(f"`{name}` was not kept warm", hint=hint if warm else None)


def _row(environment: dict[str, Any]) -> tuple[str, ...]:
    version = environment["version"]
    name = environment["function"]
    return (
        name if version == "$LATEST" else f"{name}:{version}",
        environment["state"],
        str(environment["invocations"]),
        _time_left(environment["ends"]),
        environment["project"],
        environment["engine"],
    )


def _time_left(ends: str | None) -> str:
    """Return the time until an aware moment, as in `--keep-warm`: its two greatest units."""
    if ends is None:
        return "-"
    seconds = max(0, round((datetime.fromisoformat(ends) - datetime.now(UTC)).total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours}h{minutes % 60:02}m"
    return f"{minutes}m{seconds % 60:02}s" if minutes else f"{seconds}s"
