"""The loop of the runtime."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Callable, NoReturn

from .context import LambdaContext
from .errors import describe
from .handlers import load_handler
from .logs import Invocation, log_error, set_up_logging
from .marshalling import read_event, to_json, write_result
from .runtime_api import RuntimeApi, RuntimeApiError

if TYPE_CHECKING:
    from .handlers import Handler

# The exit statuses of AWS's client.
_INIT_FAILED = 1
_SNAPSHOT_FAILED = 64
_RESTORE_FAILED = 65
_FORBIDDEN = 403
# What AWS's client says about every error of Init.
_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare"
    " cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes,"
    " runtime updates can be triggered by a function change, or can be applied automatically. To determine if the"
    " runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with"
    " a change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the"
    " previous runtime version. For more information, see"
    " https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


def main(handler_name: str) -> None:
    """Run a handler for one invocation after another; on managed instances, in as many processes as may run at once."""
    workers = int(os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY", "0"))
    if not workers:
        run(handler_name)
        return
    for process in [_fork(handler_name) for _ in range(workers)]:
        os.waitpid(process, 0)


def _fork(handler_name: str) -> int:
    process = os.fork()
    if process == 0:
        run(handler_name)
        os._exit(0)
    return process


def run(handler_name: str) -> None:
    """Load the handler, and run it until the sandbox ends."""
    set_up_logging()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load_handler(handler_name)
    except Exception as error:  # code at the top of a module may raise anything
        logging.getLogger().warning(_WARNING)
        _fail(error, lambda body, type_: _report_init_error(api, body, type_), _INIT_FAILED)
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        _restore(api)
    while True:
        _invoke(api, handler)


def _invoke(api: RuntimeApi, handler: Handler) -> None:
    headers, body = api.next_invocation()
    request_id = headers["lambda-runtime-aws-request-id"]
    Invocation.request_id = request_id
    Invocation.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
    _set_trace(headers.get("lambda-runtime-trace-id"))
    try:
        context = LambdaContext(headers)
        event = read_event(body, headers.get("content-type", ""))
        answer, content_type = write_result(handler(event, context))
    except Exception as error:  # the runtime answers for all that a handler raises
        result = describe(error, request_id)
        log_error(result)
        api.report_error(request_id, to_json(result).encode("utf-8"))
        return
    # As in AWS's client, a text that is not UTF-8 ends the runtime.
    body = answer if isinstance(answer, bytes) else answer.encode("utf-8")
    api.respond(request_id, body, content_type)


def _set_trace(trace_id: str | None) -> None:
    if trace_id is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id


def _restore(api: RuntimeApi) -> None:
    """Call the hooks around the restore: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html."""
    import snapshot_restore_py as hooks  # type: ignore[import-not-found]  # beside the bootstrap, or in the code

    try:
        before = hooks.get_before_snapshot()
        while before:
            function, args, kwargs = before.pop()
            function(*args, **kwargs)
        api.wait_for_restore()
    except BaseException as error:  # a hook may raise anything
        _fail(
            error,
            lambda body, _: api.report_init_error(body, "Runtime.BeforeSnapshotError"),
            _SNAPSHOT_FAILED,
        )
    try:
        for function, args, kwargs in hooks.get_after_restore():
            function(*args, **kwargs)
    except BaseException as error:  # a hook may raise anything
        _fail(error, lambda body, _: api.report_restore_error(body), _RESTORE_FAILED)


def _fail(error: BaseException, report: Callable[[bytes, str], None], status: int) -> NoReturn:
    result = describe(error)
    log_error(result)
    report(to_json(result).encode("utf-8"), result["errorType"])
    sys.exit(status)


def _report_init_error(api: RuntimeApi, body: bytes, type_: str) -> None:
    try:
        api.report_init_error(body, type_)
    except RuntimeApiError as error:
        # Another process of a managed instance was first.
        if error.status != _FORBIDDEN or "AWS_LAMBDA_MAX_CONCURRENCY" not in os.environ:
            raise
