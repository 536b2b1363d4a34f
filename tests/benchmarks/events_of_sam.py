"""Asks sam for sample events, in sam's own Python: see `tests/differential/sample_events.py`.

On stdin it takes a JSON list of command lines behind `generate-event`; with an empty one it lists the options of all
events. On stdout it puts a JSON list of what sam prints, null where it fails, or the options by `SERVICE EVENT`.
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import os
import sys

from click.testing import CliRunner

os.environ["SAM_CLI_TELEMETRY"] = "0"  # which sam reads when it is imported

from samcli.commands.local.generate_event.event_generation import (
    GenerateEventCommand,
)
from samcli.lib.generated_sample_events.events import Events


def options() -> dict[str, list[str]]:
    return {
        f"{service} {event}": list(facts["tags"])
        for service, events in Events().event_mapping.items()
        for event, facts in events.items()
    }


def answer(arguments: list[str]) -> str | None:
    ended = CliRunner().invoke(GenerateEventCommand(name="generate-event"), arguments)
    return ended.stdout if ended.exit_code == 0 else None


jobs = json.load(sys.stdin)
json.dump([answer(each) for each in jobs] if jobs else options(), sys.stdout)
