"""Answers with how often it was called in this environment, or exits if the event says so."""

import os

calls = 0
print("function in Init")


def handler(event, context):
    global calls
    calls += 1
    print(f"function call {calls}", flush=True)
    if event.get("exits"):
        os._exit(1)
    return {"calls": calls, "event": event}
