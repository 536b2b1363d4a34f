"""Returns what an authorizer has said about a request."""

import json


def handler(event, _context):
    context = event["requestContext"]
    found = context["identity"] if event.get("path") == "/signed" else context.get("authorizer")
    return {"statusCode": 200, "body": json.dumps(found)}
