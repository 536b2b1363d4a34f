"""The sample events that there are: a folder for each service, with a file for each of its events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from samlocal.errors import UsageError
from samlocal.sample_events.sample_event import read_event
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.sample_events.sample_event import SampleEvent

_EVENTS: Final = Path(__file__).with_name("events")


def all_services() -> dict[str, str]:
    """Return the names of services for people by those for commands, in the order of these."""
    with (_EVENTS / "services.yaml").open("rb") as file:
        services: dict[str, str] = yaml.load(file, Loader=yaml.CSafeLoader)
    return services


def event_names(service: str) -> list[str]:
    """Return the names of the events of a service.

    Raises:
        UsageError: There is no such service.
    """
    folder = _EVENTS / service
    names = sorted(path.stem for path in folder.glob("*.yaml")) if service in all_services() else []
    if not names:
        raise UsageError(
            f"no sample events of `{service}`", hint=_hint(service, all_services(), "services")
        )
    return names


def find_event(service: str, name: str) -> SampleEvent:
    """Return an event of a service.

    Raises:
        UsageError: There is no such service or event.
    """
    names = event_names(service)
    if name not in names:
        raise UsageError(
            f"`{service}` has no event `{name}`", hint=_hint(name, names, "its events")
        )
    return read_event(_EVENTS / service / f"{name}.yaml")


def find_carrier(name: str) -> SampleEvent:
    """Return an event that has another one inside: `sns/notification`, or `sns` if that is the only one of the service.

    Raises:
        UsageError: There is no such event, or it has no place for another one.
    """
    service, _, event = name.replace(" ", "/").partition("/")
    names = event_names(service)
    events = [find_event(service, each) for each in ([event] if event else names)]
    carriers = [each for each in events if each.carrier]
    if len(carriers) == 1:
        return carriers[0]
    if carriers:
        named = ", ".join(f"`{each.service}/{each.name}`" for each in carriers)
        raise UsageError(f"`--inside {name}` is not one event", hint=f"one of {named}")
    raise UsageError(
        f"`--inside {name}`: no other event can be inside it",
        hint=f"one of {', '.join(f'`{each}`' for each in carrier_names())}",
    )


def carrier_names() -> list[str]:
    """Return the events that can have another one inside, as `SERVICE/EVENT`; all files are read for it."""
    return [
        f"{service}/{name}"
        for service in all_services()
        for name in event_names(service)
        if find_event(service, name).carrier
    ]


def _hint(name: str, known: Iterable[str], what: str) -> str:
    listed = f"{what}: {', '.join(known)}"
    similar = did_you_mean(name, known)
    return f"{similar} ({listed})" if similar else listed
