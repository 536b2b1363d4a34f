"""Handlers that misbehave, each in one way; `handler` behaves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

if os.environ.get("FAULT") == "exits_in_init":
    Path("/tmp/loading").write_text("now")
    signal.pause()


def handler(event, context):
    return "handled"


def pauses(event, context):
    """Answer only after another Init, which the extension asks for."""
    if not Path("/tmp/second").exists():
        signal.pause()
    return "handled"


def logs(event, context):
    for number in range(100):
        print(f"line {number}")
    return "logged"


def leaves_processes(event, context):
    """Leave one in the background, one in a session of its own, and one that ignores SIGTERM; all hold stdout."""
    for command in ("sleep 1000; :", "trap '' TERM; sleep 1000; :"):
        for is_apart in (False, True):
            subprocess.Popen(["sh", "-c", command, event["mark"]], start_new_session=is_apart)
    return "left"


def fills_process_table(event, context):
    """Fork until the system refuses to, at most a while, and leave all that there is."""
    for count in range(1100):
        try:
            child = os.fork()
        except BlockingIOError:
            return {"refused": count > 10}
        if child == 0:
            os.execv("/bin/sleep", ["sleep", "1000"])
    return {"refused": False}


def fills_memory(event, context):
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1024)) * 1024)


def fills_tmp(event, context):
    """Write to /tmp until the system refuses to, at most 1 GiB."""
    with open("/tmp/filling", "wb", buffering=0) as file:
        for _ in range(1024):
            try:
                file.write(bytes(1024 * 1024))
            except OSError as refusal:
                return refusal.strerror
    return None


def floods_a_subscriber(event, context):
    floods(event, context)
    Path("/tmp/flooded").write_text("now")
    return "flooded"


def floods(event, context):
    """Write 32 MB in lines."""
    line = "x" * 1023
    for _ in range(32 * 1024):
        print(line)
    print("the last line")
    return "flooded"


def floods_without_newlines(event, context):
    """Write 32 MB in one line."""
    for _ in range(32):
        sys.stdout.write("x" * 1024 * 1024)
    sys.stdout.write("the end")
    sys.stdout.flush()
    return "flooded"


def writes_no_text(event, context):
    os.write(1, b"not UTF-8: \xff\xfe\x80, and a NUL: \0.\n")
    return "written"
