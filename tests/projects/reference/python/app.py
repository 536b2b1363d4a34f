"""What came in goes out: the event, the environment or the context."""

import os

_OWN = ("TABLE_NAME", "BUCKET_NAME", "STAGE", "KEY_PAIR_NAME", "INSTANCE_TYPE")


def echo(event, _context):
    return event


def environment(event, _context):
    return {name: os.environ[name] for name in (*_OWN, *(event or ())) if name in os.environ}


def context(_event, context):
    client = context.client_context
    return {"custom": client.custom if client else None, "requestId": context.aws_request_id}


def logs(_event, _context):
    print("a line of the function")
