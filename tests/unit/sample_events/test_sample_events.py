"""Every file of an event, and what is made of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.errors import UsageError
from samlocal.events import check_payload
from samlocal.sample_events.catalog import (
    all_services,
    carrier_names,
    event_names,
    find_carrier,
    find_event,
)
from samlocal.sample_events.generation import generate_event
from samlocal.sample_events.template import ENCODINGS, Batch, Fill, JsonValue, vary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.sample_events.sample_event import SampleEvent
    from samlocal.sample_events.template import Json, Template

EVENTS: Final = [
    find_event(service, name) for service in all_services() for name in event_names(service)
]
each_event = pytest.mark.parametrize("event", EVENTS, ids=str)
AWKWARD: Final = 'quote " backslash \\ line\nfeed\ttab {region} {{key}} ${x} ü \U0001f600'


def _parts(template: Template | Json) -> Iterator[Template | Json]:
    yield template
    if isinstance(template, dict):
        for key, value in template.items():
            yield from _parts(key)
            yield from _parts(value)
    elif isinstance(template, list):
        for value in template:
            yield from _parts(value)


def _texts(value: Json) -> Iterator[str]:
    yield from (part for part in _parts(value) if isinstance(part, str))


def _used(event: SampleEvent) -> set[str]:
    used: set[str] = set()
    for part in (*_parts(event.template()), *_parts(event.payload())):
        if isinstance(part, Fill):
            used |= {option for option, _ in part.places()}
        elif isinstance(part, JsonValue):
            used.add(part.option)
    return used


def _json_options(event: SampleEvent) -> set[str]:
    parts = (*_parts(event.template()), *_parts(event.payload()))
    return {part.option for part in parts if isinstance(part, JsonValue)}


def test_every_service_has_a_folder() -> None:
    """The list of services is sorted, and has those that have events."""
    services = all_services()
    assert list(services) == sorted(services)
    folders = {
        path.parent.name for event in EVENTS[:1] for path in event.path.parent.parent.glob("*/*")
    }
    assert folders == set(services)


@each_event
def test_options_are_used_and_declared(event: SampleEvent) -> None:
    """An event uses no option that it does not declare, and no declared option is without effect unless its help says so."""
    without_effect = {each.name for each in event.options if each.help.startswith("No effect")}
    assert _used(event) == {each.name for each in event.options} - without_effect


@each_event
def test_encodings_are_known(event: SampleEvent) -> None:
    """A place names an encoding that there is."""
    fills = [part for part in _parts(event.template()) if isinstance(part, Fill)]
    assert {encoding for fill in fills for _, encoding in fill.places()} <= {
        None,
        "query",
        *ENCODINGS,
    }


@each_event
def test_descriptions_are_sentences(event: SampleEvent) -> None:
    """Summaries get their full stop from the help; the help of an option has its own."""
    assert not event.summary.endswith(".")
    assert [each.name for each in event.options if not each.help.endswith(".")] == []


@each_event
def test_batches_are_declared(event: SampleEvent) -> None:
    """`--count` is offered for the events that have records, of which there is one list."""
    batches = [part for part in _parts(event.template()) if isinstance(part, Batch)]
    assert len(batches) == event.is_batch
    carrier = event.carrier
    assert carrier is None or carrier.option in {each.name for each in event.options}


@each_event
def test_every_option_takes_every_character(event: SampleEvent) -> None:
    """A value with quotes, backslashes, line feeds and braces arrives as it is, or encoded."""
    encoded = {AWKWARD, *(encode(AWKWARD) for encode in ENCODINGS.values())}
    for option in event.options:
        value = json.dumps({AWKWARD: AWKWARD}) if option.name in _json_options(event) else AWKWARD
        generated = generate_event(event, {option.name: value})
        assert json.loads(json.dumps(generated)) == generated
        if option.name in _used(event):
            assert any(form in text for text in _texts(generated) for form in encoded)


@each_event
def test_invocations_take_the_event(event: SampleEvent) -> None:
    """What is printed is an event for `local invoke -e -`."""
    check_payload(json.dumps(generate_event(event, {}), indent=2).encode())


@each_event
def test_records_are_counted(event: SampleEvent) -> None:
    """A batch has as many records as are asked for, the first as in the sample; others refuse the option."""
    if not event.is_batch:
        with pytest.raises(UsageError, match="has no records"):
            generate_event(event, {}, count=2)
        return
    sample, batch = generate_event(event, {}), generate_event(event, {}, count=23)
    template = event.template()
    own, records = _records(template, sample), _records(template, batch)
    assert len(records) == 23
    assert records[: len(own)] == own
    assert len({json.dumps(record) for record in records}) == 23


def _records(template: Template, generated: object) -> list[object]:
    """Return the records of an event: what stands where the template has its batch."""
    if isinstance(template, Batch):
        assert isinstance(generated, list)
        return generated
    if isinstance(template, dict) and isinstance(generated, dict):
        for each, value in zip(template.values(), generated.values(), strict=True):
            if found := _records(each, value):
                return found
    return []


@pytest.mark.parametrize("name", carrier_names())
def test_an_event_inside_another(name: str) -> None:
    """Each event that can have another one inside has its JSON in it, plain, encoded or as a value."""
    inner = find_event("s3", "put")
    content = generate_event(inner, {"key": "a b"})
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    generated = generate_event(inner, {"key": "a b"}, inside=[find_carrier(name)])
    texts = {text, *(encode(text) for encode in ENCODINGS.values())}
    assert content in [*_parts(generated)] or texts & {*_texts(generated)}


def test_s3_in_sns_in_sqs() -> None:
    """The queue has a notification of the topic, with that of the bucket as its message."""
    around = [find_carrier("sns"), find_carrier("sqs/receive-message")]
    values = {"bucket": "photos", "topic": "new", "region": "eu-west-1"}
    generated: Any = generate_event(find_event("s3", "put"), values, inside=around, count=2)
    assert len(generated["Records"]) == 2
    notification = json.loads(generated["Records"][1]["body"])
    assert notification["Type"] == "Notification"
    assert notification["TopicArn"] == "arn:aws:sns:eu-west-1:123456789012:new"
    (record,) = json.loads(notification["Message"])["Records"]
    assert record["s3"]["bucket"]["name"] == "photos"
    assert record["awsRegion"] == "eu-west-1"


@pytest.mark.parametrize(
    ("text", "varied"),
    [
        ("4421584500000000017450439091", "4421584500000000017450439094"),
        ("0099", "0102"),
        ("shardId-000000000006:49", "shardId-000000000006:52"),
        ("Handle", "Handle-2"),
        ("c4ca4238a0b923820dcc509a6f75849b", "4c892bb7557fbcd62bb2ddcc9d28e9c1"),
    ],
)
def test_ids_of_records(text: str, varied: str) -> None:
    """The id of another record has the form of the sample's."""
    assert vary(text, 1, 3) == varied


def test_a_uuid_stays_one() -> None:
    """UUIDs of further records have their dashes where they belong."""
    assert vary("19dd0b57-b21e-4ac1-bd88-01bbb068cb78", 2, 2).count("-") == 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("sqss", "no sample events of `sqss`", id="service"),
        pytest.param("sqs/receive", "`sqs` has no event `receive`", id="event"),
        pytest.param("s3/put", "no other event can be inside it", id="no carrier"),
        pytest.param("apigateway", "is not one event", id="several"),
    ],
)
def test_what_nothing_can_be_inside_of(name: str, message: str) -> None:
    """The error says what is wrong with the name, and the hint what there is."""
    with pytest.raises(UsageError, match=message) as caught:
        find_carrier(name)
    assert "`" in str(caught.value.hint)


def test_an_option_that_is_not_json() -> None:
    """A value that has to be JSON is refused with the place of its mistake."""
    event = find_event("apigateway", "aws-proxy")
    with pytest.raises(UsageError, match=r"`--querystringparameters` is not JSON: .* column 2"):
        generate_event(event, {"querystringparameters": "{a}"})
