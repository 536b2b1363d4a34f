"""Returns what an authorizer has said about a request."""

import json


def handler(event, _context):
    authorizer = event["requestContext"].get("authorizer")
    return {"statusCode": 200, "body": json.dumps(authorizer)}
