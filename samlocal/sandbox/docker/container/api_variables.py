"""The variables with which the processes in a container find the APIs of their sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.sandbox.sandbox import SandboxSpec


def api_variables(sandbox: SandboxSpec, address: str) -> dict[str, str]:
    """Return the variables for APIs at `address`, which is `host:port`.

    SDKs accept credentials over plain HTTP only from a loopback address; at any other address the function
    gets them as variables: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    variables = {"AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_METADATA_API": address}
    credentials = sandbox.credentials
    if credentials is None:
        return variables
    if not _is_loopback(address):
        return variables | credentials.variables
    return variables | {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{address}/2021-04-23/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": credentials.token,
    }


def _is_loopback(address: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415  # only SnapStart needs it

    try:
        return ip_address(address.rpartition(":")[0]).is_loopback
    except ValueError:  # a host name
        return False
