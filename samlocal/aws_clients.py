"""Clients of AWS's services, from boto3 (the `aws` extra)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from samlocal.errors import UsageError
from samlocal.suggestions import installation_of_extra

if TYPE_CHECKING:
    from collections.abc import Mapping


class Body(Protocol):
    """The content of an S3 object, a stream."""

    def read(self, amount: int) -> bytes:
        """Return at most `amount` bytes."""


class Client(Protocol):
    """The methods of boto3's clients that samlocal uses."""

    def describe_stacks(self, **request: str) -> Mapping[str, object]:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html."""

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Mapping[str, Mapping[str, str]]:  # noqa: N803
        """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html."""

    def get_secret_value(self, **request: str) -> Mapping[str, str]:
        """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html."""

    def list_exports(self, **request: str) -> Mapping[str, object]:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListExports.html."""

    def get_caller_identity(self) -> Mapping[str, str]:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""

    def get_object(self, **request: str) -> Mapping[str, Body]:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html."""


class Connect(Protocol):
    """Creates the clients of one account."""

    def __call__(self, service: str, /, *, region: str | None = None) -> Client:
        """Return a client of a service, in another Region than the account's own if one is given."""


_READ_SECONDS: Final = 10.0


class _Boto3Session(Protocol):
    """The part of `boto3.session.Session` that samlocal uses."""

    def client(
        self, service: str, *, region_name: str | None, endpoint_url: str | None, config: object
    ) -> object:
        """Return a client of a service."""


class AwsSession:
    """Credentials and a Region for clients of AWS's services."""

    def __init__(self, session: _Boto3Session) -> None:
        self._session = session

    def client(
        self,
        service: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        read_seconds: float = _READ_SECONDS,
        attempts: int = 2,
    ) -> object:
        """Return boto3's client of a service, which waits so long for each part of an answer.

        `region` is a Region other than the session's.

        Raises:
            ValueError: The URL is malformed.
            botocore.exceptions.BotoCoreError: boto3 cannot make one, such as for a malformed Region.
        """
        config = import_module("botocore.config").Config
        settings = config(
            connect_timeout=5,
            read_timeout=read_seconds,
            retries={"total_max_attempts": attempts},
            tcp_keepalive=True,  # networks forget a connection that is idle for some minutes
        )
        return self._session.client(
            service, region_name=region, endpoint_url=endpoint_url, config=settings
        )


def open_session(
    *,
    region: str | None,
    profile: str | None,
    keys: Mapping[str, str] | None = None,
    purpose: str = "reading from AWS",
) -> AwsSession:
    """Return a session of boto3; `purpose` is what needs it, for the message if it is not installed.

    `keys` are credentials, in place of all that boto3 finds: `aws_access_key_id`, `aws_secret_access_key` and
    perhaps `aws_session_token`.

    Raises:
        UsageError: boto3 is not installed, or the profile does not exist.
    """
    try:
        session_class = import_module("boto3.session").Session
        botocore_error: type[Exception] = import_module("botocore.exceptions").BotoCoreError
    except ImportError as exc:
        raise UsageError(
            f"{purpose} needs boto3, which is not installed",
            hint=f"{installation_of_extra('aws')} installs it",
        ) from exc
    try:
        return AwsSession(session_class(region_name=region, profile_name=profile, **(keys or {})))
    except botocore_error as exc:
        raise UsageError(f"the profile cannot be used: {exc}") from exc


def connect(*, region: str | None, profile: str | None) -> Connect:
    """Return a function that creates clients of AWS's services.

    Raises:
        UsageError: boto3 is not installed, or the profile does not exist.
    """
    session = open_session(region=region, profile=profile)

    def client(service: str, /, *, region: str | None = None) -> Client:
        return cast("Client", session.client(service, region=region))

    return client
