import json
import os

from responses import respond


def handler(event, context):
    return respond(201, {**json.loads(event["body"]), "level": os.environ["LOG_LEVEL"], "by": context.function_name})
