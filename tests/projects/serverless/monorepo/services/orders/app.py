import os


def create(event, context):
    return {"queue": os.environ["QUEUE"], "stage": os.environ["STAGE"], "name": context.function_name}
