"""Writes at Init, and at each invocation what it is told to."""

import json
import os
import sys

print("importing")


def handler(event, context):
    for number in range(event.get("lines", 1)):
        print(f"working {number}")
    if "record" in event:
        print(json.dumps(event["record"]))
    if "exit" in event:
        sys.stdout.flush()
        os._exit(event["exit"])
    return {"request": context.aws_request_id}
