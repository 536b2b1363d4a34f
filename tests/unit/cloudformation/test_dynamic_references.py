from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cloudformation.intrinsics.dynamic_references import (
    ExternalValues,
    GivenValues,
    Reference,
    parse_reference,
    read_given_values,
)
from samlocal.documents.node import Unknown
from samlocal.errors import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db/main-AbCdEf"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("ssm:/a/b", Reference(service="ssm", name="/a/b")),
        ("ssm:/a/b:3", Reference(service="ssm", name="/a/b", version="3")),
        ("ssm-secure:/a:1", Reference(service="ssm-secure", name="/a", version="1")),
        ("secretsmanager:db", Reference(service="secretsmanager", name="db")),
        (
            "secretsmanager:db:SecretString:password",
            Reference(service="secretsmanager", name="db", json_key="password"),
        ),
        (
            "secretsmanager:db:SecretString:password:AWSPREVIOUS",
            Reference(
                service="secretsmanager",
                name="db",
                json_key="password",
                version_stage="AWSPREVIOUS",
            ),
        ),
        (
            f"secretsmanager:{ARN}:SecretString:::v1",
            Reference(service="secretsmanager", name=ARN, version="v1"),
        ),
        ("ssm:", None),
        ("dynamodb:x", None),
        ("", None),
    ],
)
def test_dynamic_references(text: str, reference: Reference | None) -> None:
    """A reference is parsed as CloudFormation documents it."""
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    ("section", "values", "text", "expected"),
    [
        pytest.param("ssm", {"/a": 1}, "{{resolve:ssm:/a}}", "1", id="number"),
        pytest.param("ssm", {"/a": True}, "{{resolve:ssm:/a}}", "true", id="boolean"),
        pytest.param("ssm", {"/a": ["x", "y"]}, "{{resolve:ssm:/a:1}}", "x,y", id="list"),
        pytest.param("ssm", {"/a": "x"}, "{{resolve:ssm-secure:/a:1}}", "x", id="secure"),
        pytest.param(
            "ssm", {"/a": "x"}, "-{{resolve:ssm:/a}}-{{resolve:ssm:/a}}", "-x-x", id="two"
        ),
        pytest.param(
            "secretsmanager", {"db": "x"}, "{{resolve:secretsmanager:db}}", "x", id="text"
        ),
        pytest.param(
            "secretsmanager",
            {"db": {"a": 1}},
            "{{resolve:secretsmanager:db}}",
            '{"a":1}',
            id="json",
        ),
        pytest.param(
            "secretsmanager",
            {"db": '{"a": "b"}'},
            "{{resolve:secretsmanager:db:SecretString:a}}",
            "b",
            id="key of text",
        ),
        pytest.param(
            "secretsmanager",
            {"db/main": {"a": "b"}},
            f"{{{{resolve:secretsmanager:{ARN}:SecretString:a}}}}",
            "b",
            id="name of an ARN",
        ),
    ],
)
def test_given_values_fill_references_in(
    section: str, values: dict[str, object], text: str, expected: str
) -> None:
    """A reference is replaced, and the text around it is kept."""
    assert ExternalValues(given=GivenValues({section: values})).fill_in(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{resolve:ssm:/none}}", "the SSM parameter `/none` is available only in AWS"),
        ("{{resolve:secretsmanager:none}}", "the secret `none` is available only in AWS"),
        (
            "{{resolve:secretsmanager:db:SecretString:b}}",
            "the value given for the secret `db` (key `b`) has no such key",
        ),
        ("{{resolve:s3:x}}", "`{{resolve:s3:x}}` is not a supported dynamic reference"),
    ],
)
def test_a_value_without_a_source_is_unknown_with_a_reason(text: str, reason: str) -> None:
    """An unknown value has a reason that names what is missing."""
    values = ExternalValues(given=GivenValues({"secretsmanager": {"db": {"a": "b"}}}))
    found = values.fill_in(text)
    assert isinstance(found, Unknown)
    assert found.reason == reason


@given(st.text())
def test_text_without_references_is_kept(text: str) -> None:
    """Other text in braces is not a reference."""
    assert ExternalValues().fill_in(text.replace("{{resolve:", "")) == text.replace(
        "{{resolve:", ""
    )


class Recorded:
    """A source that records its look-ups."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self.asked: list[str] = []

    def look_up(self, reference: Reference) -> str | Unknown | None:
        self.asked.append(reference.name)
        return self.values.get(reference.name)


def test_the_first_source_that_has_a_value_wins() -> None:
    """Given values take precedence over the project's exports, and exports over AWS."""
    remote = Recorded({"a": "remote", "b": "remote", "c": "remote"})
    values = ExternalValues(given=Recorded({"a": "given"}), remote=remote)
    values.local = Recorded({"a": "local", "b": "local"})
    names = ("a", "b", "c")
    found = [values.get(Reference(service="exports", name=name)) for name in names]
    assert found == ["given", "local", "remote"]
    assert remote.asked == ["c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ssn: {}", "v.yaml:1:1: `ssn` is not a section of a values file"),
        ("ssm: [a]", "v.yaml:1:6: `ssm` must be a mapping, not a list"),
        ("[a]", "v.yaml:1:1: a file of values must be a mapping, not a list"),
    ],
)
def test_a_malformed_file_of_values_has_a_place(tmp_path: Path, text: str, message: str) -> None:
    """A malformed file of values is an error with a place."""
    (tmp_path / "v.yaml").write_text(text)
    with pytest.raises(TemplateError) as caught:
        read_given_values(tmp_path / "v.yaml")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("ssm:/zip", "01234"),
        ("ssm:/version", "1.10"),
        ("ssm:/at", "12:30:00"),
        ("ssm:/on", "on"),
        ("ssm:/list", "012,yes"),
        ("secretsmanager:db:SecretString:pin", "0123"),
        ("secretsmanager:db", '{"port":5432,"tls":true,"pin":123,"user":"no","quoted":"5"}'),
    ],
)
def test_a_file_of_values_keeps_values_as_written(
    tmp_path: Path, reference: str, expected: str
) -> None:
    """Values stay as written; only in the JSON of a secret are numbers and booleans typed as in YAML 1.2."""
    (tmp_path / "v.yaml").write_text(
        "ssm: {/zip: 01234, /version: 1.10, /at: 12:30:00, /on: on, /list: [012, yes]}\n"
        "secretsmanager: {db: {port: 5432, tls: true, pin: 0123, user: no, quoted: '5'}}\n"
    )
    values = ExternalValues(given=read_given_values(tmp_path / "v.yaml"))
    assert values.fill_in(f"{{{{resolve:{reference}}}}}") == expected
