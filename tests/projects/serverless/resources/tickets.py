import os


def open_ticket(event, context):
    names = ("TABLE", "QUEUE_ARN", "BUCKET", "TOPIC")
    return {name: os.environ.get(name) for name in names}
