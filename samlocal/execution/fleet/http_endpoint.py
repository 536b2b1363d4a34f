"""Where the program of a web function listens: `AWS_LAMBDA_HTTP_ENDPOINT`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-webfunction.html
"""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.container_spec import ContainerSpec
from samlocal.sandbox.ports import LOOPBACK

if TYPE_CHECKING:
    from samlocal.sandbox.spec import Spec

VARIABLE: Final = "AWS_LAMBDA_HTTP_ENDPOINT"
# As on AWS.
_EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104  # of the sandbox
_PORT: Final = 3000


@frozen
class HttpEndpoint:
    """The address that a program has to listen on, in its sandbox."""

    host: str = _EVERY_ADDRESS
    port: int = _PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def choose_endpoint(spec: Spec) -> HttpEndpoint:
    """Return the address for a program: AWS's, or in the network of this machine a free port of loopback."""
    if isinstance(spec, ContainerSpec) and not spec.network.is_host:
        return HttpEndpoint()
    with socket.create_server((LOOPBACK, 0)) as listener:
        return HttpEndpoint(host=LOOPBACK, port=listener.getsockname()[1])


def with_endpoint(spec: Spec, endpoint: HttpEndpoint) -> Spec:
    """Return a sandbox whose program is told where to listen."""
    environment = {**spec.sandbox.environment, VARIABLE: str(endpoint)}
    return replace(spec, sandbox=replace(spec.sandbox, environment=environment))
