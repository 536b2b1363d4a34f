"""How the processes in a container find the APIs, and SDKs the credentials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from samlocal.function_configuration import ContainerCredentials
from samlocal.sandbox.api_variables import api_variables
from tests.unit.sandbox.specs import SANDBOX

KNOWN = ContainerCredentials(
    token="secret", access_key_id="AKIA", secret_access_key="key", session_token="session"
)


def credentials(known: ContainerCredentials | None, address: str) -> dict[str, str]:
    """Return the variables other than the addresses of the APIs."""
    variables = api_variables(replace(SANDBOX, credentials=known), address)
    assert variables.pop("AWS_LAMBDA_RUNTIME_API") == address
    assert variables.pop("AWS_LAMBDA_METADATA_API") == address
    return variables


def test_no_credentials() -> None:
    """A function without SnapStart has its credentials elsewhere."""
    assert credentials(None, "127.0.0.1:9001") == {}


def test_credentials_at_loopback() -> None:
    """SDKs get the URL of the credentials and the token for it."""
    assert credentials(KNOWN, "127.0.0.1:9001") == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9001/2021-04-23/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret",
    }


@pytest.mark.parametrize("address", ["172.17.0.1:40001", "host.docker.internal:40001"])
def test_credentials_elsewhere(address: str) -> None:
    """SDKs refuse any other address, so the credentials are variables."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "key"}
    assert credentials(KNOWN, address) == {**keys, "AWS_SESSION_TOKEN": "session"}
    assert credentials(replace(KNOWN, session_token=None), address) == keys


def test_credentials_are_secret() -> None:
    """Neither logs nor tracebacks show credentials."""
    assert not any(word in repr(KNOWN) for word in ("secret", "AKIA", "key", "session'"))
