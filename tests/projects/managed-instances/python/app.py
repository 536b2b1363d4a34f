"""Answers as soon as `together` invocations have come to a `room`, with how many were running then.

It ends instead, if the event says so, as soon as somebody is in the room.
"""

import os
import signal
import time
from pathlib import Path


def handler(event, context):
    while event.get("end") and "room" in event and not list(Path("/tmp").glob(f"{event['room']}/*")):
        time.sleep(0.01)
    match event.get("end"):
        case "worker":
            os._exit(7)
        case "runtime":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
    room, running = Path("/tmp", event["room"]), Path("/tmp/running")
    for directory in (room, running):
        directory.mkdir(exist_ok=True)
    (running / context.aws_request_id).touch()
    met = len(list(running.iterdir()))  # before it comes: the others still wait for it
    (room / context.aws_request_id).touch()
    while len(list(room.iterdir())) < event["together"]:
        time.sleep(0.01)
    (running / context.aws_request_id).unlink()
    return met
