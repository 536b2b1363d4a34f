"""Makes an event, alone or inside others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.errors import UsageError
from samlocal.sample_events.template import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samlocal.sample_events.sample_event import SampleEvent
    from samlocal.sample_events.template import Json


def generate_event(
    event: SampleEvent,
    values: Mapping[str, str],
    *,
    inside: Sequence[SampleEvent] = (),
    count: int | None = None,
) -> Json:
    """Return an event as a function gets it.

    `values` are those of options by name, for all events that have such an option; defaults are used for the rest.
    Each event of `inside` has the one before it as its content. A batch has `count` records: that of the outermost
    event with records.

    Raises:
        UsageError: An option has to be JSON, or there is no batch for `count`.
    """
    events = (event, *inside)
    batches = [each for each in events if each.is_batch]
    if count is not None and not batches:
        raise UsageError(f"`--count`: `{events[-1]}` has no records")
    generated: Json = None
    for place, each in enumerate(events):
        own = {**{option.name: option.default for option in each.options}, **values}
        if place and each.carrier:
            text = json.dumps(generated, separators=(",", ":"), ensure_ascii=False)
            own[each.carrier.option] = each.carrier.encode(text)
        template = each.template() if each is events[-1] else each.payload()
        number = count if batches and each is batches[-1] else None
        generated = render(template, own, count=number)
    return generated
