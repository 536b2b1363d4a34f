"""Functions behind APIs, whose responses show their events."""

import base64
import json


def echo(event, context):
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "X-Yours": "yes"},
        "body": json.dumps(event),
    }


def answer(event, context):
    """Return what the body of the request asks for."""
    body = event["body"]
    wanted = json.loads(base64.b64decode(body) if event["isBase64Encoded"] else body)
    if "raise" in wanted:
        raise ValueError(wanted["raise"])
    return wanted["answer"]


def gatekeeper(event, context):
    return {"isAuthorized": event["identitySource"] == ["open"], "context": {"number": 7}}


def talk(event, context):
    return {"statusCode": 200, "body": json.dumps({"heard": event["body"]})}
