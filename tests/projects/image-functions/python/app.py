import os


def handler(event, context):
    return {
        "event": event,
        "directory": os.getcwd(),
        "handler": os.environ["_HANDLER"],
        "code": sorted(os.listdir("/var/task")),
        "dotted": os.environ.get("my.dotted"),
    }


def other(event, context):
    return "other"
