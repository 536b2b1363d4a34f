"""A function that tells its name."""


def handler(event, context):
    return {"statusCode": 200, "body": context.function_name}
