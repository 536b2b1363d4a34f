import os


def handler(event, context):
    return {"function": "ratings", "table": os.environ["TABLE_NAME"]}
