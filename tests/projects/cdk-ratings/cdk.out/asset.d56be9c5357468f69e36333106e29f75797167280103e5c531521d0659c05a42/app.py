import os


def handler(event, context):
    return {"function": "report", "table": os.environ["TABLE_NAME"]}
