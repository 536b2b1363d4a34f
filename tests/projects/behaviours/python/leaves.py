"""Leaves a server behind, in a session of its own, where it ends: in Init or in the first invocations."""

import os
import socket


def leave_server():
    server = socket.socket()
    try:
        server.bind(("127.0.0.1", 8099))
    except OSError as error:
        print(error, flush=True)
        os._exit(1)
    server.listen()
    if os.fork() == 0:
        os.setsid()
        server.accept()
    print("listens", flush=True)
    os._exit(1)


def handler(_event, _context):
    leave_server()


if os.environ["WHERE"] == "Init":
    leave_server()
