"""Clients of AWS's services, from boto3 (the `aws` extra)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol

from samlocal.errors import UsageError
from samlocal.suggestions import installation_of_extra


class Body(Protocol):
    """The content of an S3 object, a stream."""

    def read(self, amount: int) -> bytes:
        """Return at most `amount` bytes."""


class Client(Protocol):
    """The methods of boto3's clients that samlocal uses."""

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


Connect = Callable[[str], Client]


def connect(*, region: str | None, profile: str | None) -> Connect:
    """Return a function that creates clients of AWS's services.

    Raises:
        UsageError: boto3 is not installed, or the profile does not exist.
    """
    try:
        session_class = import_module("boto3.session").Session
        config = import_module("botocore.config").Config
        botocore_error: type[Exception] = import_module("botocore.exceptions").BotoCoreError
    except ImportError as exc:
        raise UsageError(
            "reading from AWS needs boto3, which is not installed",
            hint=f"{installation_of_extra('aws')} installs it",
        ) from exc
    try:
        session = session_class(region_name=region, profile_name=profile)
    except botocore_error as exc:
        raise UsageError(f"the profile cannot be used: {exc}") from exc
    settings = config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})

    def client(service: str) -> Client:
        made: Client = session.client(service, config=settings)
        return made

    return client
