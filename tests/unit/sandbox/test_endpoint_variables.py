"""The variables with which SDKs in a sandbox call other functions and clients of WebSocket APIs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.sandbox.api_variables import endpoint_variables, sdk_variables
from samlocal.sandbox.sandbox import SandboxSpec

ADDRESS = "172.17.0.1:9001"
LAMBDA = {"AWS_ENDPOINT_URL_LAMBDA": "http://172.17.0.1:9001"}
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html#ss-endpoints-sdk-compat
CONNECTIONS = {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": "http://172.17.0.1:9001"}
URL = LAMBDA | CONNECTIONS


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"STAGE": "dev"},
        {"AWS_ENDPOINT_URL_LAMBDA": ""},
        {"AWS_ENDPOINT_URL_S3": "http://s3"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
        {"no_proxy": "a", "NO_PROXY": "a", "https_proxy": "http://proxy"},
    ],
)
def test_endpoint_is_that_of_the_sandbox(variables: dict[str, str]) -> None:
    """Variables about other things, and empty ones, make no difference."""
    assert sdk_variables(variables, ADDRESS) == URL


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_ENDPOINT_URL": "http://own"},
        {**dict.fromkeys(URL, "http://own"), "http_proxy": "http://proxy"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"},
    ],
)
def test_function_with_a_wish_of_its_own(variables: dict[str, str]) -> None:
    """The function's own endpoint wins, and so does its wish for none."""
    assert sdk_variables(variables, ADDRESS) == {}


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ("AWS_ENDPOINT_URL_LAMBDA", CONNECTIONS),
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", LAMBDA),
    ],
)
def test_own_endpoint_of_one_service(own: str, added: dict[str, str]) -> None:
    """The other service is still reached at the address of the sandbox."""
    assert sdk_variables({own: "http://own"}, ADDRESS) == added


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("given", "added"),
    [
        ({}, {"no_proxy": "172.17.0.1", "NO_PROXY": "172.17.0.1"}),
        ({"NO_PROXY": ".corp"}, {"NO_PROXY": ".corp,172.17.0.1"}),
        ({"no_proxy": ".corp", "NO_PROXY": "*"}, {"no_proxy": ".corp,172.17.0.1"}),
        ({"no_proxy": ".corp,172.17.0.1"}, {}),
    ],
    ids=["no exceptions", "upper case", "both", "there already"],
)
def test_no_proxy_leads_to_the_endpoint(
    proxy: str, given: dict[str, str], added: dict[str, str]
) -> None:
    """A proxy of the function cannot reach the address of its sandbox."""
    variables = {proxy: "http://proxy:3128", **given}
    assert sdk_variables(variables, ADDRESS) == URL | added


def test_urls_of_websocket_apis() -> None:
    """They become the address, wherever a variable has them; those of other APIs stay."""
    chat, news = (
        f"https://{each}.execute-api.eu-west-1.amazonaws.com" for each in ("Chat", "News")
    )
    shop = "https://Shop.execute-api.eu-west-1.amazonaws.com"
    variables = {"CHAT": f"{chat}/dev", "ALL": f"{chat},{news}/live,{shop}", "OTHER": shop}
    sandbox = SandboxSpec(
        function="Tells",
        project=Path("template.yaml"),
        environment={},
        memory_mb=None,
        calls_functions=True,
        websocket_urls=(chat, news),
    )
    assert endpoint_variables(sandbox, variables, ADDRESS) == URL | {
        "CHAT": "http://172.17.0.1:9001/dev",
        "ALL": f"http://172.17.0.1:9001,http://172.17.0.1:9001/live,{shop}",
    }
    calls_nobody = replace(sandbox, calls_functions=False)
    assert endpoint_variables(calls_nobody, variables, ADDRESS) == {}
