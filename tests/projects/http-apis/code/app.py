"""Answers HTTP requests in each way that a function can."""

import base64
import json
import time


def answers(event, context):
    """Return the result that the end of the path names; else the event itself, and the id of the invocation."""
    path = event.get("rawPath") or event["path"]
    kind = path.rpartition("/")[2]
    if kind == "raises":
        raise KeyError("no stars")
    results = {
        "binary": {
            "statusCode": 200,
            "headers": {"content-type": "image/png"},
            "isBase64Encoded": True,
            "body": base64.b64encode(bytes(range(256))).decode(),
        },
        "cookies": {
            "statusCode": 201,
            "cookies": ["a=1; Secure", "b=2"],
            "headers": {"x-n": 7, "access-control-allow-origin": "https://own.example"},
            "body": "ü",
        },
        "list": [1, "two", None],
        "wrong": {"statusCode": 200, "body": {"not": "text"}},
    }
    if kind in results:
        return results[kind]
    seen = {"event": event, "id": context.aws_request_id}
    return {"statusCode": 200, "body": json.dumps(seen)}


def sleeps(event, context):
    time.sleep(2)
    return {"statusCode": 200}
