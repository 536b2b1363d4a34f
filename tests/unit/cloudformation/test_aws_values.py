from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from samlocal import aws_clients
from samlocal.cloudformation.intrinsics.aws_values import RemoteValues
from samlocal.cloudformation.intrinsics.dynamic_references import Reference
from samlocal.documents.node import Unknown
from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Account:
    """An AWS account: its number, a parameter, two secrets, two pages of exports and an object."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def connect(self, service: str, /, *, region: str | None = None) -> Account:
        assert region is None
        self.requests.append(service)
        return self

    def describe_stacks(self, **request: str) -> Mapping[str, object]:
        raise AssertionError(request)

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Mapping[str, Mapping[str, str]]:  # noqa: N803
        assert WithDecryption
        if Name != "/limit:2":
            raise RuntimeError("ParameterNotFound")
        return {"Parameter": {"Value": "10"}}

    def get_secret_value(self, **request: str) -> Mapping[str, str]:
        if request == {"SecretId": "binary"}:
            return {"SecretBinary": "AA=="}
        assert request == {"SecretId": "db", "VersionId": "v1", "VersionStage": "AWSCURRENT"}
        return {"SecretString": '{"user": "app", "port": 5432}'}

    def list_exports(self, **request: str) -> Mapping[str, object]:
        if request == {"NextToken": "more"}:
            return {"Exports": [{"Name": "b", "Value": "2"}]}
        return {"Exports": [{"Name": "a", "Value": "1"}], "NextToken": "more"}

    def get_caller_identity(self) -> Mapping[str, str]:
        return {"Account": "210987654321"}

    def get_object(self, **request: str) -> Mapping[str, BytesIO]:
        assert request == {"Bucket": "shared", "Key": "a/b.yaml"}
        return {"Body": BytesIO("\ufeffA: é".encode())}


def secret(json_key: str | None) -> Reference:
    return Reference(
        service="secretsmanager",
        name="db",
        json_key=json_key,
        version="v1",
        version_stage="AWSCURRENT",
    )


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        (Reference(service="ssm", name="/limit", version="2"), "10"),
        (secret(None), '{"user": "app", "port": 5432}'),
        (secret("user"), "app"),
        (secret("port"), "5432"),
        (Reference(service="exports", name="b"), "2"),
        (Reference(service="s3", name="s3://shared/a/b.yaml"), "A: é"),
        (Reference(service="sts", name="AWS::AccountId"), "210987654321"),
    ],
)
def test_values_come_from_the_account(reference: Reference, value: str) -> None:
    """Parameters, secrets, exports and objects are read from AWS as each reference requires."""
    assert RemoteValues(Account().connect).look_up(reference) == value


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (
            Reference(service="ssm", name="/none"),
            "the SSM parameter `/none` cannot be read: ParameterNotFound",
        ),
        (secret("none"), "the secret `db` (key `none`) has no such key"),
        (Reference(service="secretsmanager", name="binary"), "the secret `binary` is binary"),
        (Reference(service="exports", name="none"), "no stack exports `none`"),
        (
            Reference(service="s3", name="s3://b"),
            "`s3://b` is not an S3 object; write s3://BUCKET/KEY",
        ),
        (
            Reference(service="s3", name="https://b/k"),
            "`https://b/k` is not an S3 object; write s3://BUCKET/KEY",
        ),
    ],
)
def test_a_value_that_the_account_lacks_is_unknown_with_a_reason(
    reference: Reference, reason: str
) -> None:
    """An error of AWS becomes the reason of an unknown value, not an exception."""
    found = RemoteValues(Account().connect).look_up(reference)
    assert isinstance(found, Unknown)
    assert found.reason == reason


def test_each_value_is_read_once() -> None:
    """Ten uses of one reference cost one request."""
    account = Account()
    values = RemoteValues(account.connect)
    for _ in range(3):
        values.look_up(Reference(service="exports", name="a"))
        values.look_up(Reference(service="exports", name="b"))
    assert account.requests == ["cloudformation"]


class NoCredentialsError(Exception):
    """Has the name of botocore's error."""


def test_no_request_follows_an_error_of_the_credentials() -> None:
    """After an error of the credentials, further values fail with the same reason and no request."""
    requests: list[str] = []

    def connect(service: str, /, *, region: str | None = None) -> Account:
        assert region is None
        requests.append(service)
        raise NoCredentialsError("Unable to locate credentials")

    values = RemoteValues(connect)
    names = ("a", "b")
    found = [values.look_up(Reference(service="ssm", name=name)) for name in names]
    reasons = [each.reason for each in found if isinstance(each, Unknown)]
    assert reasons == [
        f"the SSM parameter `{name}` cannot be read: Unable to locate credentials" for name in names
    ]
    assert requests == ["ssm"]


def test_without_boto3_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--resolve-remote` without boto3 is a usage error that names the extra to install."""

    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(aws_clients, "import_module", missing)
    with pytest.raises(UsageError, match="needs boto3") as caught:
        aws_clients.connect(region=None, profile=None)
    assert caught.value.hint == "`pip install '.[aws]'` in a checkout of samlocal installs it"
