"""Variables from AWS, through boto3 itself and a server that speaks as AWS does."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import pytest

from samlocal.aws_account import Account
from samlocal.aws_clients import connect
from samlocal.cloudformation.intrinsics.aws_values import RemoteValues
from samlocal.errors import UnavailableValueError, VariableError
from samlocal.serverless.configuration import read_configuration
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARAMETERS: Final = {
    "/text": ("String", '{"a": 1}'),
    "/list": ("StringList", "a,b"),
    "/secret": ("SecureString", '{"user": "app", "port": 5432.0}'),
    "/plain": ("SecureString", "p@ss"),
    "/broken": ("SecureString", "{not JSON"),
    "/aws/reference/secretsmanager/db": ("SecureString", '{"password": "p@ss"}'),
}
STACK: Final = """\
<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <DescribeStacksResult><Stacks><member>
    <StackName>network</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
    <StackStatus>CREATE_COMPLETE</StackStatus>
    <Outputs><member><OutputKey>Vpc</OutputKey><OutputValue>vpc-{region}</OutputValue></member></Outputs>
  </member></Stacks></DescribeStacksResult>
</DescribeStacksResponse>"""
NO_STACK: Final = """\
<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
  <Code>ValidationError</Code><Message>Stack with id other does not exist</Message>
</Error></ErrorResponse>"""
IDENTITY: Final = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Account>210987654321</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
NO_KEY: Final = "<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>"


class Aws(BaseHTTPRequestHandler):
    """Serves parameters, the outputs of a stack and an object; a Region is that of the signature."""

    requests: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        region = self.headers["Authorization"].split("/")[2]
        if self.headers.get("X-Amz-Target"):
            self._parameter(json.loads(body), region)
            return
        query = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.requests.append(f"{query['Action']} {region}")
        if query["Action"] == "GetCallerIdentity":
            self._answer(200, IDENTITY)
        elif query["StackName"] == "network":
            self._answer(200, STACK.replace("{region}", region))
        else:
            self._answer(400, NO_STACK)

    def _parameter(self, request: dict[str, object], region: str) -> None:
        self.requests.append(f"{request['Name']} {region}")
        found = PARAMETERS.get(str(request["Name"]))
        if request["Name"] == "/denied":
            self._answer(400, json.dumps({"__type": "AccessDeniedException", "message": "no"}))
        elif found is None:
            self._answer(400, json.dumps({"__type": "ParameterNotFound", "message": ""}))
        else:
            value = found[1] if request["WithDecryption"] else "encrypted"
            self._answer(200, json.dumps({"Parameter": {"Type": found[0], "Value": value}}))

    def do_GET(self) -> None:
        if self.path.startswith("/bucket/some/key.txt"):
            self._answer(200, "content")
        else:
            self._answer(404, NO_KEY)

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """Yield the requests to an AWS endpoint on this machine, and set credentials for it only."""
    made: list[str] = []
    handler = type("Handler", (Aws,), {"requests": made})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def make_variables(folder: Path, text: str) -> Variables:
    path = folder / "serverless.yml"
    path.write_text(
        f"service: shop\nprovider: {{name: aws, region: eu-north-1}}\ncustom:\n  value: {text}\n"
    )
    remote = RemoteValues(connect(region=None, profile=None))
    return Variables(read_configuration(path), VariableContext(remote=remote, account=Account()))


def value_of(variables: Variables) -> object:
    node = variables.at("custom", "value")
    return None if node is None else variables.resolve(node).plain()


@pytest.mark.usefixtures("requests")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${ssm:/text}", '{"a": 1}'),
        ("${ssm:/list}", ["a", "b"]),
        ("${ssm(raw):/list}", "a,b"),
        ("${ssm:/secret}", {"user": "app", "port": 5432}),
        ("${ssm(raw):/secret}", '{"user": "app", "port": 5432.0}'),
        ("${ssm(noDecrypt):/secret}", "encrypted"),
        ("${ssm:/plain}", "p@ss"),
        ("${ssm:/broken}", "{not JSON"),
        ("${ssm:/aws/reference/secretsmanager/db}", {"password": "p@ss"}),
        ("${ssm:/missing, 'f'}", "f"),
        ("${ssm:/denied, 'f'}", "f"),
        ("${cf:network.Vpc}", "vpc-eu-north-1"),
        ("${cf(us-west-2):network.Vpc}", "vpc-us-west-2"),
        ("${cf:network.Subnet, 'f'}", "f"),
        ("${cf:other.Vpc, 'f'}", "f"),
        ("${s3:bucket/some/key.txt}", "content"),
        ("${s3:bucket/missing, 'f'}", "f"),
        ("${aws:accountId}", "210987654321"),
    ],
)
def test_values(tmp_path: Path, text: str, expected: object) -> None:
    """A value has the type of its parameter; what AWS does not have lets the fallback apply."""
    assert value_of(make_variables(tmp_path, f'"{text}"')) == expected


def test_each_value_is_read_once(tmp_path: Path, requests: list[str]) -> None:
    """A value is read once from the Region of the service, and once from each other Region."""
    texts = ("${ssm:/text}", "${ssm:/text}", "${ssm(us-west-2):/text}", "${ssm(raw):/text}")
    value_of(make_variables(tmp_path, json.dumps(texts)))
    assert requests == ["/text eu-north-1", "/text us-west-2", "/text eu-north-1"]


@pytest.mark.usefixtures("requests")
@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("${ssm:/missing}", VariableError, "`ssm:/missing` has no value"),
        ("${ssm:/denied}", UnavailableValueError, "the SSM parameter `/denied` cannot be read"),
    ],
)
def test_errors(tmp_path: Path, text: str, kind: type[VariableError], message: str) -> None:
    """What AWS does not have is not what it does not answer."""
    with pytest.raises(kind, match=re.escape(message)) as caught:
        value_of(make_variables(tmp_path, f'"{text}"'))
    assert type(caught.value) is kind


@pytest.mark.usefixtures("requests")
def test_a_fallback_for_what_aws_refuses_is_told(tmp_path: Path) -> None:
    """A fallback that stands for a value which AWS may have is a diagnostic, one for a missing value is not."""
    variables = make_variables(tmp_path, "\"${ssm:/missing, 'a'} ${ssm:/denied, 'b'}\"")
    assert value_of(variables) == "a b"
    (diagnostic,) = variables.diagnostics
    assert "`/denied` cannot be read" in diagnostic.message
    assert diagnostic.message.endswith("its fallback applies")
