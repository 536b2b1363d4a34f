"""The variables with which the processes in a container find the APIs of their sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.sandbox.sandbox import SandboxSpec

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
_IGNORES_ENDPOINTS: Final = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
_PROXIES: Final = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
_NO_PROXY: Final = ("no_proxy", "NO_PROXY")


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


def endpoint_variables(
    sandbox: SandboxSpec, variables: Mapping[str, str], address: str
) -> dict[str, str]:
    """Return what is added to a function's variables, or replaced, so that it calls functions and `@connections` at `address`."""
    if not sandbox.calls_functions:
        return {}
    return _local_urls(variables, sandbox.websocket_urls, address) | sdk_variables(
        variables, address
    )


def _local_urls(
    variables: Mapping[str, str], urls: tuple[str, ...], address: str
) -> dict[str, str]:
    replaced: dict[str, str] = {}
    for url in urls:
        for name, value in variables.items():
            if url in value:
                replaced[name] = replaced.get(name, value).replace(url, f"http://{address}")
    return replaced


def sdk_variables(variables: Mapping[str, str], address: str) -> dict[str, str]:
    """Return what is added to a function's variables, so that SDKs call functions and `@connections` at `address`.

    There is nothing to add if the function has an endpoint of its own, or wants none:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    A proxy of the function cannot reach the address, so it is excluded from proxying.
    """
    if variables.get("AWS_ENDPOINT_URL"):
        return {}
    if variables.get(_IGNORES_ENDPOINTS, "").lower() == "true":
        return {}
    added = {name: f"http://{address}" for name in _ENDPOINTS if not variables.get(name)}
    if not added or not any(variables.get(name) for name in _PROXIES):
        return added
    host = address.rpartition(":")[0]
    given = {name: variables[name] for name in _NO_PROXY if variables.get(name)}
    for name, hosts in (given or dict.fromkeys(_NO_PROXY, "")).items():
        if hosts != "*" and host not in hosts.split(","):
            added[name] = ",".join(filter(None, (hosts, host)))
    return added


def _is_loopback(address: str) -> bool:
    from ipaddress import ip_address  # noqa: PLC0415  # only SnapStart needs it

    try:
        return ip_address(address.rpartition(":")[0]).is_loopback
    except ValueError:  # a host name
        return False
