"""Values and code from AWS, through boto3 itself and a server that speaks as AWS does."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.artifacts.code import make_code_directory
from samlocal.artifacts.s3 import make_fetcher
from samlocal.aws_clients import connect
from samlocal.cloudformation.intrinsics.aws_values import RemoteValues
from samlocal.cloudformation.project import open_project
from samlocal.errors import CodeNotFoundError, Place, UsageError
from samlocal.function import S3Code
from samlocal.host import current_host
from samlocal.preparation import project as preparation
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from samlocal.preparation.resolution import resolve_function

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECTS = Path(__file__).parents[1] / "projects"
PARAMETERS = {
    "/payments/endpoint": "https://payments.example.com",
    "/network/subnets": "subnet-a,subnet-b",
    "/payments/limit:2": "100",
    "/payments/dev/host": "dev.payments.example.com",
}
SECRETS = {"payments/db": '{"user": "app", "password": "p@ss"}', "payments/api": "whole"}
EXPORTS = """\
<ListExportsResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <ListExportsResult><Exports><member>
    <ExportingStackId>s</ExportingStackId><Name>audit-topic</Name><Value>arn:topic</Value>
  </member></Exports></ListExportsResult>
</ListExportsResponse>"""


IDENTITY = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Account>210987654321</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("app.py", "answer = 42")
    return buffer.getvalue()


OBJECTS = {
    "/artifacts/code.zip": archive(),
    "/shared/globals.yaml": b"HttpApi: {}",
    "/shared/function.yaml": b"MemorySize: 512",
    "/shared/global-variables.yaml": b"LEVEL: debug",
    "/shared/parameters.yaml": b"Stage: {Type: String, Default: dev}",
    "/shared/resources.yaml": b"Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: t}}",
    "/shared/variables.yaml": b"{STAGE: !Ref Stage, TABLE: !Ref Table}",
}


# The key and the Region of each request.
CALLERS: set[tuple[str, str]] = set()


class Aws(BaseHTTPRequestHandler):
    """Serves SSM, Secrets Manager, CloudFormation's exports and some objects in S3."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key, _, region = self.headers["Authorization"].partition("=")[2].split("/")[:3]
        CALLERS.add((key, region))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if not operation:
            text = IDENTITY if b"GetCallerIdentity" in body else EXPORTS
            self._answer(200, text.encode(), "text/xml")
            return
        request = json.loads(body)
        if operation == "GetParameter" and request["Name"] in PARAMETERS:
            value = {"Type": "String", "Value": PARAMETERS[request["Name"]]}
            self._json(200, {"Parameter": value})
        elif operation == "GetSecretValue" and request["SecretId"].split(":")[-1] in SECRETS:
            self._json(200, {"SecretString": SECRETS[request["SecretId"].split(":")[-1]]})
        else:
            self._json(400, {"__type": "ParameterNotFound", "message": "nothing of that name"})

    def do_HEAD(self) -> None:
        self._object(body=False)

    def do_GET(self) -> None:
        self._object(body=True)

    def _object(self, *, body: bool) -> None:
        found = OBJECTS.get(self.path.split("?")[0])
        self.send_response(404 if found is None else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(found or b"")))
        self.end_headers()
        if body and found:
            self.wfile.write(found)

    def _json(self, status: int, content: object) -> None:
        self._answer(status, json.dumps(content).encode(), "application/x-amz-json-1.1")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Yield an AWS endpoint on this machine, and set credentials for it only."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Aws)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("aws")
def test_a_template_gets_its_values_from_the_account() -> None:
    """Parameters, dynamic references and secrets come from AWS; missing ones are reported."""
    project = open_project(
        PROJECTS / "sam-ssm" / "template.yaml",
        remote_values=RemoteValues(connect(region="us-east-1", profile=None)),
    )
    function = project.resolve(project.find(None))
    values = {name: variable.value for name, variable in function.environment.items()}
    assert values == {
        "ENDPOINT": "https://payments.example.com",
        "SUBNET": "subnet-b",
        "PARAMETER": "/payments/key",
        "LIMIT": "100",
        "URL": "https://dev.payments.example.com/v1",
        "PASSWORD": "p@ss",
        "DSN": "postgres://app@db",
        "WHOLE": "whole",
        "CERTIFICATE": None,
        "NAME": "dev-10",
    }
    (diagnostic,) = function.diagnostics
    assert "the SSM parameter `/payments/certificate` cannot be read" in diagnostic.message
    assert "nothing of that name" in diagnostic.message


@pytest.mark.usefixtures("aws")
def test_a_template_gets_the_exports_of_other_stacks() -> None:
    """Exports come from the account if neither a file nor the project has them."""
    project = open_project(
        PROJECTS / "sam-imports" / "template.yaml",
        remote_values=RemoteValues(connect(region="us-east-1", profile=None)),
    )
    function = project.resolve(project.find(None))
    assert function.environment["TOPIC"].value == "arn:topic:suffix"
    assert function.environment["LOCAL"].value == "Bucket"
    assert function.environment["VPC_ID"].value is None


@pytest.mark.usefixtures("aws")
def test_a_template_includes_what_is_in_s3() -> None:
    """`AWS::Include` reads its objects at every level; missing ones are reported."""
    project = open_project(
        PROJECTS / "sam-include-s3" / "template.yaml",
        remote_values=RemoteValues(connect(region="us-east-1", profile=None)),
    )
    function = project.resolve(project.find(None))
    assert function.memory_mb == 512
    assert {name: variable.value for name, variable in function.environment.items()} == {
        "OWN": "mine",
        "BUCKET": "shared",
        "LEVEL": "debug",
        "STAGE": "dev",
        "TABLE": "t",
    }
    (diagnostic,) = project.diagnostics
    assert (
        "`s3://shared/template.yaml` cannot be read: An error occurred (404)" in diagnostic.message
    )


@pytest.mark.usefixtures("aws")
def test_the_account_is_that_of_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--resolve-remote` the account comes from AWS, and the function gets it."""
    monkeypatch.chdir(PROJECTS / "sam-accounts")
    monkeypatch.delenv("AWS_ACCOUNT_ID", raising=False)
    options = ProjectOptions(resolve_remote=True, region="us-east-1")
    host = current_host()
    resolved = resolve_function(
        preparation.open_project(preparation.with_region(options, host), host),
        None,
        FunctionOptions(),
        host,
    )
    variables = resolved.environment.as_dict()
    assert variables["TABLE"] == "prod-orders"
    assert variables["AWS_ACCOUNT_ID"] == "210987654321"
    assert resolved.arn == "arn:aws:lambda:us-east-1:210987654321:function:Orders"
    assert resolved.diagnostics == ()


def test_an_account_that_cannot_be_read_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If the account cannot be read, a diagnostic has the reason, and a placeholder is used."""
    for name in ("AWS_ACCOUNT_ID", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(PROJECTS / "sam-accounts")
    found = preparation.open_project(
        ProjectOptions(resolve_remote=True, region="us-east-1"), current_host()
    )
    (diagnostic,) = found.diagnostics
    assert diagnostic.message == (
        "the account of the credentials cannot be read: Unable to locate credentials;"
        " `AWS::AccountId` is 123456789012"
    )
    assert diagnostic.hint == "give the account with --account-id"


@pytest.mark.usefixtures("aws")
def test_code_comes_from_s3(tmp_path: Path) -> None:
    """An object is downloaded and unpacked."""
    code = S3Code(bucket="artifacts", key="code.zip", version=None, place=Place(tmp_path, 1, 1))
    fetch = make_fetcher(region="us-east-1", profile=None)
    directory = make_code_directory(code, runtime=None, cache=tmp_path / "cache", fetch=fetch)
    assert (directory / "app.py").read_text() == "answer = 42"


@pytest.mark.usefixtures("aws")
def test_a_missing_object(tmp_path: Path) -> None:
    """The message contains the error from S3."""
    code = S3Code(bucket="artifacts", key="none.zip", version=None, place=Place(tmp_path, 1, 1))
    fetch = make_fetcher(region="us-east-1", profile=None)
    with pytest.raises(CodeNotFoundError, match=r"`s3://artifacts/none.zip` cannot be read: .*404"):
        make_code_directory(code, runtime=None, cache=tmp_path / "cache", fetch=fetch)


@pytest.mark.usefixtures("aws")
def test_a_missing_profile() -> None:
    """A wrong `--profile` is a usage error."""
    with pytest.raises(UsageError, match=r"the profile cannot be used: .*nobody"):
        connect(region=None, profile="nobody")


@pytest.mark.usefixtures("aws")
def test_a_service_reads_its_values_in_its_own_region(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Values of a Serverless project come from its Region, with the keys of its stage."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_PROD_ACCESS_KEY_ID", "of-the-stage")
    monkeypatch.setenv("AWS_PROD_SECRET_ACCESS_KEY", "secret")
    service = tmp_path / "serverless.yml"
    service.write_text(
        "service: shop\n"
        "provider:\n"
        "  name: aws\n"
        "  runtime: python3.11\n"
        "  region: eu-central-1\n"
        "  environment: {ENDPOINT: '${ssm:/payments/endpoint}'}\n"
        "functions: {one: {handler: a.b}}\n"
    )
    CALLERS.clear()
    for stage, region in (("dev", None), ("prod", None), ("dev", "eu-west-3")):
        options = ProjectOptions(
            template=service, resolve_remote=True, stage=stage, region=region, account_id="1" * 12
        )
        project = preparation.open_project(options, current_host())
        function = project.resolve(project.find("one"))
        assert function.environment["ENDPOINT"].value == PARAMETERS["/payments/endpoint"]
    assert {
        ("key", "eu-central-1"),
        ("of-the-stage", "eu-central-1"),
        ("key", "eu-west-3"),
    } == CALLERS
