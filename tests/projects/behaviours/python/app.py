"""Handlers that behave in one way each."""

import os
import socket
import sys
import time


def echo(event, _context):
    return event


def context(_event, context):
    client = context.client_context
    return {
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "requestId": context.aws_request_id,
        "remaining": context.get_remaining_time_in_millis(),
        "custom": client.custom if client else None,
        "identity": context.identity.cognito_identity_id if context.identity else None,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "environment": dict(os.environ),
    }


served = []


def tenant(_event, context):
    """Return the tenants of this environment so far."""
    served.append(context.tenant_id)
    return served


invocations = 0


def counts(event, _context):
    """Return the number of invocations of this process and of this /tmp; exit in the one of the event."""
    global invocations
    invocations += 1
    with open("/tmp/invocations", "a") as file:
        file.write(".")
        number = file.tell()
    if event.get("exit") == number:
        os._exit(7)
    return [invocations, number]


def text(_event, _context):
    return "süß & 安全"


def logs(_event, _context):
    print("to stdout", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    time.sleep(0.5)
    print("half a second later")
    return None


def prints_50_mb(_event, _context):
    line = "x" * 1023
    for _ in range(50 * 1024):
        print(line)
    print("the last line")


def allocates_100_mb(_event, _context):
    return len(bytearray(os.urandom(1024)) * (100 * 1024))


def large(_event, _context):
    return "x" * (6 * 1024 * 1024 + 99)


def raises(_event, _context):
    raise ValueError("no stars")


def sleeps(_event, _context):
    print("going to sleep")
    time.sleep(50)


def unfinished(_event, _context):
    print("no line feed", end="", flush=True)
    time.sleep(0.5)  # until that is in the log
    return "written"


def exits(_event, _context):
    print("last words", end="")
    sys.stdout.flush()
    os._exit(7)


def out_of_memory(_event, _context):
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1024)) * 1024)


def writes_to_code(_event, _context):
    try:
        open("/var/task/new", "w")
    except OSError as error:
        return error.strerror


def networks(_event, _context):
    with open("/proc/net/dev") as devices:
        names = [line.split(":")[0].strip() for line in devices if ":" in line]
    return {"devices": names, "host": socket.gethostname()}


def reaches(event, _context):
    host, port = event
    with socket.create_connection((host, port), timeout=2):
        return True


def alternates(event, _context):
    for number in range(event):
        os.write(1, f"out {number}, ".encode())
        os.write(2, f"err {number}\n".encode())


def signals(event, _context):
    os.kill(os.getpid(), event)
    time.sleep(10)


def exits_with(event, _context):
    os._exit(event)


def writes_to_process_1(event, _context):
    with open("/proc/1/fd/2", "w") as stderr:
        stderr.write("to process 1\n")
    if event:
        os._exit(event)


def process(_event, _context):
    with open("/proc/1/comm") as first:
        return {"id": os.getpid(), "first": first.read().strip()}
