import os


def list_users(event, context):
    return {"users": ["ada", "grace"], "api": os.environ["API"]}
