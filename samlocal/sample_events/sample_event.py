"""One sample event: its description and, when it is needed, its template.

A file `events/SERVICE/EVENT.yaml` has two or three documents: the description, the event, and what another service
gets in its event, where that differs (SNS sends the queue a notification, not a record).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

import yaml

from samlocal.frozen_dataclass import frozen
from samlocal.sample_events.template import ENCODINGS, TemplateLoader

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.sample_events.template import Template


@frozen
class SampleOption:
    """A value of the event that the user can choose, by `--name`."""

    name: str
    default: str
    help: str


@frozen
class Carrier:
    """How an event has another one inside: as an option, which the event may have encoded already."""

    option: str
    encoding: str | None = None

    def encode(self, text: str) -> str:
        return ENCODINGS[self.encoding](text) if self.encoding else text


@frozen
class SampleEvent:
    """What a file says about its event; `source` is the page that it is from.

    With `is_batch` it has records, of which there can be any number.
    """

    path: Path
    summary: str
    source: str | None
    options: tuple[SampleOption, ...]
    carrier: Carrier | None
    is_batch: bool

    @property
    def service(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return self.path.stem

    def __str__(self) -> str:
        return f"{self.service} {self.name}"

    def template(self) -> Template:
        """Return the event itself."""
        return _documents(self.path)[1]

    def payload(self) -> Template:
        """Return what another service gets of the event."""
        return _documents(self.path)[-1]


class _Option(TypedDict):
    default: str
    help: str


class _Carrier(TypedDict):
    option: str
    encoding: NotRequired[str]


class _Description(TypedDict):
    summary: str
    source: NotRequired[str]
    options: NotRequired[dict[str, _Option]]
    carries: NotRequired[_Carrier]
    batch: NotRequired[bool]


def read_event(path: Path) -> SampleEvent:
    """Return an event; only the description is read, which is the first document of its file."""
    with path.open("rb") as file:
        written = cast("_Description", TemplateLoader(file).get_data())
    return SampleEvent(
        path=path,
        summary=written["summary"],
        source=written.get("source"),
        options=tuple(
            SampleOption(name=name, **option) for name, option in written.get("options", {}).items()
        ),
        carrier=Carrier(**written["carries"]) if "carries" in written else None,
        is_batch=written.get("batch", False),
    )


def _documents(path: Path) -> list[Template]:
    with path.open("rb") as file:
        return [*yaml.load_all(file, Loader=TemplateLoader)]
