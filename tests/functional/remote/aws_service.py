"""A server that speaks as Lambda, CloudFormation and EventBridge's schema registry do, and says what a test wants."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from samlocal.lambda_api.event_stream import CONTENT_TYPE, encode_error, encode_event

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_CONTENT: Final = 204
_XMLNS: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of Lambda; `is_cut` closes the connection before its end, as a network does."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request; `headers` have names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class AwsService:
    """What the server answers, and what it was asked. Resources are type and physical ID by stack and logical ID."""

    url: str
    reply: Reply = field(default_factory=Reply)
    stacks: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    schemas: dict[str, str] = field(default_factory=dict)
    invoke_mode: str | None = None
    page_size: int = 100
    garbles: bool = False
    requests: list[Received] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def invocations(self) -> list[Received]:
        return [each for each in self.requests if "invo" in each.path.rsplit("/", 1)[1]]

    @property
    def variables(self) -> dict[str, str]:
        """The variables with which boto3 finds this server, and credentials that it takes."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }


def refusal(status: int, code: str, message: str, **members: str) -> Reply:
    """Return an error as Lambda sends it."""
    body = json.dumps({"Type": "User", "message": message, **members}).encode()
    return Reply(status=status, body=body, headers={"x-amzn-errortype": code})


def function_error(error_type: str | None, message: str) -> Reply:
    """Return what Lambda answers for a function that has failed."""
    content = {"errorMessage": message} | ({"errorType": error_type} if error_type else {})
    return Reply(body=json.dumps(content).encode(), headers={"x-amz-function-error": "Unhandled"})


def stream(*chunks: bytes, complete: dict[str, str] | None) -> Reply:
    """Return a streamed response; without `complete` it lacks its last event."""
    body = b"".join(
        encode_event("PayloadChunk", each, content_type="application/octet-stream")
        for each in chunks
    )
    if complete is not None:
        end = json.dumps(complete).encode()
        body += encode_event("InvokeComplete", end, content_type="application/json")
    return Reply(body=body, headers={"content-type": CONTENT_TYPE})


def broken_stream(chunk: bytes, code: str, message: str) -> Reply:
    """Return a streamed response that Lambda breaks off."""
    begun = stream(chunk, complete=None)
    return Reply(body=begun.body + encode_error(code, message), headers=begun.headers)


@contextmanager
def serve() -> Iterator[AwsService]:
    """The server on a free port; it answers invocations at once unless `may_answer` is cleared."""
    service = AwsService(url="")
    service.may_answer.set()

    class Handler(_Handler):
        aws = service

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        service.may_answer.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    aws: AwsService

    def do_GET(self) -> None:
        self._note(b"")
        if self.path.partition("?")[0].endswith("/url"):
            self._url()
        else:
            self._schema(unquote(self.path.rsplit("/", 1)[1]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._note(body)
        if self.path == "/":
            self._stack({name: values[0] for name, values in parse_qs(body.decode()).items()})
        else:
            self.aws.arrived.set()
            self.aws.may_answer.wait(30)
            self._send(self.aws.reply)

    def _note(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.aws.requests.append(Received(path=unquote(self.path), headers=headers, body=body))

    def _url(self) -> None:
        if self.aws.invoke_mode is None:
            self._send(refusal(404, "ResourceNotFoundException", "there is none"))
        else:
            self._send(Reply(body=json.dumps({"InvokeMode": self.aws.invoke_mode}).encode()))

    def _schema(self, name: str) -> None:
        if name in self.aws.schemas:
            self._send(Reply(body=json.dumps({"Content": self.aws.schemas[name]}).encode()))
        else:
            self._send(
                refusal(404, "NotFoundException", f"Schema with name {name} does not exist.")
            )

    def _stack(self, request: dict[str, str]) -> None:
        stack = self.aws.stacks.get(request["StackName"])
        if self.aws.garbles:
            self._send(Reply(body=b"<html>"))
        elif stack is None:
            self._xml_error(f"Stack '{request['StackName']}' does not exist")
        elif request["Action"] == "ListStackResources":
            self._list(stack, int(request.get("NextToken", 0)))
        elif request["LogicalResourceId"] in stack:
            name = request["LogicalResourceId"]
            detail = _members(name, *stack[name])
            self._xml(
                "DescribeStackResource", f"<StackResourceDetail>{detail}</StackResourceDetail>"
            )
        else:
            name = request["LogicalResourceId"]
            self._xml_error(f"Resource {name} does not exist for stack {request['StackName']}")

    def _list(self, stack: dict[str, tuple[str, str]], start: int) -> None:
        end = start + self.aws.page_size
        members = "".join(
            f"<member>{_members(name, *resource)}</member>"
            for name, resource in [*stack.items()][start:end]
        )
        token = f"<NextToken>{end}</NextToken>" if end < len(stack) else ""
        summaries = f"<StackResourceSummaries>{members}</StackResourceSummaries>{token}"
        self._xml("ListStackResources", summaries)

    def _xml(self, action: str, content: str) -> None:
        text = f'<{action}Response xmlns="{_XMLNS}"><{action}Result>{content}</{action}Result></{action}Response>'
        self._send(Reply(body=text.encode(), headers={"content-type": "text/xml"}))

    def _xml_error(self, message: str) -> None:
        error = f"<Error><Type>Sender</Type><Code>ValidationError</Code><Message>{escape(message)}</Message></Error>"
        text = f'<ErrorResponse xmlns="{_XMLNS}">{error}</ErrorResponse>'
        self._send(Reply(status=400, body=text.encode(), headers={"content-type": "text/xml"}))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in ({"content-type": "application/json"} | reply.headers).items():
            self.send_header(name, value)
        if reply.is_cut:  # the end of the last chunk is missing
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%s\r\n" % (len(reply.body), reply.body)
        else:
            body = b"" if reply.status == NO_CONTENT else reply.body
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


def _members(name: str, kind: str, physical_id: str) -> str:
    physical = (
        f"<PhysicalResourceId>{escape(physical_id)}</PhysicalResourceId>" if physical_id else ""
    )
    return f"<LogicalResourceId>{name}</LogicalResourceId>{physical}<ResourceType>{kind}</ResourceType>"
